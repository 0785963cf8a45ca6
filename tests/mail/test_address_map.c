/* address_map: the published rules, both directions, the limits of names, faulty lines. */
#include "mail/address_map.h"

#include "support/suite.h"

#include <string.h>

static struct region *region;
static struct mail_map map;
static struct err err;

static void setup(void)
{
	region = region_new(0);
}

static void teardown(void)
{
	region_destroy(&region);
}

static enum result parse(const char *text)
{
	return mail_map_parse(text, strlen(text), region, &map, &err);
}

static const char text[] =
	"; company-wide first\r\nCOMPANY/HQ  Company.com\r\nCOMPANY/HQ\thq.company.com\r\n\r\n"
	"COMPANY/WEST .west.company.com\rCOMPANY/WEST west.company.com\n# end\n"
	"COMPANY/EAST hq.company.com\n\x1aNOT read";

START_TEST(first_match_wins)
{
	ck_assert_int_eq(parse(text), OK);
	ck_assert_uint_eq(map.count, 5);
	ck_assert_str_eq(mail_map_domain(&map, "company/hq"), "Company.com");
	ck_assert_str_eq(mail_map_domain(&map, "COMPANY/WEST"), "west.company.com");
	ck_assert_str_eq(mail_map_domain(&map, "COMPANY/EAST"), "hq.company.com");
	ck_assert_ptr_null(mail_map_domain(&map, "COMPANY/NORTH"));
	ck_assert_str_eq(mail_map_office(&map, "COMPANY.COM")->office, "COMPANY/HQ");
	ck_assert_str_eq(mail_map_office(&map, "hq.company.com")->office, "COMPANY/HQ");
	ck_assert_str_eq(mail_map_office(&map, "a.b.west.company.com")->office, "COMPANY/WEST");
	ck_assert_ptr_null(mail_map_office(&map, "northwest.company.com"));
	ck_assert_ptr_null(mail_map_office(&map, ".west.company.com"));
}
END_TEST

START_TEST(outgoing)
{
	const char *a;
	ck_assert_int_eq(parse(text), OK);
	ck_assert_int_eq(mail_map_outgoing(&map, "Company/HQ/jdoe", region, &a, &err), OK);
	ck_assert_str_eq(a, "jdoe@Company.com");
	ck_assert_int_eq(mail_map_outgoing(&map, "COMPANY/HQ/j doe", region, &a, &err), OK);
	ck_assert_str_eq(a, "\"j doe\"@Company.com");
	ck_assert_int_eq(mail_map_outgoing(&map, "COMPANY/NORTH/x", region, &a, &err), E_NOTFOUND);
	static const char *const bad[] = {
		"x", "A/x", "A/B/C/x", "COMPANY/HQ/", "COMPANY/HQ/12345678901", "/B/x"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(mail_map_outgoing(&map, bad[i], region, &a, &err) == E_SYNTAX, "%s",
			      bad[i]);
}
END_TEST

START_TEST(incoming)
{
	char native[MAIL_NATIVE_MAX + 1];
	ck_assert_int_eq(parse(text), OK);
	ck_assert_int_eq(
		mail_map_incoming(&map, "jdoe@HQ.company.com", native, sizeof native, &err), OK);
	ck_assert_str_eq(native, "COMPANY/HQ/jdoe");
	ck_assert_int_eq(mail_map_incoming(&map, "\"j doe\"@pc.west.company.com", native,
					   sizeof native, &err),
			 OK);
	ck_assert_str_eq(native, "COMPANY/WEST/j doe");
	ck_assert_int_eq(
		mail_map_incoming(&map, "1234567890@company.com", native, sizeof native, &err), OK);
	ck_assert_int_eq(
		mail_map_incoming(&map, "12345678901@company.com", native, sizeof native, &err),
		E_RANGE);
	ck_assert_str_eq(err.text, "12345678901 cannot be a mailbox: 1 to 10 characters of 7 bits");
	ck_assert_int_eq(mail_map_incoming(&map, "a/b@company.com", native, sizeof native, &err),
			 E_RANGE);
	ck_assert_int_eq(mail_map_incoming(&map, "jdoe@elsewhere.com", native, sizeof native, &err),
			 E_NOTFOUND);
	ck_assert_int_eq(mail_map_incoming(&map, "no address", native, sizeof native, &err),
			 E_SYNTAX);
}
END_TEST

START_TEST(faulty_lines)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"A/B c.d\nHQ c.d",
		 "line 2: \"HQ\" is not NETWORK/POSTOFFICE with names of 1 to 10 characters"},
		{"\r\n\r\nABCDEFGHIJK/B c.d", "line 3: \"ABCDEFGHIJK/B\" is not"},
		{"A/B", "line 1: there is no domain behind A/B"},
		{"A/B c d", "line 1: \"c d\" behind A/B is no domain"},
		{"A/B/C c.d", "line 1: \"A/B/C\" is not"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ck_assert_int_eq(parse(rows[i].text), E_SYNTAX);
		ck_assert_msg(strncmp(err.text, rows[i].want, strlen(rows[i].want)) == 0, "%s",
			      err.text);
	}
	ck_assert_int_eq(parse(""), OK);
	ck_assert_uint_eq(map.count, 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("mail/address_map");
	TCase *t = tcase_create("map");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, first_match_wins);
	tcase_add_test(t, outgoing);
	tcase_add_test(t, incoming);
	tcase_add_test(t, faulty_lines);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
