/* address: every form of RFC 5321 Mailbox, limits, where reading stops. */
#include "mail/address.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

#define A64 "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
#define L63 "abcdefghijklmnopqrstuvwxyz0123456789-abcdefghijklmnopqrstuvwxyz"

static const struct {
	const char *text, *local, *domain;
	enum result result;
} table[] = {
	{"user@example.net", "user", "example.net", OK},
	{"User.Name+tag@Example.NET", "User.Name+tag", "Example.NET", OK},
	{"!#$%&'*+-/=?^_`{|}~@x", "!#$%&'*+-/=?^_`{|}~", "x", OK},
	{"a%b@c", "a%b", "c", OK},
	{"a!b@c", "a!b", "c", OK},
	{"postmaster", "postmaster", "", OK},
	{"\"a b\"@c", "\"a b\"", "c", OK},
	{"\"a@b\"@c", "\"a@b\"", "c", OK},
	{"\"a\\\"b\\\\\"@c", "\"a\\\"b\\\\\"", "c", OK},
	{"u@[192.0.2.1]", "u", "[192.0.2.1]", OK},
	{"u@[IPv6:2001:db8::1]", "u", "[IPv6:2001:db8::1]", OK},
	{"@a:b@c", "b", "c", OK},
	{"@a,@[192.0.2.1],@d.e:b@c", "b", "c", OK},
	{A64 "@x", A64, "x", OK},
	{"u@" L63 "." L63 "." L63 "." L63, "u", L63 "." L63 "." L63 "." L63, OK},
	{A64 "a@x", NULL, NULL, E_LIMIT},
	{"\"" A64 "\"@x", NULL, NULL, E_LIMIT},
	{"u@" L63 "." L63 "." L63 "." L63 ".x", NULL, NULL, E_LIMIT},
	{"", NULL, NULL, E_SYNTAX},
	{"@", NULL, NULL, E_SYNTAX},
	{"@c", NULL, NULL, E_SYNTAX},
	{"u@", NULL, NULL, E_SYNTAX},
	{"\"\"@c", NULL, NULL, E_SYNTAX},
	{".a@c", NULL, NULL, E_SYNTAX},
	{"a.@c", NULL, NULL, E_SYNTAX},
	{"a..b@c", NULL, NULL, E_SYNTAX},
	{"a b@c", NULL, NULL, E_SYNTAX},
	{"a@b@c", NULL, NULL, E_SYNTAX},
	{"a@c ", NULL, NULL, E_SYNTAX},
	{" a@c", NULL, NULL, E_SYNTAX},
	{"<a@c>", NULL, NULL, E_SYNTAX},
	{"a@c.", NULL, NULL, E_SYNTAX},
	{"a@c\r\nRCPT", NULL, NULL, E_SYNTAX},
	{"a\r\n@c", NULL, NULL, E_SYNTAX},
	{"\"a\r\nb\"@c", NULL, NULL, E_SYNTAX},
	{"\"a\\", NULL, NULL, E_SYNTAX},
	{"\"a", NULL, NULL, E_SYNTAX},
	{"\"a\"b@c", NULL, NULL, E_SYNTAX},
	{"a(comment)@c", NULL, NULL, E_SYNTAX},
	{"u@[192.0.2.1", NULL, NULL, E_SYNTAX},
	{"u@[192.0.2.1]x", NULL, NULL, E_SYNTAX},
	{"u@[2001:db8::1]", NULL, NULL, E_SYNTAX},
	{"@a:b", NULL, NULL, E_SYNTAX},
	{"@a;b@c", NULL, NULL, E_SYNTAX},
	{"@a,b@c", NULL, NULL, E_SYNTAX},
	{"@a..b:b@c", NULL, NULL, E_SYNTAX},
	{"m\303\274ller@c", "m\303\274ller", "c", OK},
	{"u@b\303\274cher.example", "u", "b\303\274cher.example", OK},
	{"\"m\303\274 ller\"@c", "\"m\303\274 ller\"", "c", OK},
	{"\346\227\245.\360\237\230\200@c", "\346\227\245.\360\237\230\200", "c", OK},
	{"m\374ller@c", NULL, NULL, E_UNSUPPORTED},
	{"\303@c", NULL, NULL, E_UNSUPPORTED},
	{"a\302\205@c", NULL, NULL, E_UNSUPPORTED}, /* a control character */
	{"u@b\374cher.example", NULL, NULL, E_UNSUPPORTED},
	{"\"m\374ller\"@c", NULL, NULL, E_UNSUPPORTED},
};

/* A copy without NUL behind it, so that reading too far is caught. */
static enum result parse(const char *text, size_t n, struct mail_address *a, size_t *used,
			 struct err *err)
{
	char *copy = malloc(n ? n : 1);
	memcpy(copy, text, n);
	enum result r = mail_address_parse(copy, n, a, used, err);
	free(copy);
	return r;
}

START_TEST(forms)
{
	struct mail_address a;
	struct err err;
	const char *text = table[_i].text;
	ck_assert_int_eq(parse(text, strlen(text), &a, NULL, &err), table[_i].result);
	ck_assert(table[_i].result == OK || (err.code == table[_i].result && err.text[0]));
	if (table[_i].result != OK)
		return;
	ck_assert_str_eq(a.local, table[_i].local);
	ck_assert_str_eq(a.domain, table[_i].domain);
	ck_assert_int_eq(a.quoted, a.local[0] == '"');
	ck_assert_int_eq(a.literal, a.domain[0] == '[');
	ck_assert_int_eq(a.routed, text[0] == '@');
}
END_TEST

/* Cut anywhere, it is read or refused, never overrun; with `used` it stops in front of what
 * follows. */
START_TEST(every_length)
{
	const char *text = table[_i].text;
	struct mail_address a, b;
	size_t used;
	for (size_t n = 0; n <= strlen(text); n++) {
		enum result r = parse(text, n, &a, &used, NULL);
		ck_assert_uint_le(used, n);
		if (r == OK)
			ck_assert_int_eq(parse(text, used, &b, NULL, NULL), OK);
	}
}
END_TEST

START_TEST(stops_behind_the_address)
{
	struct mail_address a;
	size_t used;
	ck_assert_int_eq(parse("a@c> SIZE=1", 11, &a, &used, NULL), OK);
	ck_assert_uint_eq(used, 3);
	ck_assert_int_eq(parse("a@[192.0.2.1]>", 14, &a, &used, NULL), OK);
	ck_assert_uint_eq(used, 13);
	ck_assert_int_eq(parse("postmaster>", 11, &a, &used, NULL), OK);
	ck_assert_uint_eq(used, 10);
	ck_assert_int_eq(parse("a@c BODY=7BIT", 13, &a, &used, NULL), OK);
	ck_assert_uint_eq(used, 3);
	ck_assert_int_eq(parse("a@c\0x", 5, &a, NULL, NULL), E_SYNTAX);
}
END_TEST

START_TEST(split_lowers_the_domain)
{
	char local[MAIL_LOCAL_MAX + 1], domain[MAIL_DOMAIN_MAX + 1];
	ck_assert_int_eq(mail_address_split("\"A@b\"@HQ.Company.COM", local, sizeof local, domain,
					    sizeof domain),
			 OK);
	ck_assert_str_eq(local, "\"A@b\"");
	ck_assert_str_eq(domain, "hq.company.com");
	ck_assert_int_eq(mail_address_split("root", local, sizeof local, domain, sizeof domain),
			 OK);
	ck_assert_str_eq(domain, "");
	ck_assert_int_eq(mail_address_split("abc@de", local, 3, domain, sizeof domain), E_LIMIT);
	ck_assert_int_eq(mail_address_split("abc@de", local, 4, domain, 2), E_LIMIT);
	ck_assert_int_eq(mail_address_split("abc@de", local, 4, domain, 3), OK);
	ck_assert_int_eq(mail_address_split("abc@", local, 4, domain, 3), E_SYNTAX);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("address");
	TCase *tc = tcase_create("table");
	tcase_add_loop_test(tc, forms, 0, sizeof table / sizeof *table);
	tcase_add_loop_test(tc, every_length, 0, sizeof table / sizeof *table);
	suite_add_tcase(s, tc);
	SUITE_CASE(s, "used", stops_behind_the_address);
	SUITE_CASE(s, "split", split_lowers_the_domain);
	return s;
}
SUITE_MAIN(suite)
