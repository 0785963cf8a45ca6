/* What the parts of a mail hold, and the text that is made of it: see mime_reader.h. Owns the converters during a text. */
#include "translate/mime_reader.h"

#include "base/text.h"
#include "translate/charset.h"
#include "translate/html_text.h"
#include "translate/mime_write.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define PIECES_MAX 4000

/* ---- out of the mail ---- */

static GMimeStream *scratch_end(struct reader *r, uint64_t *at)
{
	off_t end = lseek(r->source->scratch, 0, SEEK_END);
	*at = (uint64_t)end;
	if (end < 0) {
		r->r = result_of_errno(errno);
		return NULL;
	}
	GMimeStream *s = g_mime_stream_fs_new(r->source->scratch);
	g_mime_stream_fs_set_owner(GMIME_STREAM_FS(s), FALSE);
	return s;
}

static struct content scratch_since(struct reader *r, uint64_t at, bool written)
{
	off_t end = lseek(r->source->scratch, 0, SEEK_END);
	if (written && end >= (off_t)at)
		return content_file(r->source->scratch, at, (uint64_t)end - at);
	r->r = errno ? result_of_errno(errno) : E_IO;
	return content_memory("", 0);
}

/* Base64 that is whole: its letters alone, in fours, with nothing behind its padding. GMime takes any, and drops what does not fit. */
static bool whole_base64(GMimeDataWrapper *data)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	GMimeStream *from = g_mime_data_wrapper_get_stream(data);
	bool padded = false, is[256] = {false};
	char block[8192];
	ssize_t n;
	uint64_t count = 0;
	for (const char *p = letters; *p; p++)
		is[(unsigned char)*p] = true;
	g_mime_stream_reset(from);
	while ((n = g_mime_stream_read(from, block, sizeof block)) > 0)
		for (ssize_t i = 0; i < n; i++) {
			bool letter = is[(unsigned char)block[i]], pad = block[i] == '=';
			bool blank = block[i] == ' ' || (block[i] >= '\t' && block[i] <= '\r');
			if ((letter && padded) || (!letter && !pad && !blank))
				return false;
			padded = padded || pad;
			count += letter || pad;
		}
	g_mime_stream_reset(from);
	return count % 4 == 0; /* its end is a failure too, and decoding sees true ones */
}

struct content mime_decode(struct reader *r, GMimePart *part)
{
	GMimeDataWrapper *data = g_mime_part_get_content(part);
	uint64_t at;
	if (!data || r->r != OK)
		return content_memory("", 0);
	if (g_mime_part_get_content_encoding(part) == GMIME_CONTENT_ENCODING_BASE64)
		r->doubtful = r->doubtful || !whole_base64(data);
	GMimeStream *to = scratch_end(r, &at);
	if (!to)
		return content_memory("", 0);
	errno = 0;
	bool written =
		g_mime_data_wrapper_write_to_stream(data, to) >= 0 && g_mime_stream_flush(to) == 0;
	g_object_unref(to);
	return scratch_since(r, at, written);
}

struct content mime_encoded(struct reader *r, GMimePart *part)
{
	GMimeDataWrapper *data = g_mime_part_get_content(part);
	GMimeStream *from = data ? g_mime_data_wrapper_get_stream(data) : NULL;
	uint64_t at;
	GMimeStream *to = from && r->r == OK ? scratch_end(r, &at) : NULL;
	if (!to)
		return content_memory("", 0);
	errno = 0;
	g_mime_stream_reset(from);
	bool written = g_mime_stream_write_to_stream(from, to) >= 0 && g_mime_stream_flush(to) == 0;
	g_object_unref(to);
	return scratch_since(r, at, written);
}

struct content mime_raw(struct reader *r, GMimeObject *object)
{
	uint64_t at;
	GMimeStream *to = r->r == OK ? scratch_end(r, &at) : NULL;
	if (!to)
		return content_memory("", 0);
	errno = 0;
	GMimeFormatOptions *form = g_mime_format_options_clone(NULL);
	g_mime_format_options_set_newline_format(form, GMIME_NEWLINE_FORMAT_DOS);
	bool written = g_mime_object_write_to_stream(object, form, to) >= 0 &&
		       g_mime_stream_flush(to) == 0;
	g_mime_format_options_free(form);
	g_object_unref(to);
	return scratch_since(r, at, written);
}

/* Hands a content to fn in blocks, until it says that it has seen enough. */
static void each_block(struct reader *r, const struct content *c,
		       bool (*fn)(void *ctx, const char *bytes, size_t n), void *ctx)
{
	char block[8192];
	size_t got = 0;
	for (uint64_t at = 0; r->r == OK && at < c->size; at += got) {
		r->r = content_read(c, at, block, sizeof block, &got);
		if (r->r == OK && !fn(ctx, block, got))
			return;
	}
}

static bool only_blanks(void *ctx, const char *bytes, size_t n)
{
	bool *blank = ctx;
	for (size_t i = 0; i < n && *blank; i++)
		*blank = bytes[i] == ' ' || (bytes[i] >= '\t' && bytes[i] <= '\r');
	return *blank;
}

bool mime_blank(struct reader *r, const struct content *c)
{
	bool blank = true;
	each_block(r, c, only_blanks, &blank);
	return blank;
}

void mime_alone(struct reader *r, const struct content *c, uint64_t start, uint64_t end)
{
	const struct content before = content_part(c, 0, start);
	const struct content behind = content_part(c, end, c->size - end);
	r->doubtful = r->doubtful || !mime_blank(r, &before) || !mime_blank(r, &behind);
}

/* ---- charsets ---- */

struct looked {
	bool utf8, nul;
	char held[4]; /* the beginning of a character */
	size_t held_n;
};

static bool look_utf8(void *ctx, const char *bytes, size_t n)
{
	struct looked *l = ctx;
	for (size_t i = 0; i < n && l->utf8; i++) {
		unsigned char c = (unsigned char)bytes[i];
		l->nul = l->nul || !c;
		if (!l->held_n && c < 0x80)
			continue;
		char whole[5] = "";
		l->held[l->held_n++] = bytes[i];
		memcpy(whole, l->held, l->held_n);
		unsigned char first = (unsigned char)whole[0];
		size_t want = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
		l->utf8 = want && (l->held_n < want ? (l->held_n == 1 || (c & 0xc0) == 0x80)
						    : text_utf8(whole) == want);
		if (l->held_n == want)
			l->held_n = 0;
	}
	return l->utf8;
}

/* Charsets of two bytes and more, in which no text of a line is without NULs: mails say so of what is not. */
static bool is_wide(const char *declared)
{
	static const char *const names[] = {"utf-16", "utf16", "utf-32", "utf32",
					    "ucs-2",  "ucs2",  "ucs-4",  "ucs4"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strncasecmp(declared, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

const char *mime_charset(struct reader *r, const char *declared, const struct content *raw)
{
	static const char *const none[] = {"us-ascii", "ascii", "iso-8859-1",  "latin1",
					   "utf-8",    "utf8",  "unknown-8bit"};
	struct looked l = {.utf8 = true};
	size_t i = 0;
	while (declared && i < sizeof none / sizeof *none && !text_same(none[i], declared))
		i++;
	const bool known = declared && i == sizeof none / sizeof *none && charset_known(declared);
	if (!known || is_wide(declared))
		each_block(r, raw, look_utf8, &l);
	const bool utf8 = l.utf8 && !l.held_n;
	if (!known || (is_wide(declared) && utf8 && !l.nul))
		return utf8 ? "UTF-8" : "CP1252";
	const char *copy = region_strdup(r->region, declared);
	if (!copy)
		r->r = E_NOMEM;
	return copy ? copy : "UTF-8";
}

/* ---- pieces ---- */

void mime_add_piece(struct reader *r, struct content raw, const char *charset, bool html)
{
	struct mime_piece *p = region_alloc(r->region, sizeof *p);
	if (r->piece_count == PIECES_MAX)
		r->whole = "it has too many texts";
	if (!p)
		r->r = E_NOMEM;
	if (r->r != OK || r->whole)
		return;
	*p = (struct mime_piece){.raw = raw, .charset = charset, .html = html};
	*r->end = p;
	r->end = &p->next;
	r->piece_count++;
}

void mime_add_words(struct reader *r, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	char *made = g_strdup_vprintf(format, ap);
	va_end(ap);
	char *text = region_strdup(r->region, made);
	g_free(made);
	if (text)
		mime_add_piece(r, content_memory(text, strlen(text)), "UTF-8", false);
	else
		r->r = E_NOMEM;
}

/* A sink that converts into the postoffice's charset. */
struct converter {
	struct sink in;
	struct charset c;
};

static enum result convert(struct sink *s, const void *bytes, size_t n)
{
	return charset_put(&((struct converter *)s)->c, bytes, n);
}

static void put_content(struct reader *r, const struct content *c, struct charset *from)
{
	char block[8192];
	size_t got = 0;
	for (uint64_t at = 0; r->r == OK && at < c->size; at += got) {
		r->r = content_read(c, at, block, sizeof block, &got);
		if (r->r == OK)
			r->r = charset_put(from, block, got);
	}
}

static void put_piece(struct reader *r, const struct mime_piece *p, struct converter *to)
{
	struct html_text html;
	struct charset from;
	html_text_begin(&html, &to->in);
	r->r = charset_begin(&from, p->charset, true, p->html ? &html.in : &to->in);
	if (r->r != OK)
		return;
	put_content(r, &p->raw, &from);
	enum result end = charset_end(&from);
	r->r = r->r == OK ? end : r->r;
	if (r->r == OK && p->html)
		r->r = html_text_end(&html);
}

/* A sink behind the charset: SMTPIN.TBL. */
struct tabled {
	struct sink in;
	struct sink *to;
	const struct table *table;
};

static enum result write_tabled(struct sink *s, const void *bytes, size_t n)
{
	struct tabled *t = (struct tabled *)s;
	char block[1024];
	enum result r = OK;
	for (size_t at = 0, len; r == OK && at < n; at += len) {
		len = n - at < sizeof block ? n - at : sizeof block;
		memcpy(block, (const char *)bytes + at, len);
		if (t->table)
			table_apply(t->table, block, len);
		r = sink_write(t->to, block, len);
	}
	return r;
}

/* All of it into `to`; told (may be NULL) gets what was lost. */
static void put_text(struct reader *r, const char *head, size_t n, struct sink *to,
		     struct mime_told *told)
{
	struct converter c = {.in = {.write = convert}};
	struct tabled t = {.in = {.write = write_tabled}, .to = to, .table = r->source->table};
	r->r = charset_begin(&c.c, r->source->charset, false, &t.in);
	if (r->r != OK)
		return;
	r->r = charset_put(&c.c, head, n);
	for (struct mime_piece *p = r->pieces; p && r->r == OK; p = p->next)
		put_piece(r, p, &c);
	enum result end = charset_end(&c.c);
	r->r = r->r == OK ? end : r->r;
	if (told) {
		told->changed += c.c.changed;
		told->lost += c.c.lost;
	}
}

static void note(struct reader *r, struct buf *head, unsigned *lines)
{
	struct mime_told *t = r->told;
	if (!t->changed && !t->lost)
		return;
	if (buf_printf(head, "X-Charset-Note: %llu characters in other letters, %llu as '?'\n",
		       (unsigned long long)t->changed, (unsigned long long)t->lost) != OK)
		r->r = E_NOMEM;
	++*lines;
}

static void count_lines(struct reader *r, unsigned lines)
{
	static const char *const names[] = {"HEADLEN", MIME_FIELD_HEAD};
	char *value = region_printf(r->region, "%u", lines);
	char *length = value ? region_printf(r->region, "%zu", strlen(value)) : NULL;
	for (size_t i = 0; i < sizeof names / sizeof *names && r->r == OK; i++) {
		struct neutral_field f = {
			.type = "I", .length = length, .name = names[i], .value = value};
		r->r = length ? neutral_add_field(r->n, &f) : E_NOMEM;
	}
}

void mime_text(struct reader *r, struct buf *head, unsigned lines)
{
	struct sink to;
	sink_counting(&to);
	if (r->r == OK)
		put_text(r, buf_head(head), head->len, &to, r->told);
	if (r->r == OK)
		note(r, head, &lines);
	if (r->r == OK && lines && buf_puts(head, "\n") != OK)
		r->r = E_NOMEM;
	off_t at = lseek(r->source->scratch, 0, SEEK_END);
	if (at < 0)
		r->r = result_of_errno(errno);
	if (r->r != OK)
		return;
	sink_file(&to, file_system(), r->source->scratch);
	put_text(r, buf_head(head), head->len, &to, NULL);
	if (r->r == OK)
		r->r = sink_flush(&to);
	r->n->text = content_file(r->source->scratch, (uint64_t)at, to.count);
	if (r->r == OK && lines)
		count_lines(r, lines + 1);
}

const char *mime_string(struct reader *r, const char *text, size_t n, struct mime_told *told)
{
	char *utf8 = region_strdup(r->region, text);
	size_t len = 0;
	while (utf8 && utf8[len]) {
		size_t more = text_utf8(utf8 + len);
		if (len + (more ? more : 1) > n)
			break;
		len += more ? more : 1;
	}
	if (!utf8) {
		r->r = E_NOMEM;
		return NULL;
	}
	utf8[len] = '\0';
	for (char *p = utf8; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	const char *out = charset_string(r->region, r->source->charset, false, utf8,
					 told ? &told->changed : NULL, told ? &told->lost : NULL);
	r->r = out || r->r != OK ? r->r : E_NOMEM;
	return out;
}
