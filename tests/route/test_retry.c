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

START_TEST(the_longest_of_all)
{
	int64_t day[] = {1000, 86400000, 2000};
	struct conf_route routes[2] = {{.retry = schedule}, {.retry = {.ms = day, .count = 3}}};
	struct settings s = {.queue.retry = schedule, .routes = routes, .route_count = 1};
	ck_assert_int_eq(route_retry_longest(&s), 3600000 + 360000 + 1);
	s.route_count = 2;
	ck_assert_int_eq(route_retry_longest(&s), 86400000 + 8640000 + 1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("retry");
	SUITE_CASE(s, "schedule", entries_in_order, jitter_is_up_to_a_tenth, odd_schedules,
		   the_longest_of_all);
	return s;
}
SUITE_MAIN(suite)
