/* Writing Internet messages: see mime_write.h. Owns nothing beyond a call. */
#include "translate/mime_writer.h"

#include "base/text.h"
#include "mail/date.h"
#include "translate/charset.h"
#include "translate/encode.h"
#include "translate/mime_fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HEADLEN_MAX 10000      /* lines of a text that may repeat the header */
#define FIELDS_MAX (16u << 20) /* bytes of such lines in UTF-8 */

void mime_put(struct writer *w, const char *text)
{
	if (w->r == OK)
		w->r = sink_puts(w->to, text);
}

void mime_end_line(struct writer *w)
{
	mime_put(w, ending_text(w->form->ending));
}

void mime_field(struct writer *w, const char *name, const char *value)
{
	mime_put(w, name);
	mime_put(w, ": ");
	mime_put(w, value);
	mime_end_line(w);
}

char *mime_utf8(struct writer *w, const char *text)
{
	uint64_t lost = 0;
	char *out = charset_string(w->n->region, w->form->charset, true, text, NULL, &lost);
	if (!out)
		w->r = w->r == OK ? E_NOMEM : w->r;
	for (char *p = out; p && *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	w->counts->lost += lost;
	return out;
}

void mime_text_field(struct writer *w, const char *name, const char *text)
{
	const char *value = mime_utf8(w, text);
	mime_put(w, name);
	mime_put(w, ": ");
	if (w->r == OK)
		w->r = encode_header(w->to, w->form->ending, value);
	mime_end_line(w);
}

/* ---- the text and its head ---- */

/* Where the text begins behind the lines that repeat the header. */
static uint64_t head_size(struct writer *w)
{
	const char *value = neutral_field(w->n, "HEADLEN");
	unsigned long lines = value ? strtoul(value, NULL, 10) : 0;
	uint64_t at = 0;
	bool cr = false;
	while (lines && lines <= HEADLEN_MAX && w->r == OK) {
		char c;
		size_t got;
		w->r = content_read(&w->n->text, at, &c, 1, &got);
		if (!got)
			break;
		if (c == '\n' && cr) { /* belongs to the CR */
			cr = false;
			at++;
			continue;
		}
		cr = c == '\r';
		lines -= c == '\r' || c == '\n';
		at++;
	}
	char c;
	size_t got = 0;
	if (cr && content_read(&w->n->text, at, &c, 1, &got) == OK && got && c == '\n')
		at++;
	return lines ? 0 : at;
}

void mime_convert(struct writer *w, const struct content *text, struct sink *in, uint64_t *lost)
{
	struct charset c;
	char block[4096];
	size_t got = 0;
	if (w->r == OK)
		w->r = charset_begin(&c, w->form->charset, true, in);
	if (w->r != OK)
		return;
	for (uint64_t at = 0; w->r == OK && at < text->size; at += got) {
		w->r = content_read(text, at, block, sizeof block, &got);
		if (w->r == OK && w->form->table)
			table_apply(w->form->table, block, got);
		if (w->r == OK)
			w->r = charset_put(&c, block, got);
	}
	enum result end = charset_end(&c);
	w->r = w->r == OK ? end : w->r;
	*lost += c.lost;
}

static enum result ending_write(struct sink *s, const void *bytes, size_t n)
{
	return ending_put(&((struct mime_ending *)s)->writer, bytes, n);
}

void mime_ending_begin(struct mime_ending *e, struct sink *to, enum ending ending)
{
	e->in.write = ending_write;
	e->in.count = 0;
	ending_start(&e->writer, to, ending);
}

/* The lines that are header fields of the mail that this once was. */
static void read_fields(struct writer *w)
{
	struct sink to;
	struct content head = content_part(&w->n->text, 0, w->head_at);
	if (!w->head_at || !neutral_field(w->n, MIME_FIELD_HEAD))
		return;
	struct mime_ending e;
	sink_buffer(&to, &w->fields);
	mime_ending_begin(&e, &to, ENDING_LF);
	mime_convert(w, &head, &e.in, &w->counts->lost);
	if (w->r == OK && !buf_string(&w->fields))
		w->r = E_NOMEM;
}

static bool has_field(const struct writer *w, const char *name)
{
	return w->fields.len && mime_fields_has(buf_head(&w->fields), name);
}

/* ---- the header ---- */

/* NULL: it cannot be written, or there has been a failure. */
static const char *address(struct writer *w, const struct neutral_address *a)
{
	const char *text = NULL;
	if (w->r != OK)
		return NULL;
	enum result r = w->form->address(w->form->ctx, a, w->n->region, &text);
	if (r != OK && r != E_NOTFOUND)
		w->r = r;
	return r == OK ? text : NULL;
}

/* One address a line: no list is too long for a line. */
static void address_field(struct writer *w, const char *name, const struct neutral_addresses *list)
{
	bool any = false;
	for (size_t i = 0; i < list->count; i++) {
		const char *text = address(w, &list->items[i]);
		if (!text)
			continue;
		mime_put(w, any ? "," : name);
		if (any)
			mime_end_line(w);
		mime_put(w, any ? "\t" : ": ");
		mime_put(w, text);
		any = true;
	}
	if (any)
		mime_end_line(w);
}

/* The moment that the message's clock shows, in its own zone; now where it shows nothing. */
static int64_t moment(const struct neutral *n, const struct mime_form *form)
{
	time_t now = (time_t)(form->now / 1000 + form->offset * 60);
	struct tm tm;
	gmtime_r(&now, &tm);
	if (n->year) {
		tm.tm_year = n->year - 1900;
		tm.tm_mon = n->month - 1;
		tm.tm_mday = n->day;
	}
	if (n->hour >= 0) {
		tm.tm_hour = n->hour;
		tm.tm_min = n->minute;
		tm.tm_sec = 0;
	}
	return ((int64_t)timegm(&tm) - form->offset * 60) * 1000;
}

/* As today asks for a receipt, and as the original did. Nobody gives one to a postmaster. */
static void receipt_fields(struct writer *w, const char *from)
{
	const char *name = w->n->from.text;
	const char *slash = name ? strrchr(name, '/') : NULL;
	if (w->form->no_receipts || !name || text_same(slash ? slash + 1 : name, "Postmaster"))
		return;
	mime_field(w, "Disposition-Notification-To", from);
	mime_field(w, "Return-Receipt-To", from);
}

/* 1 is the lowest and 5 the highest; a letter says what kind of message it is. */
static void priority_fields(struct writer *w, const char *from)
{
	const char *p = w->n->priority;
	if (!p)
		return;
	if (*p == '4' || *p == '5')
		mime_field(w, "X-Priority", *p == '5' ? "1" : "2");
	if (*p == '1')
		mime_field(w, "X-Priority", "5");
	if (*p == '4' || *p == '5' || *p == '1')
		mime_field(w, "Importance", *p == '1' ? "low" : "high");
	if (text_same(p, "R") && from)
		receipt_fields(w, from);
	mime_text_field(w, "X-MMFF-Priority", p);
}

static void message_id(struct writer *w)
{
	char id[64];
	snprintf(id, sizeof id, "<%016llx.mmff@", (unsigned long long)w->form->unique);
	mime_put(w, "Message-ID: ");
	mime_put(w, id);
	mime_put(w, w->form->hostname);
	mime_put(w, ">");
	mime_end_line(w);
}

static void subject_field(struct writer *w)
{
	char *subject = region_strdup(w->n->region, w->n->subject);
	if (!subject)
		w->r = w->r == OK ? E_NOMEM : w->r;
	if (subject && w->form->table)
		table_apply(w->form->table, subject, strlen(subject));
	if (subject)
		mime_text_field(w, "Subject", subject);
}

/* What the mail once had stands; recipients are then those that it named, never those of its envelope. */
static void header(struct writer *w)
{
	const struct neutral *n = w->n;
	char date[MAIL_DATE_MAX];
	const char *from = address(w, n->from.text ? &n->from : NULL);
	bool once = w->fields.len > 0;
	if (once && w->r == OK)
		w->r = mime_fields_write(w->to, w->form->ending, buf_head(&w->fields));
	if (from && !has_field(w, "From"))
		mime_field(w, "From", from);
	if (!once) {
		address_field(w, "To", &n->to);
		address_field(w, "Cc", &n->cc);
	}
	if (n->subject && !has_field(w, "Subject"))
		subject_field(w);
	if (!has_field(w, "Date"))
		mime_field(
			w, "Date",
			mail_date_format(moment(n, w->form), w->form->offset, date, sizeof date));
	if (!has_field(w, "Message-ID"))
		message_id(w);
	if (!once)
		priority_fields(w, from);
	for (size_t i = 0; i < n->unknown.count && !once; i++)
		mime_text_field(w, "X-MMFF-Line", n->unknown.items[i]);
	mime_field(w, "MIME-Version", "1.0");
}

/* ---- the text ---- */

static void put_body(struct writer *w, const struct content *text, bool plain)
{
	uint64_t ignored = 0;
	if (plain) {
		struct mime_ending e;
		mime_ending_begin(&e, w->to, w->form->ending);
		mime_convert(w, text, &e.in, &ignored);
		return;
	}
	struct encode_quoted q;
	encode_quoted_begin(&q, w->to, w->form->ending);
	mime_convert(w, text, &q.in, &ignored);
	if (w->r == OK)
		w->r = encode_quoted_end(&q);
}

static void text_part(struct writer *w)
{
	struct encode_look look;
	struct content text = content_part(&w->n->text, w->head_at, w->n->text.size - w->head_at);
	encode_look_begin(&look);
	mime_convert(w, &text, &look.in, &w->counts->lost);
	bool plain = encode_look_plain(&look);
	mime_field(w, "Content-Type",
		   look.eight ? "text/plain; charset=utf-8" : "text/plain; charset=us-ascii");
	mime_field(w, "Content-Transfer-Encoding", plain ? "7bit" : "quoted-printable");
	mime_end_line(w);
	put_body(w, &text, plain);
}

/* ---- attachments ---- */

static const char *media_type(const char *name)
{
	static const char *const types[][2] = {
		{".pdf", "application/pdf"},
		{".doc", "application/msword"},
		{".xls", "application/vnd.ms-excel"},
		{".ppt", "application/vnd.ms-powerpoint"},
		{".zip", "application/zip"},
		{".rtf", "application/rtf"},
		{".jpg", "image/jpeg"},
		{".gif", "image/gif"},
		{".png", "image/png"},
		{".bmp", "image/bmp"},
		{".tif", "image/tiff"},
		{".wav", "audio/x-wav"},
	};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (text_ends(name, types[i][0]))
			return types[i][1];
	return "application/octet-stream";
}

static void attachment(struct writer *w, const struct neutral_part *p)
{
	struct encode_base64 e;
	const char *name = mime_utf8(w, p->name);
	if (!name)
		return;
	const bool eml = mime_is_eml(w, name, &p->content);
	mime_put(w, "Content-Type: ");
	mime_put(w, eml ? "message/rfc822" : media_type(name));
	if (w->r == OK)
		w->r = encode_parameter(w->to, w->form->ending, "name", name);
	mime_end_line(w);
	if (eml)
		mime_field(w, MIME_FIELD_EML, "1");
	mime_field(w, "Content-Transfer-Encoding", eml ? "7bit" : "base64");
	mime_put(w, "Content-Disposition: attachment");
	if (w->r == OK)
		w->r = encode_parameter(w->to, w->form->ending, "filename", name);
	mime_end_line(w);
	mime_end_line(w);
	if (eml) {
		mime_put_eml(w, &p->content);
		return;
	}
	encode_base64_begin(&e, w->to, w->form->ending);
	if (w->r == OK)
		w->r = sink_content(&e.in, &p->content);
	if (w->r == OK)
		w->r = encode_base64_pad(&e); /* the delimiter ends the line */
}

static void delimiter(struct writer *w, const char *tail)
{
	mime_end_line(w);
	mime_put(w, "--");
	mime_put(w, w->boundary);
	mime_put(w, tail);
	mime_end_line(w);
}

static void body(struct writer *w)
{
	const struct neutral *n = w->n;
	if (!n->parts.count) {
		text_part(w);
		return;
	}
	mime_put(w, "Content-Type: multipart/mixed; boundary=\"");
	mime_put(w, w->boundary);
	mime_put(w, "\"");
	mime_end_line(w);
	delimiter(w, "");
	text_part(w);
	for (size_t i = 0; i < n->parts.count; i++) {
		delimiter(w, "");
		attachment(w, &n->parts.items[i]);
	}
	delimiter(w, "--");
}

enum result mime_write(const struct neutral *n, const struct mime_form *form, struct sink *to,
		       struct mime_counts *counts)
{
	struct mime_counts none;
	struct writer w = {
		.n = n, .form = form, .to = to, .counts = counts ? counts : &none, .r = OK};
	*w.counts = (struct mime_counts){0};
	buf_init(&w.fields, FIELDS_MAX);
	/* "=_" can stand in neither of the encodings, and a plain text would have to guess 64 bits */
	snprintf(w.boundary, sizeof w.boundary, MIME_BOUNDARY "%016llx",
		 (unsigned long long)form->unique);
	w.head_at = head_size(&w);
	read_fields(&w);
	header(&w);
	if (form->uuencode)
		mime_classic(&w);
	else
		body(&w);
	buf_free(&w.fields);
	return w.r;
}
