/* lines: every kind of end, lines longer than are told, and reads that give a byte at a time. */
#include "translate/lines.h"

#include "support/suite.h"

#include <string.h>

static void is_line(struct lines *l, const char *text, uint64_t start, uint64_t end)
{
	ck_assert(lines_next(l));
	ck_assert_str_eq(l->text, text);
	ck_assert_uint_eq(l->start, start);
	ck_assert_uint_eq(l->end, end);
}

START_TEST(ends)
{
	struct lines l;
	struct content c = content_memory("a\rb\nc\r\n\r\n\n\rlast", 15);
	for (c.most = 0; c.most < 4; c.most++) {
		lines_begin(&l, &c, 0);
		is_line(&l, "a", 0, 2);
		is_line(&l, "b", 2, 4);
		is_line(&l, "c", 4, 7);
		is_line(&l, "", 7, 9);
		is_line(&l, "", 9, 10);
		is_line(&l, "", 10, 11);
		is_line(&l, "last", 11, 15);
		ck_assert(!lines_next(&l));
		lines_begin(&l, &c, 2);
		is_line(&l, "b", 2, 4);
		ck_assert_int_eq(lines_byte(&l), 'c');
		is_line(&l, "", 5, 7);
	}
}
END_TEST

START_TEST(longest)
{
	static char text[9000];
	struct lines l;
	memset(text, 'x', sizeof text);
	memcpy(text + sizeof text - 3, "\r\ny", 3);
	struct content c = content_memory(text, sizeof text);
	lines_begin(&l, &c, 0);
	ck_assert(lines_next(&l));
	ck_assert_uint_eq(l.n, LINES_MOST);
	ck_assert_uint_eq(l.size, sizeof text - 3);
	is_line(&l, "y", sizeof text - 1, sizeof text);
}
END_TEST

START_TEST(unreadable)
{
	struct lines l;
	struct content c = content_file(-1, 0, 10);
	lines_begin(&l, &c, 0);
	ck_assert(!lines_next(&l));
	ck_assert_int_ne(l.r, OK);
	ck_assert_int_eq(lines_byte(&l), -1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("translate/lines");
	SUITE_CASE(s, "lines", ends, longest, unreadable);
	return s;
}
SUITE_MAIN(suite)
