/* Values of header fields: see encode.h. Owns nothing. */
#include "base/text.h"
#include "translate/encode.h"

#include <string.h>

#define PLAIN_MOST 900 /* bytes of a value that stands on one line */
#define WORD_BYTES 42  /* bytes of text in an encoded word: 56 of base64, within 75 (RFC 2047 2) */
#define PIECE_BYTES 60 /* of an RFC 2231 piece */

static bool plain(const char *text)
{
	for (const char *p = text; *p; p++)
		if (*p < ' ' || *p > '~')
			return false;
	return strlen(text) <= PLAIN_MOST && !strstr(text, "=?") && *text != ' ' &&
	       (!*text || text[strlen(text) - 1] != ' ');
}

/* How many bytes of text fit a word without breaking a character. */
static size_t word_length(const char *text, size_t most)
{
	size_t n = 0;
	while (text[n]) {
		size_t len = text_utf8(text + n);
		len = len ? len : 1;
		if (n + len > most)
			break;
		n += len;
	}
	return n;
}

static enum result put_word(struct sink *to, const char *text, size_t n)
{
	struct encode_base64 e;
	enum result r = sink_puts(to, "=?UTF-8?B?");
	encode_base64_begin(&e, to, ENDING_LF);
	if (r == OK)
		r = sink_write(&e.in, text, n);
	return r == OK ? encode_base64_pad(&e) : r; /* a word is shorter than a line of base64 */
}

enum result encode_header(struct sink *to, enum ending ending, const char *text)
{
	enum result r = OK;
	if (plain(text))
		return sink_puts(to, text);
	for (size_t n; r == OK && *text; text += n) {
		n = word_length(text, WORD_BYTES);
		r = put_word(to, text, n);
		if (r == OK)
			r = sink_puts(to, "?=");
		if (r == OK && text[n]) {
			r = sink_puts(to, ending_text(ending));
			if (r == OK)
				r = sink_puts(to, " ");
		}
	}
	return r;
}

static enum result put_start(struct sink *to, enum ending ending)
{
	enum result r = sink_puts(to, ";");
	if (r == OK)
		r = sink_puts(to, ending_text(ending));
	return r == OK ? sink_puts(to, "\t") : r;
}

static enum result put_quoted(struct sink *to, enum ending ending, const char *name,
			      const char *text)
{
	enum result r = put_start(to, ending);
	if (r == OK)
		r = sink_printf(to, "%s=\"", name);
	for (; r == OK && *text; text++) {
		if (*text == '"' || *text == '\\')
			r = sink_puts(to, "\\");
		if (r == OK)
			r = sink_write(to, text, 1);
	}
	return r == OK ? sink_puts(to, "\"") : r;
}

static size_t percent(char *out, unsigned char c)
{
	static const char digits[] = "0123456789ABCDEF";
	bool letter = (c >= '0' && c <= '9') ||
		      (text_lower((char)c) >= 'a' && text_lower((char)c) <= 'z');
	if (letter || (c && strchr("-._~", c))) {
		*out = (char)c;
		return 1;
	}
	out[0] = '%';
	out[1] = digits[c >> 4];
	out[2] = digits[c & 15];
	return 3;
}

enum result encode_parameter(struct sink *to, enum ending ending, const char *name,
			     const char *text)
{
	enum result r = OK;
	if (plain(text) && strlen(text) <= PIECE_BYTES)
		return put_quoted(to, ending, name, text);
	for (unsigned piece = 0; r == OK && (*text || !piece); piece++) {
		char out[PIECE_BYTES];
		size_t n = 0;
		while (*text && n + 3 <= sizeof out)
			n += percent(out + n, (unsigned char)*text++);
		r = put_start(to, ending);
		if (r == OK)
			r = sink_printf(to, "%s*%u*=%s%.*s", name, piece, piece ? "" : "UTF-8''",
					(int)n, out);
	}
	return r;
}
