/* backoff: waits double to the longest, none is shorter than the first, and a reset begins anew. */
#include "base/backoff.h"
#include "support/suite.h"

static void expect(struct backoff *b, const int64_t *waits, size_t count)
{
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(backoff_next(b), waits[i]);
}

#define EXPECT(b, ...)                            \
	expect(b, (const int64_t[]){__VA_ARGS__}, \
	       sizeof(const int64_t[]){__VA_ARGS__} / sizeof(int64_t))

START_TEST(doubles)
{
	struct backoff b = {.first = 5000, .most = 300000};
	EXPECT(&b, 5000, 10000, 20000, 40000, 80000, 160000, 300000, 300000);
}
END_TEST

/* An hour that somebody asked for is not cut to five minutes. */
START_TEST(longer_than_the_longest)
{
	struct backoff b = {.first = 3600000, .most = 300000};
	EXPECT(&b, 3600000, 3600000);
}
END_TEST

START_TEST(anew)
{
	struct backoff b = {.first = 1000, .most = 300000};
	EXPECT(&b, 1000, 2000);
	backoff_reset(&b);
	EXPECT(&b, 1000, 2000, 4000);
}
END_TEST

START_TEST(no_overflow)
{
	struct backoff b = {.first = INT64_MAX / 2 + 1, .most = INT64_MAX};
	EXPECT(&b, INT64_MAX / 2 + 1, INT64_MAX, INT64_MAX);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("base/backoff");
	SUITE_CASE(s, "waits", doubles, longer_than_the_longest, anew, no_overflow);
	return s;
}
SUITE_MAIN(suite)
