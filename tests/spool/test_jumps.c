/* Jumps of the wall clock: what they make of ages, of the history's end and of waits; over an opening, and when the file is none. */
#include "spool/jumps.h"

#include "spool/desk.h"
#include "support/suite.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY INT64_C(86400000)

static struct clock_fake fake;
static struct jumps jumps;

static void begin(const char *path)
{
	ck_assert_int_eq(jumps_open(&jumps, &fake.clock, file_system(), path, NULL), OK);
}

static void setup(void)
{
	clock_fake_init(&fake, 5000, STAGE_NOW);
	begin(suite_scratch());
	jumps_look(&jumps, 10);
}

static void pass(int64_t ms)
{
	fake.mono_ms += ms;
	fake.wall_ms += ms;
}

START_TEST(time_that_goes_by_is_none)
{
	setup();
	pass(30 * DAY);
	fake.wall_ms += SPOOL_CLOCK_JUMP - 1; /* a clock that is put right by little */
	jumps_look(&jumps, 10);
	fake.wall_ms -= SPOOL_CLOCK_JUMP - 1;
	ck_assert_int_eq(jumps_skipped(&jumps, 1, STAGE_NOW), 0);
	ck_assert_uint_eq(jumps.count, 0);
	jumps_close(&jumps);
}
END_TEST

START_TEST(forward)
{
	setup();
	fake.wall_ms += 6 * DAY;
	ck_assert_int_eq(jumps_skipped(&jumps, 1, STAGE_NOW), 6 * DAY); /* before the spool looks */
	pass(1000);
	ck_assert_int_eq(jumps_skipped(&jumps, 10, STAGE_NOW), 6 * DAY);
	/* on its way into the spool when it happened */
	ck_assert_int_eq(jumps_skipped(&jumps, 11, STAGE_NOW), 6 * DAY);
	ck_assert_int_eq(jumps_skipped(&jumps, 11, STAGE_NOW + 6 * DAY), 0);
	ck_assert_int_eq(jumps_skipped(&jumps, 100000, STAGE_NOW), 0);
	jumps_close(&jumps);
}
END_TEST

START_TEST(back)
{
	setup();
	fake.wall_ms -= 6 * DAY;
	jumps_look(&jumps, 10);
	ck_assert_int_eq(jumps_skipped(&jumps, 10, STAGE_NOW), -6 * DAY);
	ck_assert_int_eq(jumps_skipped(&jumps, 11, STAGE_NOW - 6 * DAY), 0);
	ck_assert_int_eq(jumps_skipped(&jumps, 11, STAGE_NOW), 0);
	jumps_close(&jumps);
}
END_TEST

START_TEST(there_and_back)
{
	setup();
	fake.wall_ms += 400 * DAY;
	jumps_look(&jumps, 10);
	pass(1000);
	jumps_look(&jumps, 12); /* 11 and 12 came in the wrong year */
	fake.wall_ms -= 400 * DAY;
	jumps_look(&jumps, 12);
	pass(1000);
	ck_assert_int_eq(jumps_skipped(&jumps, 10, STAGE_NOW), 0);
	ck_assert_int_eq(jumps_skipped(&jumps, 12, STAGE_NOW + 400 * DAY), -400 * DAY);
	ck_assert_int_eq(jumps_skipped(&jumps, 13, STAGE_NOW + 1500), 0);
	jumps_close(&jumps);
}
END_TEST

/* Who came before a jump back, by a time that lay ahead, has jumps forward after it behind him as well. */
START_TEST(there_and_back_and_right_again)
{
	setup();
	fake.wall_ms += 400 * DAY;
	jumps_look(&jumps, 10);
	pass(1000);
	jumps_look(&jumps, 11); /* 11 came in the wrong year */
	fake.wall_ms -= 402 * DAY;
	jumps_look(&jumps, 11);
	pass(1000);
	jumps_look(&jumps, 12); /* 12 two days too early */
	fake.wall_ms += 2 * DAY;
	jumps_look(&jumps, 12);
	ck_assert_int_eq(jumps_skipped(&jumps, 10, STAGE_NOW), 0);
	ck_assert_int_eq(jumps_skipped(&jumps, 11, STAGE_NOW + 400 * DAY + 500), -400 * DAY);
	ck_assert_int_eq(jumps_skipped(&jumps, 12, STAGE_NOW - 2 * DAY + 1500), 2 * DAY);
	ck_assert_int_eq(jumps_skipped(&jumps, 13, STAGE_NOW + 2500), 0);
	jumps_close(&jumps);
}
END_TEST

START_TEST(kept_over_an_opening)
{
	setup();
	fake.wall_ms += 6 * DAY;
	jumps_look(&jumps, 10);
	fake.wall_ms -= DAY;
	jumps_look(&jumps, 10);
	jumps_close(&jumps);
	begin(suite_scratch());
	ck_assert_uint_eq(jumps.count, 2);
	ck_assert_int_eq(jumps_skipped(&jumps, 10, STAGE_NOW), 5 * DAY);
	jumps_close(&jumps);
	begin(NULL); /* the memory twin's */
	ck_assert_uint_eq(jumps.count, 0);
	fake.wall_ms += DAY;
	jumps_look(&jumps, 0);
	ck_assert_uint_eq(jumps.count, 1);
	jumps_close(&jumps);
}
END_TEST

START_TEST(no_more_than_are_kept)
{
	setup();
	for (int64_t i = 0; i < JUMPS_MOST + 3; i++) {
		fake.wall_ms += DAY + i;
		jumps_look(&jumps, 10);
	}
	jumps_close(&jumps);
	begin(suite_scratch());
	ck_assert_uint_eq(jumps.count, JUMPS_MOST);
	ck_assert_int_eq(jumps.list[0].skip, DAY + 3); /* the oldest are gone */
	ck_assert_int_eq(jumps.list[JUMPS_MOST - 1].skip, DAY + JUMPS_MOST + 2);
	jumps_close(&jumps);
}
END_TEST

START_TEST(a_file_that_is_none)
{
	static const char text[] = "what\n10 \n\n7 1000 86400000\n8 9";
	char path[PATH_MAX];
	setup();
	jumps_close(&jumps);
	snprintf(path, sizeof path, "%s/clock", suite_scratch());
	ck_assert_int_eq(file_replace(file_system(), path, text, sizeof text - 1, 0600, NULL), OK);
	begin(suite_scratch());
	ck_assert_uint_eq(jumps.count, 1);
	ck_assert_uint_eq(jumps.list[0].number, 7);
	ck_assert_int_eq(jumps.list[0].skip, DAY);
	jumps_close(&jumps);
}
END_TEST

START_TEST(cutoff)
{
	setup();
	ck_assert_int_eq(jumps_cutoff(&jumps, DAY), STAGE_NOW - DAY);
	fake.wall_ms += 100 * DAY; /* STAGE_NOW is before any right clock: it was not set */
	ck_assert_int_eq(jumps_cutoff(&jumps, DAY), fake.wall_ms - DAY);
	fake.wall_ms += 1000 * DAY;
	jumps_look(&jumps, 10);
	fake.wall_ms += 100 * DAY; /* from a clock that was */
	ck_assert_int_eq(jumps_cutoff(&jumps, DAY), fake.wall_ms - 101 * DAY);
	pass(DAY / 2);
	ck_assert_int_eq(jumps_cutoff(&jumps, DAY), fake.wall_ms - 101 * DAY);
	pass(DAY);
	ck_assert_int_eq(jumps_cutoff(&jumps, DAY), fake.wall_ms - DAY);
	jumps_close(&jumps);
}
END_TEST

/* The whole spool: a message that was to wait for an hour, and the clock goes back by days. */
START_TEST(waits_are_looked_through)
{
	struct stage st;
	struct spool_due due = {
		.now = STAGE_NOW - 6 * DAY, .beyond = STAGE_NOW - 5 * DAY, .limit = 10};
	stage_open(&st, (enum spool_engine)_i);
	for (int i = 0; i < 3; i++) {
		uint64_t n = stage_message(&st);
		ck_assert_int_eq(
			desk_report(&st.desk, n, 0, SPOOL_WAITING, STAGE_NOW + i * 1000, "later"),
			OK);
	}
	uint64_t soon = stage_message(&st);
	ck_assert_int_eq(
		desk_report(&st.desk, soon, 0, SPOOL_WAITING, STAGE_NOW - 5 * DAY, "later"), OK);
	ck_assert_int_eq(desk_due_q(&st.desk, &due), OK);
	ck_assert_uint_eq(due.count, 3);
	for (size_t i = 0; i < due.count; i++) {
		ck_assert_uint_ne(due.messages[i]->number, soon);
		spool_message_unref(&due.messages[i]);
	}
	free(due.messages);
	ck_assert_int_eq(desk_due_q(&st.desk, &due), OK); /* claimed: none is taken twice */
	ck_assert_uint_eq(due.count, 0);
	ck_assert_int_eq(due.next, STAGE_NOW - 5 * DAY);
	stage_close(&st);
}
END_TEST

START_TEST(the_oldest_by_the_clock_of_now)
{
	struct stage st;
	struct spool_totals t;
	stage_open(&st, (enum spool_engine)_i);
	stage_message(&st);
	stage_jump(&st, 6 * DAY);
	ck_assert_int_eq(desk_totals(&st.desk, &t), OK);
	ck_assert_int_eq(t.oldest, STAGE_NOW + 6 * DAY);
	struct spool_list list = {.limit = 1};
	ck_assert_int_eq(desk_list(&st.desk, &list), OK);
	ck_assert_int_eq(list.entries[0].envelope.arrived, STAGE_NOW);
	ck_assert_int_eq(list.entries[0].skipped, 6 * DAY);
	region_destroy(&list.region);
	stage_close(&st);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("jumps");
	SUITE_CASE(s, "list", time_that_goes_by_is_none, forward, back, there_and_back,
		   there_and_back_and_right_again, kept_over_an_opening, no_more_than_are_kept,
		   a_file_that_is_none, cutoff);
	TCase *tc = tcase_create("spool");
	tcase_add_loop_test(tc, waits_are_looked_through, SPOOL_MEMORY, SPOOL_SQLITE + 1);
	tcase_add_loop_test(tc, the_oldest_by_the_clock_of_now, SPOOL_MEMORY, SPOOL_SQLITE + 1);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
