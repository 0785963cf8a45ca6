/* smtp/stuff: what goes out is CRLF lines with one end of data, whatever the content. */
#include "smtp/stuff.h"
#include "support/suite.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define S(text) text, sizeof(text) - 1

static const struct {
	const char *in;
	size_t n;
	const char *out;
	size_t out_n;
} rows[] = {
	{S(""), S(".\r\n")},
	{S("a\r\n"), S("a\r\n.\r\n")},
	{S("a"), S("a\r\n.\r\n")},
	{S("\r\n"), S("\r\n.\r\n")},
	{S("."), S("..\r\n.\r\n")},
	{S(".\r\n..\r\na.\r\n.b"), S("..\r\n...\r\na.\r\n..b\r\n.\r\n")},
	{S("a\n.\nb"), S("a\r\n..\r\nb\r\n.\r\n")},
	{S("a\n.\r\nb"), S("a\r\n..\r\nb\r\n.\r\n")},
	{S("a\r\n.\nb"), S("a\r\n..\r\nb\r\n.\r\n")},
	{S("a\r.\rb"), S("a . b\r\n.\r\n")},
	{S("a\r.\r\nb"), S("a .\r\nb\r\n.\r\n")},
	{S("a\r\n.\rb"), S("a\r\n.. b\r\n.\r\n")},
	{S("a\n.\rb"), S("a\r\n.. b\r\n.\r\n")},
	{S("a\r\r\n.\r\n"), S("a \r\n..\r\n.\r\n")},
	{S("a\r"), S("a \r\n.\r\n")},
	{S("\r"), S(" \r\n.\r\n")},
	{S("a\r\n\0.\r\nMAIL"), S("a\r\n .\r\nMAIL\r\n.\r\n")},
	{S("a\r\n\0\0.\r\n"), S("a\r\n \0.\r\n.\r\n")},
	{S("\0"), S(" \r\n.\r\n")},
	{S("a\0\r\n"), S("a\0\r\n.\r\n")},
	{S("\x80\xff\r\n"), S("\x80\xff\r\n.\r\n")},
};

static void stuff(struct buf *out, const char *in, size_t n, size_t a, size_t b, size_t chunk)
{
	struct smtp_stuff s = {.state = SMTP_STUFF_START};
	for (size_t at = 0; at < n;) {
		size_t piece = chunk ? chunk : at < a ? a - at : at < b ? b - at : n - at;
		size_t before = out->len;
		char *copy = malloc(piece);
		memcpy(copy, in + at, piece);
		ck_assert_int_eq(smtp_stuff_feed(&s, out, copy, piece), OK);
		ck_assert_uint_le(out->len - before, SMTP_STUFF_ROOM(piece));
		free(copy);
		at += piece;
	}
	size_t before = out->len;
	ck_assert_int_eq(smtp_stuff_end(&s, out), OK);
	ck_assert_uint_le(out->len - before, SMTP_STUFF_END);
}

START_TEST(every_split)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t a = 0; a <= rows[i].n; a++)
			for (size_t b = a; b <= rows[i].n + 1; b++) { /* one beyond: byte by byte */
				struct buf out;
				buf_init(&out, 0);
				bool bytewise = b > rows[i].n;
				stuff(&out, rows[i].in, rows[i].n, a, bytewise ? 0 : b,
				      bytewise ? 1 : 0);
				ck_assert_msg(
					out.len == rows[i].out_n &&
						memcmp(buf_head(&out), rows[i].out, out.len) == 0,
					"row %zu at %zu, %zu: %s", i, a, b, buf_string(&out));
				buf_free(&out);
			}
}
END_TEST

/* Does this hold one end of data, at its end, for every server: also one that drops NULs, also one
 * that takes a bare CR or LF for a line end? */
static void assert_safe(const struct buf *out)
{
	const char *text = buf_head(out);
	char seen[64] = "\r\n";
	size_t n = 2;
	for (size_t i = 0; i < out->len; i++) {
		ck_assert(text[i] != '\n' || (i && text[i - 1] == '\r'));
		ck_assert(text[i] != '\r' || (i + 1 < out->len && text[i + 1] == '\n'));
		if (text[i])
			seen[n++] = text[i];
	}
	ck_assert_ptr_eq(memmem(seen, n, "\r\n.\r\n", 5), seen + n - 5);
}

START_TEST(exhaustive)
{
	static const char alphabet[] = "\r\n.\0a";
	enum { LENGTH = 7, BASE = 5 };
	unsigned total = 1;
	for (int i = 0; i < LENGTH; i++)
		total *= BASE;
	struct buf out;
	buf_init(&out, 0);
	for (unsigned k = 0; k < total; k++) {
		char text[LENGTH];
		unsigned rest = k;
		for (int i = 0; i < LENGTH; i++, rest /= BASE)
			text[i] = alphabet[rest % BASE];
		buf_clear(&out);
		stuff(&out, text, LENGTH, k % LENGTH, LENGTH, 0);
		assert_safe(&out);
	}
	buf_free(&out);
}
END_TEST

START_TEST(output_full)
{
	struct buf out;
	struct smtp_stuff s = {.state = SMTP_STUFF_START};
	buf_init(&out, 4);
	ck_assert_int_eq(smtp_stuff_feed(&s, &out, "12345", 5), E_LIMIT);
	ck_assert_int_eq(smtp_stuff_feed(&s, &out, "1234", 4), OK);
	ck_assert_int_eq(smtp_stuff_end(&s, &out), E_LIMIT);
	buf_free(&out);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/stuff");
	SUITE_CASE(s, "content", every_split, exhaustive);
	SUITE_CASE(s, "full", output_full);
	return s;
}
SUITE_MAIN(suite)
