/* From message file to maildrop: see mailbag.h. Owns the lock of the file, and the one message or two that it makes of one at a time. */
#include "deliver/mailbag.h"

#include "base/text.h"
#include "deliver/apifile.h"
#include "deliver/native.h"
#include "deliver/parcel.h"
#include "deliver/sealed.h"
#include "translate/mmff.h"

#include <stdlib.h>
#include <string.h>

#define WAIT_MS 5000 /* for who has the message file */

/* One mail that is made of a message. */
struct half {
	struct mail_envelope e;
	size_t count; /* recipients */
	struct parcel parcel;
};

struct taking {
	const struct mailbag *b;
	struct half sealed, plain; /* of the message in work: who gets it whole, and who as mail */
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
static enum result make(const struct mailbag *b, const struct neutral *n,
			const struct content *whole, struct half *h, struct err *err)
{
	const struct native x = native_of(b);
	struct sink *to = &h->parcel.to;
	struct buf list;
	enum result r = OK;
	buf_init(&list, 0);
	h->count = h->e.count;
	if (whole)
		r = sealed_list(&x, &h->e, &list, err);
	if (r == OK)
		r = parcel_begin(&h->parcel, b->files, b->spool, NULL, &h->e, err);
	if (r == OK)
		r = whole ? sealed_write(&x, n, whole, &list, to, err)
			  : native_write(&x, n, to, err);
	if (r == OK)
		r = parcel_finish(&h->parcel, err);
	buf_free(&list);
	return r;
}

static enum result send(const struct mailbag *b, struct half *h, struct err *err)
{
	enum result r = h->count ? parcel_publish(&h->parcel, err) : OK;
	if (r == OK && h->count)
		b->tell(b->ctx, h->e.reverse_path, h->count, NULL);
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
static enum result envelopes(struct taking *t, const struct neutral *n, struct neutral *refused,
			     struct err *err)
{
	const struct native x = native_of(t->b);
	struct neutral plain = *n, whole = {0};
	enum result r = OK;
	envelope_init(t->b, &t->plain.e, n->region);
	envelope_init(t->b, &t->sealed.e, n->region);
	refused->to = refused->cc = (struct neutral_addresses){0};
	if (t->b->whole && sealed_part(&x, t->b->whole, n, &plain, &whole) != OK)
		r = err_set(err, E_NOMEM, "no memory for the recipients");
	if (r == OK)
		r = native_envelope(&x, &plain, &t->plain.e, refused, err);
	if (r == OK && whole.to.count)
		r = native_envelope(&x, &whole, &t->sealed.e, refused, err);
	return r;
}

/* What goes whole is another mail than what does not. Both are made before either is sent, so that a disk that is full does not send one
 * of them again and again; only a crash right between the two gives the first one twice. */
static enum result send_both(struct taking *t, const struct neutral *n, struct err *err)
{
	const struct content whole =
		content_part(&t->reader.file, t->reader.start, t->reader.end - t->reader.start);
	enum result r = OK;
	if (t->sealed.e.count)
		r = make(t->b, n, &whole, &t->sealed, err);
	if (r == OK && t->plain.e.count)
		r = make(t->b, n, NULL, &t->plain, err);
	if (r == OK)
		r = send(t->b, &t->sealed, err);
	if (r == OK)
		r = send(t->b, &t->plain, err);
	parcel_end(&t->sealed.parcel);
	parcel_end(&t->plain.parcel);
	return r;
}

static enum result take_one(struct taking *t, struct neutral *n, struct err *err)
{
	struct neutral refused = *n;
	enum result r = envelopes(t, n, &refused, err);
	if (r != OK)
		return r;
	if (native_names_files(n))
		return aside(t, NULL,
			     "texts and attachments in files of their own are not taken here", err);
	t->sealed.count = t->plain.count = 0;
	const bool any = t->sealed.e.count + t->plain.e.count;
	r = send_both(t, n, err);
	if (r == E_LIMIT)
		return aside(t, NULL, err->text, err);
	if (r != OK)
		return r;
	return refused.to.count || !any
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
