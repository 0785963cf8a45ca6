/*
 * A body as the original wrote it (Q111857, Q118530): the text, and behind an empty line each attachment, uuencoded or, where it is text
 * of 7 bits, as it is; the field Encoding counts their lines and X-MS-Attachment names the files. Ours: the text is UTF-8 by MIME's
 * fields, which readers without MIME do not look at, and attachments go as text only when they come out the same, line ends
 * and all. Owns nothing.
 */
#include "translate/mime_writer.h"

#include "base/text.h"
#include "translate/encode.h"
#include "translate/uuencode.h"

#include <stdio.h>
#include <string.h>

#define FIELD_COLUMNS 70
#define NO_NAME "ATTACH.DAT"

/* What is to be known of the body before it is written. */
struct plan {
	struct encode_look look; /* at all that is not uuencode */
	uint64_t text_lines;
	bool ends; /* the text ends with a line end, or is empty */
	size_t column;
};

/* ---- looking ---- */

/* Counts lines on the way to a look. */
struct line_count {
	struct sink in;
	struct encode_look *look;
	uint64_t lines;
	char last;
};

static enum result count_lines(struct sink *s, const void *bytes, size_t n)
{
	struct line_count *c = (struct line_count *)s;
	for (size_t i = 0; i < n; i++)
		c->lines += ((const char *)bytes)[i] == '\n';
	if (n)
		c->last = ((const char *)bytes)[n - 1];
	return sink_write(&c->look->in, bytes, n);
}

static void look_at_text(struct writer *w, const struct content *text, struct plan *p)
{
	struct line_count c = {.in = {.write = count_lines}, .look = &p->look, .last = '\n'};
	struct mime_ending e;
	mime_ending_begin(&e, &c.in, ENDING_LF);
	mime_convert(w, text, &e.in, &w->counts->lost);
	p->ends = c.last == '\n';
	p->text_lines = c.lines + !p->ends;
}

/* Lines of an attachment that may stand as text: only of CR LF, of 7 bits, its last one ended. 0: it may not. */
static uint64_t plain_lines(struct writer *w, const struct content *file)
{
	char block[4096], before = 0;
	struct encode_look look;
	size_t got = 0;
	uint64_t lines = 0;
	encode_look_begin(&look);
	for (uint64_t at = 0; w->r == OK && at < file->size; at += got) {
		w->r = content_read(file, at, block, sizeof block, &got);
		if (w->r != OK || sink_write(&look.in, block, got) != OK ||
		    !encode_look_plain(&look))
			return 0;
		for (size_t i = 0; i < got; before = block[i++]) {
			if ((before == '\r') != (block[i] == '\n'))
				return 0;
			lines += block[i] == '\n';
		}
	}
	return before == '\n' ? lines : 0;
}

/* ---- fields ---- */

static void encoding_item(struct writer *w, struct plan *p, uint64_t lines, const char *kind)
{
	char item[48];
	snprintf(item, sizeof item, "%s%llu %s", p->column ? " " : "", (unsigned long long)lines,
		 kind);
	if (p->column)
		mime_put(w, ",");
	if (p->column > FIELD_COLUMNS) {
		mime_end_line(w);
		p->column = 1;
	}
	mime_put(w, item);
	p->column += strlen(item) + 1;
}

static void encoding_field(struct writer *w, struct plan *p)
{
	mime_put(w, "Encoding: ");
	encoding_item(w, p, p->text_lines, "TEXT");
	for (size_t i = 0; i < w->n->parts.count; i++) {
		const struct content *file = &w->n->parts.items[i].content;
		uint64_t lines = plain_lines(w, file);
		encoding_item(w, p, lines ? lines : uuencode_lines(file->size),
			      lines ? "TEXT" : "UUENCODE");
	}
	mime_end_line(w);
}

static void name_field(struct writer *w, const struct neutral_part *p)
{
	const struct neutral *n = w->n;
	const char *name = *p->name ? p->name : NO_NAME;
	int hour = n->hour >= 0 ? n->hour : 0, minute = n->hour >= 0 ? n->minute : 0;
	char *value = n->year ? region_printf(n->region, "%s %llu %02d-%02d-%04d %02d:%02d", name,
					      (unsigned long long)p->content.size, n->month, n->day,
					      n->year, hour, minute)
			      : region_printf(n->region, "%s %llu 00-00-1980 00:00", name,
					      (unsigned long long)p->content.size);
	if (value)
		mime_text_field(w, "X-MS-Attachment", value);
	else if (w->r == OK)
		w->r = E_NOMEM;
}

/* ---- body ---- */

/* The name for `begin`: readers without X-MS-Attachment look there. */
static const char *begin_name(struct writer *w, const struct neutral_part *p)
{
	uint64_t lost = w->counts->lost;
	char *name = mime_utf8(w, *p->name ? p->name : NO_NAME);
	w->counts->lost = lost; /* X-MS-Attachment has told it */
	if (!name)
		return NO_NAME;
	name = text_trim(name);
	for (size_t at = 0; name[at];) {
		size_t more = text_utf8(name + at);
		if (at + (more ? more : 1) > UUENCODE_NAME_MAX) {
			name[at] = '\0';
			break;
		}
		at += more ? more : 1;
	}
	return *text_trim(name) ? name : NO_NAME;
}

static void write_all(struct writer *w, const struct content *text, const struct plan *p,
		      struct sink *to)
{
	static const char end[] = "\r\n";
	uint64_t ignored = 0;
	mime_convert(w, text, to, &ignored);
	if (w->r == OK && !p->ends)
		w->r = sink_puts(to, end);
	for (size_t i = 0; i < w->n->parts.count && w->r == OK; i++) {
		const struct neutral_part *part = &w->n->parts.items[i];
		w->r = sink_puts(to, end);
		if (w->r == OK && plain_lines(w, &part->content))
			w->r = sink_content(to, &part->content);
		else if (w->r == OK)
			w->r = uuencode_write(to, ENDING_CRLF, begin_name(w, part), &part->content);
	}
}

static void write_body(struct writer *w, const struct content *text, const struct plan *p,
		       bool quoted)
{
	struct mime_ending e;
	struct encode_quoted q;
	mime_ending_begin(&e, w->to, w->form->ending);
	encode_quoted_begin(&q, w->to, w->form->ending);
	write_all(w, text, p, quoted ? &q.in : &e.in);
	if (quoted && w->r == OK)
		w->r = encode_quoted_end(&q);
}

void mime_classic(struct writer *w)
{
	struct content text = content_part(&w->n->text, w->head_at, w->n->text.size - w->head_at);
	struct plan p = {0};
	encode_look_begin(&p.look);
	look_at_text(w, &text, &p);
	for (size_t i = 0; i < w->n->parts.count && w->r == OK; i++) {
		w->r = sink_puts(&p.look.in, "\n");
		if (w->r == OK)
			w->r = sink_puts(&p.look.in, begin_name(w, &w->n->parts.items[i]));
	}
	bool quoted = p.look.control || p.look.long_line;
	if (w->n->parts.count)
		encoding_field(w, &p);
	for (size_t i = 0; i < w->n->parts.count; i++)
		name_field(w, &w->n->parts.items[i]);
	mime_field(w, "Content-Type",
		   p.look.eight ? "text/plain; charset=utf-8" : "text/plain; charset=us-ascii");
	mime_field(w, "Content-Transfer-Encoding",
		   quoted         ? "quoted-printable"
		   : p.look.eight ? "8bit"
				  : "7bit");
	mime_end_line(w);
	write_body(w, &text, &p, quoted);
}
