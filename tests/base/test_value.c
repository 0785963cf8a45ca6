/* value: every spelling, every bound, and that a refusal writes nothing. */
#include "base/value.h"
#include "support/suite.h"

#include <inttypes.h>

START_TEST(bools)
{
	static const char *const yes[] = {"yes", "YES", "true", "On", "1"};
	static const char *const no[] = {"no", "No", "false", "off", "0"};
	static const char *const bad[] = {"", "y", "ye", "yess", " yes", "2", "01", "nil"};
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
		bool b = false;
		ck_assert_msg(value_bool(yes[i], &b) == OK && b, "%s", yes[i]);
	}
	for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
		bool b = true;
		ck_assert_msg(value_bool(no[i], &b) == OK && !b, "%s", no[i]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		bool b = true;
		ck_assert_msg(value_bool(bad[i], &b) == E_SYNTAX && b, "%s", bad[i]);
	}
}
END_TEST

struct number {
	const char *text;
	enum result result;
	int64_t value;
};

static void same(const struct number *want, enum result r, int64_t got)
{
	ck_assert_msg(r == want->result, "\"%s\" is %s", want->text, result_word(r));
	ck_assert_msg(got == (r == OK ? want->value : -77), "\"%s\" is %" PRId64, want->text, got);
}

START_TEST(ints)
{
	static const struct number free_[] = {
		{"0", OK, 0},
		{"-0", OK, 0},
		{"+5", OK, 5},
		{"007", OK, 7},
		{"9223372036854775807", OK, INT64_MAX},
		{"-9223372036854775807", OK, -INT64_MAX},
		{"9223372036854775808", E_RANGE, 0},
		{"99999999999999999999999", E_RANGE, 0},
		{"", E_SYNTAX, 0},
		{"-", E_SYNTAX, 0},
		{"--1", E_SYNTAX, 0},
		{"0x10", E_SYNTAX, 0},
		{"1 ", E_SYNTAX, 0},
		{"99999999999999999999999x", E_SYNTAX, 0},
	};
	static const struct number bound[] = {{"1", OK, 1},
					      {"10", OK, 10},
					      {"0", E_RANGE, 0},
					      {"11", E_RANGE, 0},
					      {"-1", E_RANGE, 0}};
	for (size_t i = 0; i < sizeof free_ / sizeof *free_; i++) {
		int64_t n = -77;
		enum result r = value_int(free_[i].text, 0, 0, &n);
		same(&free_[i], r, n);
	}
	for (size_t i = 0; i < sizeof bound / sizeof *bound; i++) {
		int64_t n = -77;
		enum result r = value_int(bound[i].text, 1, 10, &n);
		same(&bound[i], r, n);
	}
}
END_TEST

START_TEST(times)
{
	static const struct number rows[] = {
		{"250ms", OK, 250},
		{"30s", OK, 30000},
		{"5m", OK, 300000},
		{"2h", OK, 7200000},
		{"5d", OK, 432000000},
		{"0", OK, 0},
		{"106751991167d", OK, INT64_C(106751991167) * 86400000},
		{"106751991168d", E_RANGE, 0},
		{"99999999999999999999s", E_RANGE, 0},
		{"", E_SYNTAX, 0},
		{"s", E_SYNTAX, 0},
		{"5M", E_SYNTAX, 0},
		{"5 m", E_SYNTAX, 0},
		{"-5s", E_SYNTAX, 0},
		{"1h30m", E_SYNTAX, 0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int64_t ms = -77;
		bool bare = true;
		enum result r = value_time(rows[i].text, &ms, &bare);
		same(&rows[i], r, ms);
		ck_assert_msg(bare == (r != OK), "\"%s\"", rows[i].text);
	}
	int64_t ms;
	bool bare = false;
	ck_assert_int_eq(value_time("30", &ms, &bare), OK);
	ck_assert(ms == 30000 && bare);
	ck_assert_int_eq(value_time("30", &ms, NULL), OK);
}
END_TEST

START_TEST(sizes)
{
	static const struct number rows[] = {
		{"0", OK, 0},
		{"512", OK, 512},
		{"64K", OK, 65536},
		{"64k", OK, 65536},
		{"50M", OK, 52428800},
		{"2g", OK, INT64_C(2147483648)},
		{"8589934591G", OK, INT64_C(8589934591) << 30},
		{"8589934592G", E_RANGE, 0},
		{"", E_SYNTAX, 0},
		{"K", E_SYNTAX, 0},
		{"5MB", E_SYNTAX, 0},
		{"-1", E_SYNTAX, 0},
		{"1.5M", E_SYNTAX, 0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int64_t n = -77;
		enum result r = value_size(rows[i].text, &n);
		same(&rows[i], r, n);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("base/value");
	SUITE_CASE(s, "bool", bools);
	SUITE_CASE(s, "int", ints);
	SUITE_CASE(s, "time", times);
	SUITE_CASE(s, "size", sizes);
	return s;
}
SUITE_MAIN(suite)
