/* date: RFC 5322 dates over zones, leap days and the ends of the calendar. */
#include "mail/date.h"
#include "support/suite.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const struct {
	int64_t ms;
	int offset;
	const char *text;
} table[] = {
	{1795428000000, 0, "Mon, 23 Nov 2026 10:00:00 +0000"},
	{1795428000999, 330, "Mon, 23 Nov 2026 15:30:00 +0530"},
	{1795428000000, -210, "Mon, 23 Nov 2026 06:30:00 -0330"},
	{1795428000000, 840, "Tue, 24 Nov 2026 00:00:00 +1400"},
	{1795428000000, -720, "Sun, 22 Nov 2026 22:00:00 -1200"},
	{1795428000000, -30, "Mon, 23 Nov 2026 09:30:00 -0030"},
	{0, 0, "Thu, 1 Jan 1970 00:00:00 +0000"},
	{-1, 0, "Wed, 31 Dec 1969 23:59:59 +0000"},
	{951782400000, 0, "Tue, 29 Feb 2000 00:00:00 +0000"},
	{951868799000, 0, "Tue, 29 Feb 2000 23:59:59 +0000"},
	{951868800000, 0, "Wed, 1 Mar 2000 00:00:00 +0000"},
	{-2203891200000, 0, "Thu, 1 Mar 1900 00:00:00 +0000"},
	{INT64_MAX, 0, "Fri, 31 Dec 9999 23:59:59 +0000"},
	{INT64_MIN, 0, "Sat, 1 Jan 0000 00:00:00 +0000"},
};

START_TEST(dates)
{
	char out[MAIL_DATE_MAX];
	ck_assert_str_eq(mail_date_format(table[_i].ms, table[_i].offset, out, sizeof out),
			 table[_i].text);
}
END_TEST

/* Every day from 1969 to 2101 against libc's calendar. */
START_TEST(agrees_with_libc)
{
	char ours[MAIL_DATE_MAX], theirs[64], day[8], rest[32];
	for (time_t t = -31536000; t < 4133980800; t += 86399) {
		struct tm tm;
		ck_assert_ptr_nonnull(gmtime_r(&t, &tm));
		strftime(day, sizeof day, "%a", &tm);
		strftime(rest, sizeof rest, "%b %Y %H:%M:%S +0000", &tm);
		snprintf(theirs, sizeof theirs, "%s, %d %s", day, tm.tm_mday, rest);
		ck_assert_str_eq(mail_date_format((int64_t)t * 1000, 0, ours, sizeof ours), theirs);
	}
}
END_TEST

START_TEST(zone_of_the_host)
{
	setenv("TZ", "IST-5:30", 1);
	tzset();
	ck_assert_int_eq(mail_date_offset(1795428000000), 330);
	setenv("TZ", "NST3:30NDT,M3.2.0,M11.1.0", 1);
	tzset();
	ck_assert_int_eq(mail_date_offset(1795428000000), -210);
	ck_assert_int_eq(mail_date_offset(1784800800000), -150);
	setenv("TZ", "UTC", 1);
	tzset();
	ck_assert_int_eq(mail_date_offset(-1), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("date");
	TCase *tc = tcase_create("table");
	tcase_add_loop_test(tc, dates, 0, sizeof table / sizeof *table);
	suite_add_tcase(s, tc);
	SUITE_CASE(s, "calendar", agrees_with_libc);
	SUITE_CASE(s, "zone", zone_of_the_host);
	return s;
}
SUITE_MAIN(suite)
