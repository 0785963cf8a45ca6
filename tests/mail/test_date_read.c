/* date_read: dates of RFC 5322 and of RFC 822, what is none, and every day there and back. */
#include "mail/date.h"
#include "support/suite.h"

START_TEST(dates)
{
	static const struct {
		const char *text;
		int64_t s; /* -1: none */
	} rows[] = {
		{"Mon, 23 Nov 2026 10:00:00 +0000", 1795428000},
		{"23 Nov 2026 10:00 +0100", 1795424400},
		{"Mon,23 Nov 2026 05:00:00 EST", 1795428000},
		{"Mon, 23 Nov 26 10:00:00 GMT (a comment)", 1795428000},
		{"1 Jan 70 00:00:00 UT", 0},
		{"1 Jan 1970 00:00:00 +0000 (a, b)", 0},
		{"29 Feb 2024 00:00:00 Z", 1709164800},
		{"31 Dec 1969 23:59:59 +0000",
		 -1000000}, /* before our time, and read all the same */
		{"29 Feb 2023 00:00:00 +0000", -1},
		{"Mon Nov 23 10:00:00 2026", -1},
		{"Foo, 23 Nov 2026 10:00:00 +0000", -1},
		{"23 Nov 2026 10:00:00", -1},
		{"23 Nov 2026 24:00:00 +0000", -1},
		{"23 Nov 2026 10:60:00 +0000", -1},
		{"23 Nov 2026 10:00:00x +0000", -1},
		{"23 Nov 2026 10 +0000", -1},
		{"0 Nov 2026 10:00:00 +0000", -1},
		{"23 Nxv 2026 10:00:00 +0000", -1},
		{"23 Nov 20260 10:00:00 +0000", -1},
		{"23 Nov 2026 10:00:00 +00:00", -1},
		{"2026-11-23 10:00:00", -1},
		{"", -1},
		{",", -1},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int64_t ms = 0;
		enum result r = mail_date_parse(rows[i].text, &ms);
		ck_assert_msg((r == OK) == (rows[i].s != -1), "%s", rows[i].text);
		if (r == OK && rows[i].s >= 0)
			ck_assert_msg(ms == rows[i].s * 1000, "%s: %lld", rows[i].text,
				      (long long)ms);
		if (r == OK && rows[i].s == -1000000)
			ck_assert_int_eq(ms, -1000);
	}
}
END_TEST

START_TEST(what_is_written_is_read)
{
	char text[MAIL_DATE_MAX];
	for (int64_t day = -7000; day < 60000; day += 13) {
		int64_t ms = day * 86400000 + 3723000, back;
		mail_date_format(ms, (int)(day % 1000), text, sizeof text);
		ck_assert_msg(mail_date_parse(text, &back) == OK && back == ms, "%s", text);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("mail/date_read");
	TCase *tc = tcase_create("date_read");
	tcase_add_test(tc, dates);
	tcase_add_test(tc, what_is_written_is_read);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
