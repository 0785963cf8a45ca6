/* retry: entries in their order, the last one repeats, jitter within a tenth. */
#include "route/route.h"
#include "support/suite.h"

#include <stdint.h>

static int64_t waits[] = {60000, 300000, 3600000};
static const struct conf_times schedule = {.ms = waits, .count = 3};

START_TEST(entries_in_order)
{
	ck_assert_int_eq(route_retry_wait(&schedule, 1, 0), 60000);
	ck_assert_int_eq(route_retry_wait(&schedule, 2, 0), 300000);
	ck_assert_int_eq(route_retry_wait(&schedule, 3, 0), 3600000);
	ck_assert_int_eq(route_retry_wait(&schedule, 4, 0), 3600000);
	ck_assert_int_eq(route_retry_wait(&schedule, UINT32_MAX, 0), 3600000);
	ck_assert_int_eq(route_retry_wait(&schedule, 0, 0), 60000);
}
END_TEST

START_TEST(jitter_is_up_to_a_tenth)
{
	int64_t least = INT64_MAX, most = 0;
	for (uint64_t random = 0; random < 20000; random++) {
		int64_t wait = route_retry_wait(&schedule, 1, random * 0x9e3779b97f4a7c15u);
		least = wait < least ? wait : least;
		most = wait > most ? wait : most;
	}
	ck_assert(least >= 60000 && least < 60010);
	ck_assert(most <= 66000 && most > 65990);
	ck_assert_int_eq(route_retry_wait(&schedule, 1, 6000), 66000);
	ck_assert_int_eq(route_retry_wait(&schedule, 1, 6001), 60000);
}
END_TEST

START_TEST(odd_schedules)
{
	int64_t odd[] = {0, 1, -5};
	const struct conf_times strange = {.ms = odd, .count = 3}, none = {.count = 0};
	ck_assert_int_eq(route_retry_wait(&strange, 1, UINT64_MAX), 0);
	ck_assert_int_eq(route_retry_wait(&strange, 2, UINT64_MAX), 1);
	ck_assert_int_eq(route_retry_wait(&strange, 3, UINT64_MAX), 0);
	ck_assert_int_eq(route_retry_wait(&none, 1, 0), 3600000);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("retry");
	SUITE_CASE(s, "schedule", entries_in_order, jitter_is_up_to_a_tenth, odd_schedules);
	return s;
}
SUITE_MAIN(suite)
