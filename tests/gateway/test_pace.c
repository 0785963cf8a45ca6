/* pace: so many messages in a window for each route, whatever its destinations. */
#include "gateway/pace.h"
#include "support/suite.h"

START_TEST(window)
{
	struct paces *p = paces_new();
	const struct conf_rate rate = {.count = 3, .ms = 60000}, none = {0};
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(pace_take(p, "out", &rate, 1000 + i), 1000 + i);
	ck_assert_int_eq(pace_take(p, "out", &rate, 1003), 61000);
	ck_assert_int_eq(pace_take(p, "out", &rate, 60999), 61000);
	ck_assert_int_eq(pace_take(p, "other", &rate, 1003), 1003);
	ck_assert_int_eq(pace_take(p, "out", &none, 1003), 1003);
	ck_assert_int_eq(pace_take(p, "out", &rate, 61000), 61000);
	paces_destroy(&p);
	ck_assert_ptr_null(p);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("gateway/pace");
	SUITE_CASE(s, "window", window);
	return s;
}
SUITE_MAIN(suite)
