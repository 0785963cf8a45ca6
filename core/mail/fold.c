/* Wrapped lines of foreign words: see fold.h. Fails only for memory or the buffer's bound. */
#include "mail/fold.h"

#include "base/text.h"

#include <stdbool.h>
#include <string.h>

#define PIECE_MAX 900 /* of a word without blanks; with indent and a blank below MAIL_LINE_MAX */

void mail_fold_start(struct mail_fold *f, struct buf *out, const char *indent, size_t width)
{
	*f = (struct mail_fold){.out = out, .indent = indent, .width = width, .result = OK};
}

static void put(struct mail_fold *f, const char *bytes, size_t n)
{
	if (f->result == OK)
		f->result = buf_append(f->out, bytes, n);
	f->column += n;
}

void mail_fold_break(struct mail_fold *f)
{
	if (f->column)
		put(f, "\r\n", 2);
	f->column = 0;
	f->words = 0;
	put(f, f->indent, strlen(f->indent));
}

/* Bytes of a character beyond ASCII that is no control, within n; 0: there is none. */
static size_t wide_at(const char *bytes, size_t n)
{
	size_t whole = text_utf8(bytes);
	return whole < 2 || whole > n || text_code(bytes) < 0xa0 ? 0 : whole;
}

/* n bytes, at most PIECE_MAX, as one word of the line or of the next one. */
static void put_piece(struct mail_fold *f, const char *bytes, size_t n)
{
	char clean[PIECE_MAX];
	for (size_t i = 0, whole; i < n; i += whole) {
		whole = f->wide ? wide_at(bytes + i, n - i) : 0;
		if (whole)
			memcpy(clean + i, bytes + i, whole);
		else
			clean[i] = bytes[i] >= ' ' && bytes[i] <= '~' ? bytes[i] : '?';
		whole = whole ? whole : 1;
	}
	if (f->words && f->column + 1 + n > f->width)
		mail_fold_break(f);
	else if (f->words)
		put(f, " ", 1);
	put(f, clean, n);
	f->words++;
}

static void put_word(struct mail_fold *f, const char *bytes, size_t n)
{
	for (; n > PIECE_MAX; bytes += PIECE_MAX, n -= PIECE_MAX)
		put_piece(f, bytes, PIECE_MAX);
	if (n)
		put_piece(f, bytes, n);
}

void mail_fold_word(struct mail_fold *f, const char *word)
{
	put_word(f, word, strlen(word));
}

static bool separates(char c)
{
	return (c >= 0 && c <= ' ') || c == 0x7f;
}

void mail_fold_text(struct mail_fold *f, const char *text)
{
	while (*text) {
		const char *start = text;
		while (*text && !separates(*text))
			text++;
		put_word(f, start, (size_t)(text - start));
		while (*text && separates(*text))
			text++;
	}
}

enum result mail_fold_end(struct mail_fold *f)
{
	put(f, "\r\n", 2);
	f->column = 0;
	f->words = 0;
	return f->result;
}

static bool harmless(char c)
{
	c = text_lower(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr(".-_:[]", c));
}

const char *mail_fold_name(const char *name, char *out, size_t n)
{
	text_copy(out, n, name);
	for (char *p = out; *p; p++)
		if (!harmless(*p))
			*p = '?';
	return out;
}
