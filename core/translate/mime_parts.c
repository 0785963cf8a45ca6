/*
 * Taking a mail apart: see mime_read.h. A part is text that is read, another form of a text that is read, or an attachment. Owns nothing: all
 * objects are GMime's, and live as long as the mail.
 */
#include "translate/mime_reader.h"

#include "base/text.h"
#include "translate/calendar.h"

#include <string.h>

/* What becomes of a text: read, dropped as another form of what was read. */
enum use { READ, DROP };

static void walk(struct reader *r, GMimeObject *o, enum use use, unsigned depth);

static bool is(GMimeObject *o, const char *type, const char *subtype)
{
	GMimeContentType *t = g_mime_object_get_content_type(o);
	return t && g_mime_content_type_is_type(t, type, subtype);
}

void mime_attach(struct reader *r, const char *name, struct content content)
{
	struct neutral_part part = {.name = name, .content = content};
	if (r->r != OK || r->whole)
		return;
	enum result added = name ? neutral_add_part(r->n, &part) : E_NOMEM;
	if (added == E_LIMIT)
		r->whole = "it has too many parts";
	else if (added != OK)
		r->r = added;
}

/* ---- one part ---- */

/* Is it shown as text, and not a file? */
static bool is_text(GMimeObject *o)
{
	GMimeContentDisposition *d = g_mime_object_get_content_disposition(o);
	if (!GMIME_IS_PART(o) || g_mime_part_get_filename(GMIME_PART(o)))
		return false;
	if (d && text_same(g_mime_content_disposition_get_disposition(d), "attachment"))
		return false;
	return is(o, "text", "plain") || is(o, "text", "html");
}

/* m: the mail that it is the whole body of, or NULL. */
static void read_text(struct reader *r, GMimeObject *o, bool html, GMimeMessage *m)
{
	struct content raw = mime_decode(r, GMIME_PART(o));
	if (r->r != OK)
		return;
	if (r->pieces && !mime_blank(r, &raw))
		mime_add_words(r, "\n");
	const char *declared = g_mime_object_get_content_type_parameter(o, "charset");
	const char *charset = mime_charset(r, declared, &raw);
	if (html)
		mime_add_piece(r, raw, charset, true);
	else if (!m || !mime_counted(r, m, &raw, charset))
		mime_text_files(r, &raw, charset);
}

static void tell_calendar(struct reader *r, GMimeObject *o, const struct content *raw)
{
	struct buf words;
	buf_init(&words, 0);
	const char *declared = g_mime_object_get_content_type_parameter(o, "charset");
	const char *charset = mime_charset(r, declared, raw);
	if (r->r == OK)
		r->r = calendar_words(raw, &words);
	char *copy = r->r == OK && words.len ? region_memdup(r->region, buf_head(&words), words.len)
					     : NULL;
	if (r->r == OK && words.len && !copy)
		r->r = E_NOMEM;
	if (copy && r->pieces)
		mime_add_words(r, "\n");
	if (copy)
		mime_add_piece(r, content_memory(copy, words.len), charset, false);
	buf_free(&words);
}

/* A calendar is told in words as well. */
static void attach_part(struct reader *r, GMimeObject *o)
{
	struct content raw = mime_decode(r, GMIME_PART(o));
	if (is(o, "text", "calendar") || is(o, "application", "ics"))
		tell_calendar(r, o, &raw);
	mime_attach(r, mime_name(r, o), raw);
}

static void leaf(struct reader *r, GMimeObject *o, enum use use, GMimeMessage *root)
{
	bool text = is_text(o) || (root && is(o, "text", "*") && !is(o, "text", "calendar"));
	if (text && use == DROP)
		return;
	if (GMIME_IS_PART(o) && mime_packed(r, GMIME_PART(o), text))
		return;
	if (text)
		read_text(r, o, is(o, "text", "html"), root);
	else if (GMIME_IS_PART(o))
		attach_part(r, o);
	else
		mime_attach(r, mime_name(r, o), mime_raw(r, o));
}

/* A mail within the mail: its text in words, its attachments, and itself as a file, so that nothing of it is lost. */
static void forwarded(struct reader *r, GMimeMessagePart *part, unsigned depth)
{
	GMimeMessage *m = g_mime_message_part_get_message(part);
	GMimeHeaderList *head = m ? g_mime_object_get_header_list(GMIME_OBJECT(m)) : NULL;
	if (!head || !g_mime_header_list_get_count(head)) {
		r->whole = "a mail within it has no header"; /* and GMime has not kept it */
		return;
	}
	mime_add_words(r, "%s---- a mail within this one ----\n", r->pieces ? "\n" : "");
	mime_head_short(r, m);
	mime_parts(r, m, depth + 1);
	mime_attach(r, mime_name(r, GMIME_OBJECT(part)), mime_raw(r, GMIME_OBJECT(m)));
}

/* ---- several forms of one text ---- */

/* Which form it is: 2 plain text, 1 HTML, 0 neither. Of several parts the first, or the best of its own forms, counts. */
static int form_of(GMimeObject *o, unsigned depth)
{
	int best = 0;
	if (is_text(o))
		return is(o, "text", "html") ? 1 : 2;
	if (!GMIME_IS_MULTIPART(o) || depth > MIME_DEPTH_MAX)
		return 0;
	int count = g_mime_multipart_get_count(GMIME_MULTIPART(o));
	if (!is(o, "multipart", "alternative") && count > 1)
		count = 1;
	for (int i = 0; i < count; i++) {
		int form = form_of(g_mime_multipart_get_part(GMIME_MULTIPART(o), i), depth + 1);
		best = form > best ? form : best;
	}
	return best;
}

/* The last part in this form; -1: none. */
static int last_of(GMimeMultipart *m, int form, unsigned depth)
{
	int found = -1;
	for (int i = 0; i < g_mime_multipart_get_count(m); i++)
		if (form_of(g_mime_multipart_get_part(m, i), depth) == form)
			found = i;
	return found;
}

/* Did the pieces since `from` show anything? */
static bool shows(struct reader *r, struct mime_piece **from)
{
	for (struct mime_piece *p = *from; p; p = p->next)
		if (!mime_blank(r, &p->raw))
			return true;
	return false;
}

static void alternative(struct reader *r, GMimeMultipart *m, enum use use, unsigned depth)
{
	int plain = use == READ ? last_of(m, 2, depth) : -1;
	int html = use == READ ? last_of(m, 1, depth) : -1;
	struct mime_piece **before = r->end;
	if (plain >= 0)
		walk(r, g_mime_multipart_get_part(m, plain), READ, depth);
	bool blank = plain < 0 || !shows(r, before);
	if (blank && html >= 0) { /* an empty form is none */
		*before = NULL;
		r->end = before;
	}
	if (html >= 0)
		walk(r, g_mime_multipart_get_part(m, html), blank ? READ : DROP, depth);
	for (int i = 0; i < g_mime_multipart_get_count(m); i++)
		if (i != plain && i != html)
			walk(r, g_mime_multipart_get_part(m, i), DROP, depth);
}

/* Text before the first and behind the last boundary: shown where there are no parts, else kept as a file. */
static void around(struct reader *r, const char *text, bool shown)
{
	if (!text || r->r != OK)
		return;
	struct content c = content_memory(text, strlen(text));
	if (mime_blank(r, &c))
		return;
	char *copy = region_memdup(r->region, text, (size_t)c.size);
	if (!copy) {
		r->r = E_NOMEM;
		return;
	}
	c = content_memory(copy, (size_t)c.size);
	if (shown)
		mime_text_files(r, &c, mime_charset(r, NULL, &c));
	else
		mime_attach(r, region_printf(r->region, "ATT%u.TXT", ++r->attachments), c);
}

static void several(struct reader *r, GMimeMultipart *m, enum use use, unsigned depth)
{
	int count = g_mime_multipart_get_count(m);
	if (is(GMIME_OBJECT(m), "multipart", "alternative"))
		alternative(r, m, use, depth);
	else
		for (int i = 0; i < count && r->r == OK && !r->whole; i++)
			walk(r, g_mime_multipart_get_part(m, i), use, depth);
	if (!count)
		around(r, g_mime_multipart_get_prologue(m), use == READ);
	around(r, g_mime_multipart_get_epilogue(m), false);
}

static void walk(struct reader *r, GMimeObject *o, enum use use, unsigned depth)
{
	if (depth > MIME_DEPTH_MAX)
		r->whole = "its parts are nested too deep";
	if (!o || r->r != OK || r->whole)
		return;
	if (GMIME_IS_MULTIPART(o))
		several(r, GMIME_MULTIPART(o), use, depth + 1);
	else if (GMIME_IS_MESSAGE_PART(o))
		forwarded(r, GMIME_MESSAGE_PART(o), depth + 1);
	else
		leaf(r, o, use, NULL);
}

void mime_parts(struct reader *r, GMimeMessage *m, unsigned depth)
{
	GMimeObject *body = g_mime_message_get_mime_part(m);
	if (!body)
		r->whole = "a part of it has no header"; /* and GMime has not kept its bytes */
	if (body && GMIME_IS_PART(body) && r->r == OK && !r->whole)
		leaf(r, body, READ, m);
	else
		walk(r, body, READ, depth);
}
