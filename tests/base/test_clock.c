/* clock: the machine's own moves forward, the tests' own stands still until it is set. */
#include "base/clock.h"
#include "support/suite.h"

#include <time.h>

START_TEST(system_clock_tells_milliseconds)
{
	const struct clock *c = clock_system();
	int64_t seconds = (int64_t)time(NULL), wall = clock_wall(c);
	ck_assert_int_ge(wall, seconds * 1000 - 1000);
	ck_assert_int_le(wall, ((int64_t)time(NULL) + 1) * 1000);
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	int64_t before = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000, mono = clock_mono(c);
	ck_assert_int_ge(mono, before);
	clock_gettime(CLOCK_MONOTONIC, &t);
	ck_assert_int_le(mono, (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000);
}
END_TEST

START_TEST(system_randomness_differs)
{
	const struct clock *c = clock_system();
	uint64_t any = 0, all = UINT64_MAX;
	for (int i = 0; i < 128; i++) {
		uint64_t bits = clock_random(c);
		any |= bits;
		all &= bits;
	}
	ck_assert(any == UINT64_MAX && all == 0); /* every bit was 1 once and 0 once */
}
END_TEST

START_TEST(fake_clock_stands_still)
{
	struct clock_fake f, g;
	clock_fake_init(&f, 5, 1700000000000);
	clock_fake_init(&g, 5, 1700000000000);
	ck_assert_int_eq(clock_mono(&f.clock), 5);
	ck_assert_int_eq(clock_wall(&f.clock), 1700000000000);
	f.mono_ms += 10;
	f.wall_ms = 7;
	ck_assert_int_eq(clock_mono(&f.clock), 15);
	ck_assert_int_eq(clock_wall(&f.clock), 7);
	uint64_t last = 0;
	for (int i = 0; i < 10; i++) { /* the same row of numbers in every test, none twice */
		uint64_t bits = clock_random(&f.clock);
		ck_assert_uint_eq(bits, clock_random(&g.clock));
		ck_assert_uint_ne(bits, last);
		last = bits;
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("base/clock");
	SUITE_CASE(s, "system", system_clock_tells_milliseconds, system_randomness_differs);
	SUITE_CASE(s, "fake", fake_clock_stands_still);
	return s;
}
SUITE_MAIN(suite)
