/* A mail for a postoffice: see incoming.h. Owns a region during a call. */
#include "translate/incoming.h"

#include "base/text.h"
#include "translate/capsule.h"
#include "translate/dos_names.h"
#include "translate/mmff.h"
#include "translate/sheet.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

static enum result read_sheet(int fd, struct region *region, struct sheet *s, struct err *err)
{
	struct stat st;
	size_t got = 0;
	if (fstat(fd, &st) != 0)
		return err_errno(err, errno, "the sheet cannot be read");
	struct content c = content_file(fd, 0, (uint64_t)st.st_size);
	char *bytes = c.size <= SHEET_MAX ? malloc((size_t)c.size + 1) : NULL;
	enum result r = bytes ? OK : c.size <= SHEET_MAX ? E_NOMEM : E_LIMIT;
	for (size_t at = 0; r == OK && at < c.size; at += got)
		r = content_read(&c, at, bytes + at, (size_t)c.size - at, &got);
	if (r == OK)
		r = sheet_read(bytes, (size_t)c.size, region, s);
	free(bytes);
	return r == OK ? OK : err_set(err, r, "the sheet is not readable: %s", result_sentence(r));
}

/* A message whose one attachment is the capsule's. */
static enum result seal(struct neutral *n, const struct capsule *c, const char *field,
			const char *value)
{
	const struct neutral_part part = {.name = CAPSULE_MESSAGE, .content = c->message};
	const struct neutral_field mark = {
		.type = "I", .length = "1", .name = field, .value = value};
	n->cc = (struct neutral_addresses){0};
	n->text = content_memory("", 0);
	n->parts = (struct neutral_parts){0};
	n->fields = (struct neutral_fields){0};
	n->unknown = (struct neutral_lines){0};
	enum result r = neutral_add_field(n, &mark);
	return r == OK ? neutral_add_part(n, &part) : r;
}

/* The capsule that the mail is, as the sheet wants it. A mail that is none stays what it is. */
static enum result take_capsule(const struct sheet *s, struct neutral *n)
{
	struct capsule c;
	enum result r = capsule_open(n, &c);
	if (r == OK && s->make == SHEET_OPEN) {
		n->to = c.to;
		return seal(n, &c, CAPSULE_FIELD_CHARSET, c.charset);
	}
	if (r == OK) {
		*n = c.inner;
		n->cc = (struct neutral_addresses){0};
		return s->make == SHEET_SEALED ? seal(n, &c, CAPSULE_FIELD_SEALED, "1") : OK;
	}
	return r == E_NOTFOUND ? OK : r;
}

static enum result write_message(const struct incoming *i, const struct sheet *s, struct neutral *n,
				 struct err *err)
{
	static const struct mmff_form form = {.ending = ENDING_CR, .extended = true};
	struct sink to;
	if (s->always || !n->from.text)
		n->from = s->sender;
	if ((s->always || s->no_receipts) && n->priority && text_same(n->priority, "R"))
		n->priority = NULL; /* the null reverse-path gets no receipt (Q113824) */
	if (s->dos_names && dos_names(n, !text_same(s->charset, "UTF-8")) != OK)
		return err_set(err, E_NOMEM, "no memory for the names of attachments");
	if (s->make != SHEET_OPEN)
		n->to = s->to;
	sink_file(&to, file_system(), i->out);
	enum result r = mmff_write(n, &form, &to);
	if (r == OK)
		r = sink_flush(&to);
	return r == OK ? OK
		       : err_set(err, r, "the message cannot be written: %s", result_sentence(r));
}

enum result incoming_translate(const struct incoming *i, struct mime_told *told, struct err *err)
{
	struct stat st;
	struct sheet sheet;
	struct neutral n;
	struct region *region = region_new(0);
	if (!region)
		return err_set(err, E_NOMEM, "no memory");
	enum result r =
		fstat(i->mail, &st) == 0 ? OK : err_errno(err, errno, "the mail is not there");
	if (r == OK)
		r = read_sheet(i->sheet, region, &sheet, err);
	if (r == OK) {
		struct mime_source source = {.fd = i->mail,
					     .size = (uint64_t)st.st_size,
					     .scratch = i->scratch,
					     .charset = sheet.charset,
					     .table = sheet.table,
					     .received = sheet.received};
		r = mime_read(&source, region, &n, told);
		if (r != OK)
			err_set(err, r, "the mail cannot be read: %s", result_sentence(r));
	}
	if (r == OK && sheet.make != SHEET_MAIL) {
		r = take_capsule(&sheet, &n);
		if (r != OK)
			err_set(err, r, "what is encapsulated cannot be read: %s",
				result_sentence(r));
	}
	if (r == OK)
		r = write_message(i, &sheet, &n, err);
	region_destroy(&region);
	return r;
}
