/* From a message of Microsoft Mail to mail: see native.h. Owns nothing. */
#include "deliver/native.h"

#include "base/text.h"
#include "mail/address.h"
#include "mail/date.h"
#include "translate/charset.h"
#include "translate/mime_write.h"

#include <string.h>

static const char *address(void *ctx, const struct neutral_address *a, struct region *region)
{
	const struct native *x = ctx;
	if (!a)
		return region_printf(region, "Postmaster@%s", x->hostname);
	if (text_same(a->type, "CSI"))
		return x->address(x->ctx, a->text, region);
	struct mail_address parsed;
	bool fine = text_same(a->type, "SMTP") &&
		    mail_address_parse(a->text, strlen(a->text), &parsed, NULL, NULL) == OK;
	return fine && *parsed.domain ? a->text : NULL;
}

static const char *reverse_path(const struct native *x, const struct neutral *n)
{
	const char *slash = n->from.text ? strrchr(n->from.text, '/') : NULL;
	const char *name = slash ? slash + 1 : n->from.text;
	if (!name || text_same(name, "Postmaster"))
		return "";
	const char *path = address((void *)x, &n->from, n->region);
	return path ? path : "";
}

enum result native_envelope(const struct native *x, const struct neutral *n,
			    struct mail_envelope *e, struct neutral *refused, struct err *err)
{
	enum result r = OK;
	e->reverse_path = reverse_path(x, n);
	e->priority = n->priority && (*n->priority == '4' || *n->priority == '5') ? MAIL_URGENT
										  : MAIL_NORMAL;
	for (size_t i = 0; r == OK && i < n->to.count + n->cc.count; i++) {
		const struct neutral_address *a =
			i < n->to.count ? &n->to.items[i] : &n->cc.items[i - n->to.count];
		const char *text = address((void *)x, a, n->region);
		r = text ? mail_envelope_add(e, text)
			 : neutral_add_address(refused, &refused->to, a->type, a->text);
	}
	if (r == OK)
		r = mail_envelope_unique(e); /* who is named twice gets it once (Q101458) */
	return r == OK ? OK : err_set(err, r, "no memory for the recipients");
}

enum result native_write(const struct native *x, const struct neutral *n, struct buf *out,
			 struct err *err)
{
	struct sink to;
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
	sink_buffer(&to, out);
	enum result r = mime_write(n, &form, &to, NULL);
	if (r == OK)
		return OK;
	return err_set(err, r,
		       r == E_LIMIT ? "as mail it is larger than %llu bytes"
				    : "it cannot be written as mail",
		       (unsigned long long)x->max_size);
}

bool native_names_files(const struct neutral *n)
{
	bool named = n->text_external;
	for (size_t i = 0; i < n->parts.count; i++)
		named = named || n->parts.items[i].external;
	return named;
}
