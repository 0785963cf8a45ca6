/* smtp/limits: what LIMITS says, and how recipients are parted by it. */
#include "smtp/limits.h"
#include "support/suite.h"

START_TEST(read)
{
	static const struct {
		const char *value;
		unsigned mail, rcpt, domains;
	} rows[] = {
		{"", 0, 0, 0},
		{"RCPTMAX=20", 0, 20, 0},
		{"mailmax=1  RcptMax=999999\tRCPTDOMAINMAX=3", 1, 999999, 3},
		{"OTHER=5 RCPTMAX=7 X", 0, 7, 0},
		{"RCPTMAX=0", 0, 0, 0},
		{"RCPTMAX=1000000", 0, 0, 0},
		{"RCPTMAX=", 0, 0, 0},
		{"RCPTMAX", 0, 0, 0},
		{"RCPTMAX=5x", 0, 0, 0},
		{"RCPTMAX=-5", 0, 0, 0},
		{"RCPTMAX= 5", 0, 0, 0},
		{"XRCPTMAX=5", 0, 0, 0},
		{"RCPTMAX=20 RCPTMAX=0", 0, 20, 0},
		{"RCPTMAX=20 RCPTMAX=7", 0, 7, 0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct smtp_limits l = {0, 0, 0};
		smtp_limits_take(&l, rows[i].value);
		ck_assert_msg(l.mail == rows[i].mail && l.rcpt == rows[i].rcpt &&
				      l.rcpt_domains == rows[i].domains,
			      "%s: %u %u %u", rows[i].value, l.mail, l.rcpt, l.rcpt_domains);
	}
}
END_TEST

START_TEST(portions)
{
	static const char *const to[] = {"a@x", "b@X", "c@y", "d@x", "e@z", "f@z", "Postmaster"};
	static const struct {
		struct smtp_limits limits;
		size_t from, takes;
	} rows[] = {
		{{0, 0, 0}, 0, 7}, {{1, 0, 0}, 0, 7}, {{0, 3, 0}, 0, 3}, {{0, 3, 0}, 6, 1},
		{{0, 7, 0}, 0, 7}, {{0, 9, 0}, 0, 7}, {{0, 0, 1}, 0, 2}, {{0, 0, 1}, 2, 1},
		{{0, 0, 2}, 0, 4}, {{0, 0, 3}, 0, 6}, {{0, 0, 4}, 0, 7}, {{0, 1, 4}, 3, 1},
		{{0, 5, 2}, 0, 4}, {{0, 3, 2}, 0, 3}, {{0, 0, 2}, 7, 0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t got =
			smtp_limits_portion(&rows[i].limits, to + rows[i].from, 7 - rows[i].from);
		ck_assert_msg(got == rows[i].takes, "row %zu: %zu", i, got);
	}
}
END_TEST

/* The domain stands behind the last @. */
START_TEST(quoted)
{
	static const char *const to[] = {"\"a@x\"@y", "\"b@z\"@Y", "c@y", "d@x"};
	const struct smtp_limits l = {.rcpt_domains = 1};
	ck_assert_uint_eq(smtp_limits_portion(&l, to, 4), 3);
}
END_TEST

/* Ten thousand of one domain are no work without end. */
START_TEST(bounded)
{
	static const char *to[10000];
	for (size_t i = 0; i < 10000; i++)
		to[i] = "a@x";
	const struct smtp_limits l = {.rcpt_domains = 1};
	ck_assert_uint_eq(smtp_limits_portion(&l, to, 10000), SMTP_LIMITS_PORTION);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/limits");
	SUITE_CASE(s, "limits", read, portions, quoted, bounded);
	return s;
}
SUITE_MAIN(suite)
