/* From message file to maildrop: see mailbag.h. Owns the lock of the file, and one message at a time. */
#include "deliver/mailbag.h"

#include "base/text.h"
#include "deliver/apifile.h"
#include "mail/address.h"
#include "mail/date.h"
#include "mail/envelope.h"
#include "spool/spool.h"
#include "translate/charset.h"
#include "translate/mime_write.h"
#include "translate/mmff.h"

#include <stdlib.h>
#include <string.h>

#define WAIT_MS 5000 /* for who has the message file */

struct taking {
	const struct mailbag *b;
	struct apifile file;
	struct mmff_reader reader;
};

/* ---- addresses ---- */

static const char *address(void *ctx, const struct neutral_address *a, struct region *region)
{
	const struct mailbag *b = ctx;
	if (!a)
		return region_printf(region, "Postmaster@%s", b->hostname);
	if (text_same(a->type, "CSI"))
		return b->address(b->ctx, a->text, region);
	struct mail_address parsed;
	bool fine = text_same(a->type, "SMTP") &&
		    mail_address_parse(a->text, strlen(a->text), &parsed, NULL, NULL) == OK;
	return fine && *parsed.domain ? a->text : NULL;
}

/* Errors never loop: the Postmaster of a postoffice sends with the null reverse-path [Q98067]. */
static const char *reverse_path(const struct mailbag *b, const struct neutral *n)
{
	const char *slash = n->from.text ? strrchr(n->from.text, '/') : NULL;
	const char *name = slash ? slash + 1 : n->from.text;
	if (!name || text_same(name, "Postmaster"))
		return "";
	const char *path = address((void *)b, &n->from, n->region);
	return path ? path : "";
}

/* ---- set aside ---- */

static enum result write_neutral(void *n, struct sink *to)
{
	static const struct mmff_form form = {.ending = ENDING_CR, .extended = true};
	return mmff_write(n, &form, to);
}

static enum result aside(struct taking *t, struct neutral *n, const char *reason, struct err *err)
{
	const struct mailbag *b = t->b;
	struct content c =
		content_part(&t->reader.file, t->reader.start, t->reader.end - t->reader.start);
	b->tell(b->ctx, n && n->from.text ? n->from.text : "", n ? n->to.count + n->cc.count : 0,
		reason);
	return apifile_set_aside(b->files, b->file, n ? write_neutral : apifile_write_content,
				 n ? (void *)n : &c, reason, err);
}

/* ---- one message ---- */

/* Recipients into the envelope; who has no address into `refused`. */
static enum result address_all(const struct mailbag *b, const struct neutral *n,
			       struct mail_envelope *e, struct neutral *refused)
{
	enum result r = OK;
	for (size_t i = 0; r == OK && i < n->to.count + n->cc.count; i++) {
		const struct neutral_address *a =
			i < n->to.count ? &n->to.items[i] : &n->cc.items[i - n->to.count];
		const char *text = address((void *)b, a, n->region);
		r = text ? mail_envelope_add(e, text)
			 : neutral_add_address(refused, &refused->to, a->type, a->text);
	}
	return r;
}

static enum result write_mail(const struct mailbag *b, const struct neutral *n, struct buf *out)
{
	struct sink to;
	int64_t now = clock_wall(b->clock);
	struct mime_form form = {.ending = ENDING_CRLF,
				 .charset = charset_find(b->charset),
				 .hostname = b->hostname,
				 .unique = clock_random(b->clock),
				 .now = now,
				 .offset = mail_date_offset(now),
				 .address = address,
				 .ctx = (void *)b};
	sink_buffer(&to, out);
	return mime_write(n, &form, &to, NULL);
}

static enum result send(const struct mailbag *b, const struct neutral *n, struct mail_envelope *e,
			struct err *err)
{
	struct buf out;
	buf_init(&out, b->max_size);
	enum result r = write_mail(b, n, &out);
	if (r == OK)
		r = spool_maildrop_write(b->files, b->spool, e, buf_head(&out), out.len, err);
	else
		err_set(err, r,
			r == E_LIMIT ? "as mail it is larger than %llu bytes"
				     : "it cannot be written as mail",
			(unsigned long long)b->max_size);
	buf_free(&out);
	if (r == OK)
		b->tell(b->ctx, e->reverse_path, e->count, NULL);
	return r;
}

static bool names_files(const struct neutral *n)
{
	bool named = n->text_external;
	for (size_t i = 0; i < n->parts.count; i++)
		named = named || n->parts.items[i].external;
	return named;
}

static enum result take_one(struct taking *t, struct neutral *n, struct err *err)
{
	struct mail_envelope e;
	struct neutral refused = *n;
	mail_envelope_init(&e, n->region);
	e.reverse_path = reverse_path(t->b, n);
	e.listener = "mailbag";
	e.protocol = "local";
	e.helo = t->b->office;
	e.arrived = clock_wall(t->b->clock);
	e.priority = n->priority && (*n->priority == '4' || *n->priority == '5') ? MAIL_URGENT
										 : MAIL_NORMAL;
	refused.to = refused.cc = (struct neutral_addresses){0};
	enum result r = address_all(t->b, n, &e, &refused);
	if (r != OK)
		return err_set(err, r, "no memory for the recipients");
	if (names_files(n))
		return aside(t, NULL,
			     "texts and attachments in files of their own are not taken here", err);
	if (e.count)
		r = send(t->b, n, &e, err);
	if (r == E_LIMIT)
		return aside(t, NULL, err->text, err);
	if (r != OK)
		return r;
	return refused.to.count || !e.count
		       ? aside(t, &refused, "it has a recipient that has no address, or none", err)
		       : OK;
}

/* The next message of the file; E_NOTFOUND: there is none. */
static enum result next(struct taking *t, struct err *err)
{
	struct neutral n;
	struct err why;
	struct region *region = region_new(0);
	if (!region)
		return err_set(err, E_NOMEM, "no memory for a message");
	enum result r = mmff_next(&t->reader, region, &n, &why);
	if (r == OK)
		r = take_one(t, &n, err);
	else if (r == E_CORRUPT)
		r = aside(t, NULL, why.text, err);
	else
		*err = why;
	region_destroy(&region);
	return r;
}

enum result mailbag_take(const struct mailbag *b, struct err *err)
{
	struct taking *t = calloc(1, sizeof *t);
	if (!t)
		return err_set(err, E_NOMEM, "no memory for the mailbag");
	t->b = b;
	enum result r = apifile_open(&t->file, b->files, b->clock, b->file, false, WAIT_MS, err);
	if (r != OK) {
		free(t);
		return r == E_NOTFOUND ? OK : r;
	}
	struct content c = content_file(t->file.fd, 0, t->file.size);
	mmff_reader_init(&t->reader, &c, -1);
	while ((r = next(t, err)) == OK)
		;
	struct apifile_range rest = {t->reader.start, t->file.size};
	bool over = r == E_NOTFOUND;
	if (over || t->reader.start) {
		struct err ignored;
		enum result kept =
			apifile_keep(&t->file, &rest, over ? 0 : 1, over ? err : &ignored);
		r = over ? kept : r;
	}
	apifile_close(&t->file);
	free(t);
	return r;
}
