/* From message file to maildrop: see mailbag.h. Owns the lock of the file, and one message at a time. */
#include "deliver/mailbag.h"

#include "base/text.h"
#include "deliver/apifile.h"
#include "deliver/native.h"
#include "deliver/sealed.h"
#include "mail/eight_bit.h"
#include "spool/spool.h"
#include "translate/mmff.h"

#include <stdlib.h>
#include <string.h>

#define WAIT_MS 5000 /* for who has the message file */

struct taking {
	const struct mailbag *b;
	struct apifile file;
	struct mmff_reader reader;
};

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

static struct native native_of(const struct mailbag *b)
{
	return (struct native){.clock = b->clock,
			       .charset = b->charset,
			       .hostname = b->hostname,
			       .max_size = b->max_size,
			       .table = b->table,
			       .uuencode = b->uuencode,
			       .no_receipts = b->no_receipts,
			       .address = b->address,
			       .ctx = b->ctx};
}

/* whole: its bytes in the file, which leave encapsulated; NULL: it leaves as mail. */
static enum result send(const struct mailbag *b, const struct neutral *n,
			const struct content *whole, struct mail_envelope *e, struct err *err)
{
	struct buf out;
	const struct native x = native_of(b);
	size_t count = e->count;
	buf_init(&out, b->max_size);
	enum result r =
		whole ? sealed_write(&x, n, whole, e, &out, err) : native_write(&x, n, &out, err);
	if (r == OK)
		e->eight_bit = mail_eight_bit_in(buf_head(&out), out.len);
	if (r == OK)
		r = spool_maildrop_write(b->files, b->spool, e, buf_head(&out), out.len, err);
	buf_free(&out);
	if (r == OK)
		b->tell(b->ctx, e->reverse_path, count, NULL);
	return r;
}

static void envelope_init(const struct mailbag *b, struct mail_envelope *e, struct region *region)
{
	mail_envelope_init(e, region);
	e->listener = "mailbag";
	e->protocol = "local";
	e->helo = b->office;
	e->arrived = clock_wall(b->clock);
}

/* Who gets it as mail, who whole, and who cannot get it. */
static enum result envelopes(const struct taking *t, const struct neutral *n,
			     struct mail_envelope *e, struct mail_envelope *sealed,
			     struct neutral *refused, struct err *err)
{
	const struct native x = native_of(t->b);
	struct neutral plain = *n, whole = {0};
	enum result r = OK;
	envelope_init(t->b, e, n->region);
	envelope_init(t->b, sealed, n->region);
	refused->to = refused->cc = (struct neutral_addresses){0};
	if (t->b->whole && sealed_part(&x, t->b->whole, n, &plain, &whole) != OK)
		r = err_set(err, E_NOMEM, "no memory for the recipients");
	if (r == OK)
		r = native_envelope(&x, &plain, e, refused, err);
	if (r == OK && whole.to.count)
		r = native_envelope(&x, &whole, sealed, refused, err);
	return r;
}

/* What goes whole is another mail than what does not: a crash between the two gives the first one twice. */
static enum result take_one(struct taking *t, struct neutral *n, struct err *err)
{
	struct mail_envelope e, sealed;
	struct neutral refused = *n;
	const struct content whole =
		content_part(&t->reader.file, t->reader.start, t->reader.end - t->reader.start);
	enum result r = envelopes(t, n, &e, &sealed, &refused, err);
	if (r != OK)
		return r;
	if (native_names_files(n))
		return aside(t, NULL,
			     "texts and attachments in files of their own are not taken here", err);
	if (sealed.count)
		r = send(t->b, n, &whole, &sealed, err);
	if (r == OK && e.count)
		r = send(t->b, n, NULL, &e, err);
	if (r == E_LIMIT)
		return aside(t, NULL, err->text, err);
	if (r != OK)
		return r;
	return refused.to.count || !(e.count + sealed.count)
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
