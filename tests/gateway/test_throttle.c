/* throttle: what is learned from complaints, and how it is forgotten. */
#include "gateway/throttle.h"
#include "support/suite.h"

START_TEST(connections)
{
	struct throttle t = {0};
	ck_assert_uint_eq(throttle_connections(&t, 10, 0), 10);
	throttle_too_many(&t, 4, 0);
	ck_assert_uint_eq(throttle_connections(&t, 10, 1), 4);
	throttle_too_many(&t, 7, 2); /* never more than was learned before */
	ck_assert_uint_eq(throttle_connections(&t, 10, 3), 4);
	throttle_too_many(&t, 0, 4); /* others use the account: one is left */
	ck_assert_uint_eq(throttle_connections(&t, 10, 5), 1);
	ck_assert_uint_eq(throttle_connections(&t, 1, 5), 1);
}
END_TEST

START_TEST(connections_come_back)
{
	struct throttle t = {0};
	int64_t now = 0;
	throttle_too_many(&t, 1, now);
	for (unsigned n = 2; n < 5; n++) {
		now += THROTTLE_EASE_MS;
		ck_assert_uint_eq(throttle_connections(&t, 5, now - 1), n - 1);
		ck_assert_uint_eq(throttle_connections(&t, 5, now), n);
	}
	now += THROTTLE_EASE_MS;
	ck_assert_uint_eq(throttle_connections(&t, 5, now), 5);
	ck_assert_uint_eq(t.connections, 0);
}
END_TEST

/* How many go at one moment. */
static unsigned burst(struct throttle *t, int64_t now)
{
	unsigned n = 0;
	while (n < 1000 && throttle_take(t, now) == now)
		n++;
	return n;
}

START_TEST(rate)
{
	struct throttle t = {0};
	for (int i = 0; i < 40; i++)
		ck_assert_int_eq(throttle_take(&t, 1000000 + i), 1000000 + i);
	throttle_too_fast(&t, 5000, 1000100);
	ck_assert_int_eq(throttle_take(&t, 1000100), 1005100);
	ck_assert_int_eq(throttle_take(&t, 1005100), 1060000); /* 40 went in this window already */
	ck_assert_uint_eq(burst(&t, 1060000), 30);
	ck_assert_uint_eq(burst(&t, 1120000), 30);
	throttle_too_fast(&t, 0, 1120001); /* three quarters of 30 */
	ck_assert_uint_eq(burst(&t, 1180000), 22);
}
END_TEST

START_TEST(rate_of_a_server_that_takes_nothing)
{
	struct throttle t = {0};
	throttle_too_fast(&t, 1000, 0);
	ck_assert_int_eq(throttle_take(&t, 0), 1000);
	ck_assert_uint_eq(burst(&t, 70000), 1);
}
END_TEST

START_TEST(rate_comes_back)
{
	struct throttle t = {0};
	int64_t now = THROTTLE_WINDOW_MS;
	ck_assert_int_eq(throttle_take(&t, now), now);
	throttle_too_fast(&t, 0, now);
	unsigned last = 1, n = 0;
	for (int i = 0; i < 8 && n < 1000; i++) {
		now += THROTTLE_EASE_MS;
		n = burst(&t, now);
		ck_assert_uint_ge(n, last);
		last = n;
	}
	ck_assert_uint_eq(n, 1000);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("gateway/throttle");
	SUITE_CASE(s, "connections", connections, connections_come_back);
	SUITE_CASE(s, "rate", rate, rate_of_a_server_that_takes_nothing, rate_comes_back);
	return s;
}
SUITE_MAIN(suite)
