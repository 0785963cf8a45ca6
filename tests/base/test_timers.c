/* timers: random work against a plain list, and what a timer may do while it fires. */
#include "base/timers.h"
#include "support/scarce.h"
#include "support/suite.h"

#include <stdbool.h>
#include <string.h>

#define COUNT 64

static uint64_t dice_state;

static unsigned dice(unsigned sides)
{
	dice_state = dice_state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(dice_state >> 33) % sides;
}

/* A timer and what the plain list knows of it. */
struct entry {
	struct timer timer;
	bool set;
	int64_t due;
	unsigned fired;
};

static struct entry entries[COUNT];
static int64_t now, last_due;

static void note_firing(struct timer *t)
{
	struct entry *e = (struct entry *)t;
	ck_assert_uint_eq(t->place, 0);
	ck_assert(e->set);
	ck_assert_int_le(e->due, now);
	ck_assert_int_ge(e->due, last_due); /* in order */
	last_due = e->due;
	e->set = false;
	e->fired++;
}

static int64_t first_due(void)
{
	int64_t least = INT64_MAX;
	for (int i = 0; i < COUNT; i++)
		if (entries[i].set && entries[i].due < least)
			least = entries[i].due;
	return least;
}

static void run_and_compare(struct timers *ts)
{
	last_due = INT64_MIN;
	timers_run(ts, now);
	size_t set = 0;
	for (int i = 0; i < COUNT; i++) {
		set += entries[i].set ? 1 : 0;
		ck_assert(!entries[i].set || entries[i].due > now);
		ck_assert_int_eq(entries[i].set, entries[i].timer.place != 0);
	}
	ck_assert_uint_eq(ts->count, set);
}

START_TEST(random_work_against_a_list)
{
	struct timers ts;
	timers_init(&ts);
	memset(entries, 0, sizeof entries);
	now = 0;
	dice_state = (uint64_t)_i + 1;
	for (int step = 0; step < 1000; step++) {
		struct entry *e = &entries[dice(COUNT)];
		e->timer.fire = note_firing;
		switch (dice(5)) {
		case 0:
			timers_clear(&ts, &e->timer);
			e->set = false;
			break;
		case 1:
			now += dice(20);
			run_and_compare(&ts);
			break;
		default:
			e->due = now + (int64_t)dice(100) - 10;
			e->set = true;
			ck_assert_int_eq(timers_set(&ts, &e->timer, e->due), OK);
		}
		int64_t first = first_due();
		int wait = first == INT64_MAX || first > now + 50 ? 50
			   : first < now                          ? 0
								  : (int)(first - now);
		ck_assert_int_eq(timers_wait(&ts, now, 50), wait);
	}
	now += 1000;
	run_and_compare(&ts);
	ck_assert_uint_eq(ts.count, 0);
	timers_free(&ts);
}
END_TEST

static struct timers shared;
static unsigned fired;

static void renew(struct timer *t)
{
	fired++;
	ck_assert_int_eq(timers_set(&shared, t, 0), OK);
}

START_TEST(one_that_renews_itself_fires_once_a_run)
{
	struct timer t = {.fire = renew};
	timers_init(&shared);
	fired = 0;
	timers_set(&shared, &t, 100);
	timers_run(&shared, 99);
	ck_assert_uint_eq(fired, 0);
	for (unsigned i = 1; i <= 5; i++) {
		timers_run(&shared, 100 + i);
		ck_assert_uint_eq(fired, i);
	}
	timers_clear(&shared, &t);
	timers_set(&shared, &t, INT64_MIN); /* outside a run the past is the past */
	ck_assert_int_eq(t.due, INT64_MIN);
	timers_free(&shared);
}
END_TEST

static struct timer victim;

static void clear_the_other(struct timer *t)
{
	(void)t;
	fired++;
	timers_clear(&shared, &victim);
}

static void must_not_fire(struct timer *t)
{
	(void)t;
	ck_abort_msg("a timer fired that had been cleared");
}

START_TEST(one_may_clear_another_that_is_due)
{
	struct timer t = {.fire = clear_the_other};
	timers_init(&shared);
	victim = (struct timer){.fire = must_not_fire};
	fired = 0;
	timers_set(&shared, &t, 1);
	timers_set(&shared, &victim, 2);
	timers_run(&shared, 10);
	ck_assert_uint_eq(fired, 1);
	ck_assert_uint_eq(shared.count, 0);
	timers_free(&shared);
}
END_TEST

START_TEST(waits_are_bounded)
{
	struct timer t = {.fire = must_not_fire};
	timers_init(&shared);
	ck_assert_int_eq(timers_wait(&shared, 0, 77), 77);
	timers_set(&shared, &t, INT64_MAX);
	ck_assert_int_eq(timers_wait(&shared, -5, 77), 77);
	timers_set(&shared, &t, INT64_MIN);
	ck_assert_int_eq(timers_wait(&shared, 5, 77), 0);
	timers_free(&shared);
	ck_assert_uint_eq(t.place, 0); /* forgotten */
}
END_TEST

START_TEST(memory_runs_short)
{
	struct timer ts[20] = {{0}};
	timers_init(&shared);
	scarce_fail_at(1);
	ck_assert_int_eq(timers_set(&shared, &ts[0], 5), E_NOMEM);
	ck_assert_uint_eq(ts[0].place, 0);
	for (int i = 0; i < 16; i++)
		ck_assert_int_eq(timers_set(&shared, &ts[i], i), OK);
	scarce_fail_at(1);
	ck_assert_int_eq(timers_set(&shared, &ts[16], 5), E_NOMEM);
	scarce_fail_at(1);
	enum result moved = timers_set(&shared, &ts[3], 50);
	scarce_end();
	ck_assert_int_eq(moved, OK); /* needs no memory */
	ck_assert_int_eq(timers_set(&shared, &ts[16], 5), OK);
	timers_free(&shared);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("base/timers");
	TCase *tc = tcase_create("random");
	tcase_add_loop_test(tc, random_work_against_a_list, 0, 20);
	suite_add_tcase(s, tc);
	SUITE_CASE(s, "firing", one_that_renews_itself_fires_once_a_run,
		   one_may_clear_another_that_is_due);
	SUITE_CASE(s, "bounds", waits_are_bounded, memory_runs_short);
	return s;
}
SUITE_MAIN(suite)
