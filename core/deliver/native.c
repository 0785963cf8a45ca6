/* From a message of Microsoft Mail to mail: see native.h. Owns nothing. */
#include "deliver/native.h"

#include "base/text.h"
#include "mail/address.h"
#include "mail/date.h"
#include "translate/charset.h"
#include "translate/mime_write.h"

#include <string.h>

static enum result address(void *ctx, const struct neutral_address *a, struct region *region,
			   const char **out)
{
	const struct native *x = ctx;
	if (!a) {
		*out = region_printf(region, "Postmaster@%s", x->hostname);
		return *out ? OK : E_NOMEM;
	}
	if (text_same(a->type, "CSI"))
		return x->address(x->ctx, a->text, region, out);
	struct mail_address parsed;
	bool fine = text_same(a->type, "SMTP") &&
		    mail_address_parse(a->text, strlen(a->text), &parsed, NULL, NULL) == OK;
	*out = a->text;
	return fine && *parsed.domain ? OK : E_NOTFOUND;
}

static enum result reverse_path(const struct native *x, const struct neutral *n, const char **out)
{
	const char *slash = n->from.text ? strrchr(n->from.text, '/') : NULL;
	const char *name = slash ? slash + 1 : n->from.text;
	*out = "";
	if (!name || text_same(name, "Postmaster"))
		return OK;
	enum result r = address((void *)x, &n->from, n->region, out);
	if (r == OK)
		return OK;
	*out = "";
	return r == E_NOTFOUND ? OK : r;
}

enum result native_envelope(const struct native *x, const struct neutral *n,
			    struct mail_envelope *e, struct neutral *refused, struct err *err)
{
	enum result r = reverse_path(x, n, &e->reverse_path);
	e->priority = n->priority && (*n->priority == '4' || *n->priority == '5') ? MAIL_URGENT
										  : MAIL_NORMAL;
	for (size_t i = 0; r == OK && i < n->to.count + n->cc.count; i++) {
		const struct neutral_address *a =
			i < n->to.count ? &n->to.items[i] : &n->cc.items[i - n->to.count];
		const char *text;
		r = address((void *)x, a, n->region, &text);
		if (r == OK)
			r = mail_envelope_add(e, text);
		else if (r == E_NOTFOUND)
			r = neutral_add_address(refused, &refused->to, a->type, a->text);
	}
	if (r == OK)
		r = mail_envelope_unique(e); /* who is named twice gets it once (Q101458) */
	return r == OK ? OK : err_set(err, r, "no memory for the recipients");
}

/* A sink before another that takes no more than it may. */
struct bounded {
	struct sink in;
	struct sink *to;
	uint64_t most;
};

static enum result write_bounded(struct sink *s, const void *bytes, size_t n)
{
	struct bounded *b = (struct bounded *)s;
	return s->count > b->most ? E_LIMIT : sink_write(b->to, bytes, n);
}

enum result native_write(const struct native *x, const struct neutral *n, struct sink *to,
			 struct err *err)
{
	struct bounded b = {.in = {.write = write_bounded},
			    .to = to,
			    .most = x->max_size ? x->max_size : UINT64_MAX};
	int64_t now = clock_wall(x->clock);
	struct mime_form form = {.ending = ENDING_CRLF,
				 .charset = charset_find(x->charset),
				 .table = x->table,
				 .uuencode = x->uuencode,
				 .no_receipts = x->no_receipts,
				 .hostname = x->hostname,
				 .unique = clock_random(x->clock),
				 .now = now,
				 .offset = mail_date_offset(now),
				 .address = address,
				 .ctx = (void *)x};
	enum result r = mime_write(n, &form, &b.in, NULL);
	if (r == E_LIMIT && b.in.count > b.most)
		return err_set(err, r, "as mail it is larger than %llu bytes",
			       (unsigned long long)x->max_size);
	return r == OK ? OK
		       : err_set(err, r, "it cannot be written as mail: %s", result_sentence(r));
}

bool native_names_files(const struct neutral *n)
{
	bool named = n->text_external;
	for (size_t i = 0; i < n->parts.count; i++)
		named = named || n->parts.items[i].external;
	return named;
}
