/* Base64, quoted-printable, and a look at a text: see encode.h. Owns nothing. */
#include "translate/encode.h"

#include <string.h>

#define BASE64_COLUMNS 76
#define QUOTED_COLUMNS 76
#define PLAIN_COLUMNS 998 /* RFC 5322 2.1.1 */

/* ---- base64 ---- */

static enum result put_group(struct encode_base64 *e)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *h = e->held;
	char out[4] = {digits[h[0] >> 2], digits[(h[0] & 3) << 4 | h[1] >> 4],
		       digits[(h[1] & 15) << 2 | h[2] >> 6], digits[h[2] & 63]};
	if (e->held_n < 3)
		out[3] = '=';
	if (e->held_n < 2)
		out[2] = '=';
	enum result r = sink_write(e->to, out, sizeof out);
	memset(e->held, 0, sizeof e->held);
	e->held_n = 0;
	e->column += sizeof out;
	if (r == OK && e->column == BASE64_COLUMNS) {
		e->column = 0;
		r = sink_puts(e->to, ending_text(e->ending));
	}
	return r;
}

static enum result base64_write(struct sink *s, const void *bytes, size_t n)
{
	struct encode_base64 *e = (struct encode_base64 *)s;
	const unsigned char *p = bytes;
	enum result r = OK;
	for (size_t i = 0; r == OK && i < n; i++) {
		e->held[e->held_n++] = p[i];
		if (e->held_n == sizeof e->held)
			r = put_group(e);
	}
	return r;
}

void encode_base64_begin(struct encode_base64 *e, struct sink *to, enum ending ending)
{
	memset(e, 0, sizeof *e);
	e->in.write = base64_write;
	e->to = to;
	e->ending = ending;
}

enum result encode_base64_pad(struct encode_base64 *e)
{
	return e->held_n ? put_group(e) : OK;
}

enum result encode_base64_end(struct encode_base64 *e)
{
	enum result r = encode_base64_pad(e);
	if (r == OK && e->column)
		r = sink_puts(e->to, ending_text(e->ending));
	return r;
}

/* ---- quoted-printable ---- */

static enum result quoted_piece(struct encode_quoted *e, const char *piece, size_t n)
{
	enum result r = OK;
	if (e->n + n > QUOTED_COLUMNS - 1) {
		r = sink_write(e->to, e->line, e->n);
		if (r == OK)
			r = sink_puts(e->to, "=");
		if (r == OK)
			r = sink_puts(e->to, ending_text(e->ending));
		e->n = 0;
	}
	memcpy(e->line + e->n, piece, n);
	e->n += n;
	return r;
}

static enum result quoted_hex(struct encode_quoted *e, unsigned char c)
{
	static const char digits[] = "0123456789ABCDEF";
	char piece[3] = {'=', digits[c >> 4], digits[c & 15]};
	return quoted_piece(e, piece, sizeof piece);
}

/* A blank at the end of a line would not survive: it is encoded there. */
static enum result quoted_blank(struct encode_quoted *e, bool ends)
{
	char c = e->last;
	e->last = 0;
	if (!c)
		return OK;
	return ends ? quoted_hex(e, (unsigned char)c) : quoted_piece(e, &c, 1);
}

static enum result quoted_line_end(struct encode_quoted *e)
{
	enum result r = quoted_blank(e, true);
	if (r == OK)
		r = sink_write(e->to, e->line, e->n);
	e->n = 0;
	return r == OK ? sink_puts(e->to, ending_text(e->ending)) : r;
}

static enum result quoted_byte(struct encode_quoted *e, unsigned char c)
{
	bool after_cr = e->cr;
	e->cr = c == '\r';
	if (c == '\n' && after_cr)
		return OK;
	if (c == '\r' || c == '\n')
		return quoted_line_end(e);
	enum result r = quoted_blank(e, false);
	if (r != OK)
		return r;
	if (c == ' ' || c == '\t') {
		e->last = (char)c;
		return OK;
	}
	char plain = (char)c;
	return c < ' ' || c > '~' || c == '=' ? quoted_hex(e, c) : quoted_piece(e, &plain, 1);
}

static enum result quoted_write(struct sink *s, const void *bytes, size_t n)
{
	struct encode_quoted *e = (struct encode_quoted *)s;
	enum result r = OK;
	for (size_t i = 0; r == OK && i < n; i++)
		r = quoted_byte(e, ((const unsigned char *)bytes)[i]);
	return r;
}

void encode_quoted_begin(struct encode_quoted *e, struct sink *to, enum ending ending)
{
	memset(e, 0, sizeof *e);
	e->in.write = quoted_write;
	e->to = to;
	e->ending = ending;
}

enum result encode_quoted_end(struct encode_quoted *e)
{
	enum result r = quoted_blank(e, true);
	if (r == OK)
		r = sink_write(e->to, e->line, e->n);
	e->n = 0;
	return r;
}

/* ---- a look ---- */

static enum result look_write(struct sink *s, const void *bytes, size_t n)
{
	struct encode_look *l = (struct encode_look *)s;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = ((const unsigned char *)bytes)[i];
		bool end = c == '\r' || c == '\n';
		l->eight = l->eight || c > '~';
		l->control = l->control || (c < ' ' && !end && c != '\t');
		l->column = end ? 0 : l->column + 1;
		l->long_line = l->long_line || l->column > PLAIN_COLUMNS;
	}
	return OK;
}

void encode_look_begin(struct encode_look *l)
{
	memset(l, 0, sizeof *l);
	l->in.write = look_write;
}

bool encode_look_plain(const struct encode_look *l)
{
	return !l->eight && !l->control && !l->long_line;
}
