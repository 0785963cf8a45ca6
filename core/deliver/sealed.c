/* Messages that leave whole: see sealed.h. Owns nothing beyond a call. */
#include "deliver/sealed.h"

#include "base/text.h"
#include "mail/address_map.h"
#include "translate/capsule.h"

#include <string.h>

/* Whole, it would carry to the other side the receipt that it asks for; as mail it goes without. */
static bool asks_in_vain(const struct native *x, const struct neutral *n)
{
	return x->no_receipts && n->priority && text_same(n->priority, "R");
}

enum result sealed_part(const struct native *x, bool (*fits)(void *ctx, const char *address),
			const struct neutral *n, struct neutral *plain, struct neutral *whole)
{
	enum result r = OK;
	const bool may = !asks_in_vain(x, n);
	*plain = *whole = *n;
	plain->to = plain->cc = whole->to = whole->cc = (struct neutral_addresses){0};
	for (size_t i = 0; r == OK && i < n->to.count + n->cc.count; i++) {
		const struct neutral_address *a =
			i < n->to.count ? &n->to.items[i] : &n->cc.items[i - n->to.count];
		const char *address;
		enum result has = may && text_same(a->type, "CSI")
					  ? x->address(x->ctx, a->text, n->region, &address)
					  : E_NOTFOUND;
		struct neutral *to = has == OK && fits(x->ctx, address) ? whole : plain;
		r = has == OK || has == E_NOTFOUND
			    ? neutral_add_address(to, &to->to, a->type, a->text)
			    : has;
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

enum result sealed_list(const struct native *x, struct mail_envelope *e, struct buf *list,
			struct err *err)
{
	enum result r = capsule_list(x->charset, e->recipients, e->count, list);
	if (r == OK)
		r = address_capsule(e);
	return r == OK ? OK : err_set(err, r, "it cannot be encapsulated: %s", result_sentence(r));
}

enum result sealed_write(const struct native *x, const struct neutral *n,
			 const struct content *message, const struct buf *list, struct sink *to,
			 struct err *err)
{
	struct neutral outer;
	enum result r = capsule_wrap(n, list, message, &outer);
	if (r != OK)
		return err_set(err, r, "it cannot be encapsulated: %s", result_sentence(r));
	return native_write(x, &outer, to, err);
}
