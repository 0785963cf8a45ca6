/* The line before a destination: its order, how long it lasts, what is cut from it and when that comes back. */
#include "gateway/dest_line.h"
#include "spool/spool.h"
#include "support/suite.h"

#include <stdlib.h>

#define COUNT 40

static struct spool_message messages[COUNT];
static struct active actives[COUNT];
static struct delivery groups[COUNT];
static struct conf_route urgent = {.priority = MAIL_URGENT + 1};
static struct dest_line line;

static void setup(void)
{
	dest_line_init(&line);
	for (size_t i = 0; i < COUNT; i++) {
		messages[i] = (struct spool_message){.envelope.priority = MAIL_NORMAL};
		actives[i] = (struct active){.message = &messages[i]};
		groups[i] = (struct delivery){.active = &actives[i], .cost = 10};
	}
}

static void add(size_t from, size_t to, int64_t now)
{
	for (size_t i = from; i < to; i++)
		dest_line_add(&line, &groups[i], now);
}

static size_t number(const struct delivery *g)
{
	return (size_t)(g - groups);
}

START_TEST(the_more_urgent_first)
{
	ck_assert_ptr_null(dest_line_first(&line));
	messages[0].envelope.priority = MAIL_BULK;
	messages[2].envelope.priority = MAIL_URGENT;
	messages[4].envelope.priority = MAIL_BULK;
	groups[4].decision.route = &urgent; /* a route's priority is above the message's own */
	add(0, 5, 0);
	ck_assert_uint_eq(line.count, 5);
	ck_assert_uint_eq(line.bytes, 50);
	static const size_t order[] = {2, 4, 1, 3, 0};
	for (size_t i = 0; i < 5; i++) {
		ck_assert_ptr_eq(dest_line_first(&line), &groups[order[i]]);
		ck_assert_uint_eq(number(dest_line_take(&line, 0)), order[i]);
	}
	ck_assert_ptr_null(dest_line_first(&line));
	ck_assert_uint_eq(line.count + line.bytes, 0);
	add(7, 8, 0); /* an emptied line is a line */
	ck_assert_uint_eq(number(dest_line_take(&line, 0)), 7);
}
END_TEST

START_TEST(how_long_it_lasts)
{
	add(0, COUNT, 1000);
	ck_assert_int_eq(dest_line_lasts(&line, 1000), 0);              /* nothing is known of it */
	ck_assert_int_eq(dest_line_lasts(&line, 6000), 0);              /* nobody calls that slow */
	ck_assert_int_eq(dest_line_lasts(&line, 11000), COUNT * 10000); /* it has stalled */
	int64_t now = 1000;
	for (size_t i = 0; i < 30; i++)
		dest_line_take(&line, now += 2000); /* 30 a minute */
	int64_t lasts = dest_line_lasts(&line, now);
	ck_assert_int_gt(lasts, 10 * 1900);
	ck_assert_int_le(lasts, 10 * 2000);
	for (size_t i = 0; i < 9; i++)
		dest_line_take(&line, now += 1);
	ck_assert_int_lt(dest_line_lasts(&line, now), 1000); /* it is fast again */
}
END_TEST

START_TEST(what_is_cut)
{
	add(0, 20, 1000);
	messages[20].envelope.priority = MAIL_URGENT;
	add(20, 21, 1000);
	struct delivery *cut = dest_line_cut(&line, 55, 100);
	ck_assert_uint_eq(line.count, 5);
	ck_assert_uint_eq(line.bytes, 50);
	ck_assert_ptr_eq(dest_line_first(&line), &groups[20]);
	size_t n = 0;
	for (; cut; cut = cut->next)
		ck_assert_uint_eq(number(cut), 4 + n++);
	ck_assert_uint_eq(n, 16);
	cut = dest_line_cut(&line, 1000, 2);
	ck_assert_uint_eq(line.count, 2);
	ck_assert_uint_eq(number(cut), 1);
	cut = dest_line_cut(&line, 5, 2); /* one always stays */
	ck_assert_uint_eq(line.count, 1);
	ck_assert_uint_eq(number(cut), 0);
	ck_assert_ptr_null(dest_line_cut(&line, 5, 0));
	ck_assert_uint_eq(number(dest_line_take(&line, 1000)), 20);
}
END_TEST

START_TEST(when_it_comes_back)
{
	const int64_t wall = 1000000;
	add(0, 10, 0);
	for (size_t i = 0; i < 8; i++)
		dest_line_take(&line, (int64_t)(i + 1) * 100);
	int64_t first = dest_line_back(&line, 800, wall, 0), last = first;
	ck_assert_int_eq(first, wall + 60000); /* not at once: others are to come by */
	for (size_t i = 0; i < 100; i++) {
		int64_t at = dest_line_back(&line, 800, wall, 0);
		ck_assert_int_gt(at, last); /* in their order, as fast as it goes */
		ck_assert_int_le(at, last + 100);
		last = at;
	}
	for (size_t i = 0; i < 100000;
	     i++) { /* however many: the queue takes longer waits for a clock that was put back */
		int64_t at = dest_line_back(&line, 800, wall, i * 7919);
		ck_assert_int_le(at, wall + 600000);
		ck_assert_int_ge(at, wall + 60000);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("gateway/dest_line");
	TCase *t = tcase_create("line");
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, the_more_urgent_first);
	tcase_add_test(t, how_long_it_lasts);
	tcase_add_test(t, what_is_cut);
	tcase_add_test(t, when_it_comes_back);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
