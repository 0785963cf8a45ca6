/* Undeclared bytes above 127: see eight_bit.h. Owns nothing; fails for memory and the buffer's bound. */
#include "mail/eight_bit.h"

#include "base/base64.h"
#include "base/scan.h"
#include "base/text.h"
#include "mail/fold.h"

#include <stdio.h>
#include <string.h>

#define WORD_BYTES 42 /* in one encoded word: with its charset at most 75 characters */

bool mail_eight_bit_in(const char *bytes, size_t n)
{
	return scan_ascii(bytes, n) < n;
}

/* Length of the UTF-8 character at the front of n bytes; 0: there is none; beyond n: it was cut. */
static size_t character(const char *at, size_t n)
{
	unsigned char c = (unsigned char)*at;
	size_t want = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	if (c < 0x80)
		return 1;
	if (want > n)
		return c >= 0xc2 && c <= 0xf4 ? want : 0;
	return text_utf8_n(at, n);
}

const char *mail_eight_bit_charset(const char *bytes, size_t n, bool whole)
{
	for (size_t i = 0; (i += scan_ascii(bytes + i, n - i)) < n;) {
		size_t len = character(bytes + i, n - i);
		if (!len || (len > n - i && whole))
			return "windows-1252";
		if (len > n - i)
			break;
		i += len;
	}
	return "utf-8";
}

struct encoder {
	struct mail_fold fold;
	const char *charset;
	bool utf8;
};

/* A run of words as encoded words, in a pair of parentheses or none; blanks within it are part of it (RFC 2047 section 6.2). */
static void put_encoded(struct encoder *e, const char *text, size_t n, bool comment)
{
	for (bool first = true; n; first = false) {
		size_t take = 0, len;
		for (; take < n; take += len) {
			len = e->utf8 ? character(text + take, n - take) : 1;
			if (take + len > WORD_BYTES || !len || len > n - take)
				break;
		}
		take += !take; /* a character that was cut */
		struct buf word;
		buf_init(&word, 0);
		enum result r =
			buf_printf(&word, "%s=?%s?B?", comment && first ? "(" : "", e->charset);
		if (r == OK)
			r = base64_encode(&word, text, take);
		if (r == OK)
			r = buf_puts(&word, comment && take == n ? "?=)" : "?=");
		const char *whole = r == OK ? buf_string(&word) : NULL;
		if (whole)
			mail_fold_word(&e->fold, whole);
		else
			e->fold.result = E_NOMEM;
		buf_free(&word);
		text += take;
		n -= take;
	}
}

static size_t word_len(const char *at)
{
	return strcspn(at, " ");
}

/* How much of the text from a word with such bytes on is encoded in one go: up to the last word of the kind in a row. */
static size_t run_len(const char *at)
{
	size_t n = word_len(at);
	while (at[n] == ' ' && mail_eight_bit_in(at + n + 1, word_len(at + n + 1)))
		n += 1 + word_len(at + n + 1);
	return n;
}

static void put_word(struct encoder *e, const char *at, size_t n)
{
	char word[MAIL_LINE_MAX];
	for (; n; n -= strlen(word), at += strlen(word)) {
		snprintf(word, sizeof word, "%.*s", (int)(n < 900 ? n : 900), at);
		mail_fold_word(&e->fold, word);
	}
}

static void put_text(struct encoder *e, const char *at)
{
	while (*at) {
		size_t n = word_len(at);
		if (mail_eight_bit_in(at, n)) {
			n = run_len(at);
			put_encoded(e, at, n, false);
		} else if (n) {
			put_word(e, at, n);
		}
		at += n;
		at += strspn(at, " ");
	}
}

/* A quoted name without its quotes. */
static void put_quoted(struct encoder *e, const char *at)
{
	char name[MAIL_LINE_MAX];
	size_t n = 0;
	for (at++; *at && *at != '"'; at++) {
		if (*at == '\\' && at[1])
			at++;
		if (n < sizeof name - 1)
			name[n++] = *at;
	}
	name[n] = '\0';
	put_encoded(e, name, n, false);
}

/* With its parentheses; 0: there is none, or it has no end. */
static size_t comment_len(const char *at)
{
	size_t depth = 0, n = 0;
	do {
		if (at[n] == '\\' && at[n + 1])
			n++;
		else if (at[n] == '(')
			depth++;
		else if (at[n] == ')')
			depth--;
		n += at[n] != '\0';
	} while (depth && at[n]);
	return depth ? 0 : n;
}

/* Where the item at the front of a list of persons ends: a quoted name, an address in brackets, a comment that is to be encoded, a word. */
static size_t item_len(const char *at)
{
	size_t n = *at == '(' ? comment_len(at) : 0;
	if (n && mail_eight_bit_in(at, n))
		return n;
	n = 1;
	if (*at == '"') {
		for (; at[n] && at[n] != '"'; n++)
			n += at[n] == '\\' && at[n + 1];
		return n + (at[n] == '"');
	}
	if (*at == '<')
		return strcspn(at, ">") + (strchr(at, '>') != NULL);
	return *at == ',' ? 1 : 1 + strcspn(at + 1, " <\",(");
}

/* Is the item to be encoded? An address cannot be. */
static bool is_high(const char *at, size_t n)
{
	bool name = *at == '"' || *at == '(' || !memchr(at, '@', n);
	return mail_eight_bit_in(at, n) && *at != '<' && name;
}

/* Words of this kind in a row are one: a reader drops the blanks between encoded words. */
static size_t name_len(const char *at, size_t n)
{
	while (at[n] == ' ' && !strchr("\"<,(", at[n + 1])) {
		size_t next = item_len(at + n + 1);
		if (!is_high(at + n + 1, next))
			break;
		n += 1 + next;
	}
	return n;
}

static void put_persons(struct encoder *e, const char *at)
{
	while (*at) {
		size_t n = item_len(at);
		bool high = is_high(at, n);
		if (high && *at == '"') {
			put_quoted(e, at);
		} else if (high && *at == '(' && at[n - 1] == ')') {
			put_encoded(e, at + 1, n - 2, true);
		} else if (high) {
			n = name_len(at, n);
			put_encoded(e, at, n, false);
		} else {
			bool comma = at[n] == ',';
			put_word(e, at, n + comma);
			n += comma;
		}
		at += n;
		at += strspn(at, " ");
	}
}

enum result mail_eight_bit_field(struct buf *out, const char *name, const char *value, bool persons)
{
	char colon[128];
	struct encoder e = {.charset = mail_eight_bit_charset(value, strlen(value), true)};
	e.utf8 = strcmp(e.charset, "utf-8") == 0;
	snprintf(colon, sizeof colon, "%.100s:", name);
	mail_fold_start(&e.fold, out, " ", 76);
	mail_fold_word(&e.fold, colon);
	if (persons)
		put_persons(&e, value);
	else
		put_text(&e, value);
	return mail_fold_end(&e.fold);
}
