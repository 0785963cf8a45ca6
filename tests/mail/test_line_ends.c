/* line_ends: every kind of end, split at every place. */
#include "mail/line_ends.h"

#include "base/buf.h"
#include "support/suite.h"

#include <string.h>

static enum result text(void *ctx, const char *bytes, size_t n)
{
	return buf_append(ctx, bytes, n);
}

static enum result end(void *ctx)
{
	return buf_puts(ctx, "|");
}

static const char *const rows[][2] = {
	{"", ""},
	{"a", "a|"},
	{"a\n", "a|"},
	{"a\r\nb\r\n", "a|b|"},
	{"a\rb", "a|b|"},
	{"a\r\r\r\nb", "a|b|"},
	{"a\r\rb\r", "a|b|"},
	{"\n\n", "||"},
	{"\r\n\r\n", "||"},
	{"\n\r", "||"},
	{"\r", "|"},
	{"a\n\r\nb", "a||b|"},
	{"long line\nand another\r\n\r\nlast", "long line|and another||last|"},
};

START_TEST(ends)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t n = strlen(rows[i][0]);
		for (size_t at = 0; at <= n; at++) {
			struct buf b;
			buf_init(&b, 0);
			struct mail_line_ends e = {.text = text, .end = end, .ctx = &b};
			ck_assert_int_eq(mail_line_ends_put(&e, rows[i][0], at), OK);
			ck_assert_int_eq(mail_line_ends_put(&e, rows[i][0] + at, n - at), OK);
			ck_assert_int_eq(mail_line_ends_over(&e), OK);
			ck_assert_str_eq(buf_string(&b), rows[i][1]);
			buf_free(&b);
		}
	}
}
END_TEST

/* A failure stops it at once, wherever it is. */
START_TEST(full)
{
	struct buf b;
	for (size_t most = 1; most < 6; most++) {
		buf_init(&b, most);
		struct mail_line_ends e = {.text = text, .end = end, .ctx = &b};
		enum result r = mail_line_ends_put(&e, "ab\ncd\n", 6);
		ck_assert_int_eq(r, E_LIMIT);
		ck_assert_uint_le(b.len, most);
		buf_free(&b);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("mail/line_ends");
	TCase *tc = tcase_create("lines");
	tcase_add_test(tc, ends);
	tcase_add_test(tc, full);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
