/* Undeclared bytes above 127: see eight_bit.h. Owns nothing; fails for memory and the buffer's bound. */
#include "mail/eight_bit.h"

#include "base/base64.h"
#include "base/text.h"
#include "mail/fold.h"

#include <stdio.h>
#include <string.h>

#define WORD_BYTES 42 /* in one encoded word: with its charset at most 75 characters */

bool mail_eight_bit_in(const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)bytes[i] > 127)
			return true;
	return false;
}

/* Length of the UTF-8 character at the front of n bytes; 0: there is none; beyond n: it was cut. */
static size_t character(const char *at, size_t n)
{
	char copy[5] = "";
	unsigned char c = (unsigned char)*at;
	size_t want = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	if (c < 0x80)
		return 1;
	if (want > n)
		return c >= 0xc2 && c <= 0xf4 ? want : 0;
	memcpy(copy, at, want);
	return text_utf8(copy);
}

const char *mail_eight_bit_charset(const char *bytes, size_t n, bool whole)
{
	for (size_t i = 0; i < n;) {
		size_t len = character(bytes + i, n - i);
		if (!len || (len > n - i && whole))
			return "windows-1252";
		i += len;
	}
	return "utf-8";
}

struct encoder {
	struct mail_fold fold;
	const char *charset;
	bool utf8;
};

/* A run of words as encoded words; blanks within it are part of it (RFC 2047 section 6.2). */
static void put_encoded(struct encoder *e, const char *text, size_t n)
{
	while (n) {
		size_t take = 0, len;
		for (; take < n; take += len) {
			len = e->utf8 ? character(text + take, n - take) : 1;
			if (take + len > WORD_BYTES || !len || len > n - take)
				break;
		}
		take += !take; /* a character that was cut */
		struct buf word;
		buf_init(&word, 0);
		enum result r = buf_printf(&word, "=?%s?B?", e->charset);
		if (r == OK)
			r = base64_encode(&word, text, take);
		if (r == OK)
			r = buf_puts(&word, "?=");
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
			put_encoded(e, at, n);
		} else if (n) {
			put_word(e, at, n);
		}
		at += n;
		at += strspn(at, " ");
	}
}

/* A quoted name without its quotes; returns what stands behind it. */
static const char *put_quoted(struct encoder *e, const char *at)
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
	put_encoded(e, name, n);
	return *at ? at + 1 : at;
}

/* Where the item at the front of a list of persons ends: a quoted name, an address in brackets, a word. */
static size_t item_len(const char *at)
{
	size_t n = 1;
	if (*at == '"') {
		for (; at[n] && at[n] != '"'; n++)
			n += at[n] == '\\' && at[n + 1];
		return n + (at[n] == '"');
	}
	if (*at == '<')
		return strcspn(at, ">") + (strchr(at, '>') != NULL);
	return *at == ',' ? 1 : strcspn(at, " <\",");
}

static void put_persons(struct encoder *e, const char *at)
{
	while (*at) {
		size_t n = item_len(at);
		bool high = mail_eight_bit_in(at, n) && *at != '<' && !memchr(at, '@', n);
		if (high && *at == '"') {
			put_quoted(e, at);
		} else if (high) {
			put_encoded(e, at, n);
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
