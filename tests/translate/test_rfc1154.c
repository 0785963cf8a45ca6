/* rfc1154: the values of Encoding that there are and those that are none; names before size, date and time. */
#include "translate/rfc1154.h"

#include "support/suite.h"

#include <string.h>

START_TEST(values)
{
	struct rfc1154 e;
	struct region *region = region_new(0);
	ck_assert_int_eq(rfc1154_read("2 TEXT, 29 UUENCODE,3 text ,  4 Hex x", region, &e), OK);
	ck_assert_uint_eq(e.count, 4);
	ck_assert_int_eq(e.parts[0].kind, RFC1154_TEXT);
	ck_assert_uint_eq(e.parts[0].lines, 2);
	ck_assert_int_eq(e.parts[1].kind, RFC1154_UUENCODE);
	ck_assert_uint_eq(e.parts[1].lines, 29);
	ck_assert_int_eq(e.parts[2].kind, RFC1154_TEXT);
	ck_assert_int_eq(e.parts[3].kind, RFC1154_OTHER);
	ck_assert_uint_eq(e.parts[3].lines, 4);
	ck_assert(!e.parts[3].rest);
	ck_assert_int_eq(rfc1154_read("Text", region, &e), OK);
	ck_assert(e.parts[0].rest);
	region_destroy(&region);
}
END_TEST

START_TEST(faulty)
{
	static const char *const rows[] = {"",         " ",
					   ",",        "2",
					   "2 TEXT,",  "TEXT, 2 UUENCODE",
					   "2 TEXT,,", "1234567890123456789 TEXT"};
	struct rfc1154 e;
	struct region *region = region_new(0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ck_assert_msg(rfc1154_read(rows[i], region, &e) == E_SYNTAX, "%s", rows[i]);
	char *many = region_alloc(region, RFC1154_PARTS_MAX + 1);
	memset(many, ',', RFC1154_PARTS_MAX);
	many[RFC1154_PARTS_MAX] = '\0';
	ck_assert_int_eq(rfc1154_read(many, region, &e), E_LIMIT);
	region_destroy(&region);
}
END_TEST

START_TEST(names)
{
	static const char *const rows[][2] = {
		{"smtptest.doc 1024 07-13-1993 13:20", "smtptest.doc"},
		{"a b  c.doc 0 00-00-1980 00:00", "a b  c.doc"},
		{"  plain.doc  ", "plain.doc"},
		{"Report 1993", "Report 1993"},
		{"x 07-13-1993 13:20", "x"},
		{"7 7 07-13-1993 13:20", "7"},
		{"1024 07-13-1993 13:20", "1024"},
		{"x 5 7-13-1993 13:20", "x 5 7-13-1993"},
		{"", ""},
	};
	struct region *region = region_new(0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ck_assert_str_eq(rfc1154_name(rows[i][0], region), rows[i][1]);
	region_destroy(&region);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("translate/rfc1154");
	SUITE_CASE(s, "rfc1154", values, faulty, names);
	return s;
}
SUITE_MAIN(suite)
