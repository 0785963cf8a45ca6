/* domain: names and address literals, good and bad. */
#include "base/text.h"
#include "mail/domain.h"
#include "support/suite.h"

#include <string.h>

#define L61 "abcdefghijklmnopqrstuvwxyz0123456789-abcdefghijklmnopqrstuvwx"
#define L63 L61 "yz"

static const struct {
	const char *text;
	enum result result;
} names[] = {
	{"example.net", OK},
	{"EXAMPLE.net", OK},
	{"localhost", OK},
	{"1.2.3.4", OK},
	{"3com.com", OK},
	{"pc_1.hq.example.net", OK},
	{"xn--bcher-kva.example", OK},
	{L63 ".net", OK},
	{"a" L63 ".net", E_LIMIT},
	{L63 "." L63 "." L63 "." L63, OK},
	{L63 "." L63 "." L63 ".a." L61, OK},
	{L63 "." L63 "." L63 ".a." L61 "x", E_LIMIT},
	{L63 "." L63 "." L63 "." L63 ".a", E_LIMIT},
	{"", E_SYNTAX},
	{".", E_SYNTAX},
	{"example.net.", E_SYNTAX},
	{".example.net", E_SYNTAX},
	{"example..net", E_SYNTAX},
	{"-a.net", E_SYNTAX},
	{"a-.net", E_SYNTAX},
	{"a b.net", E_SYNTAX},
	{"a@b.net", E_SYNTAX},
	{"a/b", E_SYNTAX},
	{"b\303\274cher.example", OK},
	{"\346\227\245\346\234\254.example", OK},
	{"b\374cher.example", E_UNSUPPORTED},
	{"\342\230\203\302\255\314\201.example", E_UNSUPPORTED},
	{"b\303\274 cher.example", E_UNSUPPORTED},
	{"\303\274@b", E_UNSUPPORTED},
	{"\303\274..example", E_SYNTAX},
};

START_TEST(names_are_checked)
{
	struct err err;
	ck_assert_int_eq(mail_domain_check(names[_i].text, strlen(names[_i].text), &err),
			 names[_i].result);
	ck_assert(names[_i].result == OK || (err.code == names[_i].result && err.text[0]));
}
END_TEST

static const struct {
	const char *text, *ip; /* NULL: none */
} literals[] = {
	{"[192.0.2.1]", "192.0.2.1"},
	{"[IPv6:2001:db8::1]", "2001:db8::1"},
	{"[ipv6:2001:DB8::1]", "2001:db8::1"},
	{"[IPv6:::ffff:192.0.2.1]", "192.0.2.1"},
	{"[2001:db8::1]", NULL},
	{"[IPv6:192.0.2.1]", NULL},
	{"[192.0.2.256]", NULL},
	{"[192.0.2]", NULL},
	{"[[192.0.2.1]]", NULL},
	{"[IPv6:[::1]]", NULL},
	{"[]", NULL},
	{"[192.0.2.1", NULL},
	{"192.0.2.1]", NULL},
	{"192.0.2.1", NULL},
	{"[ 192.0.2.1]", NULL},
	{"[x400:c=de]", NULL},
	{"[IPv6:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]", NULL},
};

START_TEST(literals_are_read)
{
	struct net_ip ip;
	char text[64];
	const char *expected = literals[_i].ip, *literal = literals[_i].text;
	enum result r = mail_literal_parse(literal, &ip);
	ck_assert_int_eq(r, expected ? OK : E_SYNTAX);
	if (literal[0] == '[')
		ck_assert_int_eq(mail_domain_check(literal, strlen(literal), NULL), r);
	if (expected)
		ck_assert_str_eq(net_ip_format(&ip, text, sizeof text), expected);
}
END_TEST

START_TEST(literals_are_written)
{
	struct net_ip ip;
	char text[55];
	ck_assert_int_eq(net_ip_parse("192.0.2.1", &ip), OK);
	ck_assert_str_eq(mail_literal_format(&ip, text, sizeof text), "[192.0.2.1]");
	ck_assert_int_eq(net_ip_parse("2001:db8:1111:2222:3333:4444:5555:6666", &ip), OK);
	ck_assert_str_eq(mail_literal_format(&ip, text, sizeof text),
			 "[IPv6:2001:db8:1111:2222:3333:4444:5555:6666]");
	ck_assert_int_eq(mail_literal_parse(text, &ip), OK);
}
END_TEST

START_TEST(normalised_is_lower_case)
{
	char out[MAIL_DOMAIN_MAX + 1];
	ck_assert_int_eq(mail_domain_normalise("HQ.Company.COM", out, sizeof out), OK);
	ck_assert_str_eq(out, "hq.company.com");
	ck_assert_int_eq(mail_domain_normalise("HQ.Company.COM", out, 14), E_LIMIT);
	ck_assert_int_eq(mail_domain_normalise("HQ.Company.COM.", out, sizeof out), E_SYNTAX);
	ck_assert_int_eq(mail_domain_normalise("[192.0.2.1]", out, sizeof out), E_SYNTAX);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("domain");
	TCase *tc = tcase_create("tables");
	tcase_add_loop_test(tc, names_are_checked, 0, sizeof names / sizeof *names);
	tcase_add_loop_test(tc, literals_are_read, 0, sizeof literals / sizeof *literals);
	suite_add_tcase(s, tc);
	SUITE_CASE(s, "forms", literals_are_written, normalised_is_lower_case);
	return s;
}
SUITE_MAIN(suite)
