/* Messages that leave whole: see sealed.h. Owns nothing beyond a call. */
#include "deliver/sealed.h"

#include "base/text.h"
#include "mail/address_map.h"
#include "translate/capsule.h"

#include <string.h>

enum result sealed_part(const struct native *x, bool (*fits)(void *ctx, const char *address),
			const struct neutral *n, struct neutral *plain, struct neutral *whole)
{
	enum result r = OK;
	*plain = *whole = *n;
	plain->to = plain->cc = whole->to = whole->cc = (struct neutral_addresses){0};
	for (size_t i = 0; r == OK && i < n->to.count + n->cc.count; i++) {
		const struct neutral_address *a =
			i < n->to.count ? &n->to.items[i] : &n->cc.items[i - n->to.count];
		const char *address =
			text_same(a->type, "CSI") ? x->address(x->ctx, a->text, n->region) : NULL;
		struct neutral *to = address && fits(x->ctx, address) ? whole : plain;
		r = neutral_add_address(to, &to->to, a->type, a->text);
	}
	return r;
}

/* XXENC at the domain of each; the list has named them one by one. */
static enum result address_capsule(struct mail_envelope *e)
{
	for (size_t i = 0; i < e->count; i++) {
		const char *at = strrchr(e->recipients[i], '@');
		e->recipients[i] = region_printf(e->region, MAIL_XXENC "%s", at ? at : "");
		if (!e->recipients[i])
			return E_NOMEM;
	}
	return mail_envelope_unique(e);
}

enum result sealed_write(const struct native *x, const struct neutral *n,
			 const struct content *message, struct mail_envelope *e, struct buf *out,
			 struct err *err)
{
	struct buf list;
	struct neutral outer;
	buf_init(&list, 0);
	enum result r = capsule_list(x->charset, e->recipients, e->count, &list);
	if (r == OK)
		r = capsule_wrap(n, &list, message, &outer);
	if (r != OK)
		err_set(err, r, "it cannot be encapsulated: %s", result_sentence(r));
	if (r == OK)
		r = native_write(x, &outer, out, err);
	if (r == OK && address_capsule(e) != OK)
		r = err_set(err, E_NOMEM, "no memory for the recipients");
	buf_free(&list);
	return r;
}
