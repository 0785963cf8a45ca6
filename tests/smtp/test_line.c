/* smtp/line: lines at every split point, over-long ones, memory that is short. */
#include "smtp/line.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

/* Everything that comes out, as text: "[line]" CRLF, "{line}" bare LF, "!" too long. */
static void take_all(struct smtp_line *l, struct buf *to, const char *bytes, size_t n)
{
	char *copy = malloc(n ? n : 1);
	memcpy(copy, bytes, n);
	size_t used;
	for (size_t at = 0; at < n; at += used)
		switch (smtp_line_take(l, copy + at, n - at, &used)) {
		case SMTP_LINE_MORE:
			ck_assert_uint_eq(at + used, n);
			break;
		case SMTP_LINE_WHOLE:
			ck_assert_int_eq(
				buf_printf(to, l->bare ? "{%.*s}" : "[%.*s]", (int)l->n, l->text),
				OK);
			break;
		case SMTP_LINE_LONG:
			ck_assert_uint_eq(l->n, l->max);
			ck_assert_int_eq(buf_puts(to, "!"), OK);
			break;
		case SMTP_LINE_NOMEM:
			ck_abort_msg("memory");
		}
	free(copy);
}

static void check(const char *in, const char *want)
{
	size_t n = strlen(in);
	for (size_t split = 0; split <= n; split++)
		for (size_t second = split; second <= n; second++) {
			struct smtp_line l;
			struct buf got;
			buf_init(&got, 0);
			smtp_line_init(&l, 10);
			take_all(&l, &got, in, split);
			take_all(&l, &got, in + split, second - split);
			take_all(&l, &got, in + second, n - second);
			ck_assert_msg(strcmp(buf_string(&got), want) == 0, "%s at %zu, %zu: %s", in,
				      split, second, buf_string(&got));
			ck_assert_uint_le(l.held.cap, 128);
			smtp_line_free(&l);
			buf_free(&got);
		}
}

START_TEST(lines)
{
	check("a\r\nbc\r\n\r\n", "[a][bc][]");
	check("a\nb\r\n\n", "{a}[b]{}");
	check("a\rb\r\r\n", "[a\rb\r]");
	check("unfinished", "");
}
END_TEST

START_TEST(bound)
{
	check("12345678\r\nx\r\n", "[12345678][x]"); /* 10 with its end */
	check("123456789\r\nx\r\n", "![x]");
	check("123456789\nx\r\n", "{123456789}[x]");
	check("1234567890\nx\r\n", "![x]");
	check("12345678901234567890123456789012345\r\nx\r\n12345678901\r\n\r\n", "![x]![]");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/line");
	SUITE_CASE(s, "lines", lines);
	SUITE_CASE(s, "bound", bound);
	return s;
}
SUITE_MAIN(suite)
