/* address_form: quoting in and out, the canonical spelling, same mailbox. */
#include "mail/address.h"
#include "support/suite.h"

#include <string.h>

#define A61 "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddd"
#define A63 A61 "dd"

static const struct {
	const char *name, *local; /* local NULL: cannot be written */
	enum result result;
} quotes[] = {
	{"user", "user", OK},
	{"a.b", "a.b", OK},
	{"a%b", "a%b", OK},
	{"a b", "\"a b\"", OK},
	{"a@b", "\"a@b\"", OK},
	{"a..b", "\"a..b\"", OK},
	{".", "\".\"", OK},
	{"a\"b\\", "\"a\\\"b\\\\\"", OK},
	{"@a:b", "\"@a:b\"", OK},
	{"\"", "\"\\\"\"", OK},
	{A63 "d", A63 "d", OK},
	{A61 " ", "\"" A61 " \"", OK},
	{A61 "d ", NULL, E_LIMIT},
	{A63 "dd", NULL, E_LIMIT},
	{A63 " ", NULL, E_LIMIT},
	{A63 "\"", NULL, E_LIMIT},
	{"", NULL, E_SYNTAX},
	{"a\r\nb", NULL, E_SYNTAX},
	{"\177", NULL, E_SYNTAX},
	{"m\303\274", "m\303\274", OK},
	{"m \303\274", "\"m \303\274\"", OK},
	{"m\374", NULL, E_SYNTAX},
};

START_TEST(quoting_goes_both_ways)
{
	char local[MAIL_LOCAL_MAX + 1], name[MAIL_LOCAL_MAX + 1];
	ck_assert_int_eq(mail_local_quote(quotes[_i].name, local, sizeof local), quotes[_i].result);
	if (!quotes[_i].local) {
		char roomy[2 * MAIL_LOCAL_MAX];
		ck_assert_int_eq(mail_local_quote(quotes[_i].name, roomy, sizeof roomy),
				 quotes[_i].result);
		return;
	}
	ck_assert_str_eq(local, quotes[_i].local);
	ck_assert_int_eq(mail_local_unquote(local, name, sizeof name), OK);
	ck_assert_str_eq(name, quotes[_i].name);
	ck_assert_int_eq(mail_local_unquote(local, name, strlen(quotes[_i].name)), E_LIMIT);
	ck_assert_int_eq(mail_local_unquote(local, name, strlen(quotes[_i].name) + 1), OK);
	for (size_t n = 0; n <= strlen(local); n++)
		ck_assert_int_eq(mail_local_quote(quotes[_i].name, name, n), E_LIMIT);
}
END_TEST

START_TEST(unquote_takes_local_parts_only)
{
	char name[MAIL_LOCAL_MAX + 1];
	ck_assert_int_eq(mail_local_unquote("a@b", name, sizeof name), E_SYNTAX);
	ck_assert_int_eq(mail_local_unquote("\"a", name, sizeof name), E_SYNTAX);
	ck_assert_int_eq(mail_local_unquote("", name, sizeof name), E_SYNTAX);
	ck_assert_int_eq(mail_local_unquote("\"\\a\\b\"", name, sizeof name), OK);
	ck_assert_str_eq(name, "ab");
}
END_TEST

static const struct {
	const char *address, *canonical;
} canonicals[] = {
	{"User@Example.NET", "User@example.net"},
	{"\"user\"@x", "user@x"},
	{"\"\\u\\s\\e\\r\"@x", "user@x"},
	{"\"a b\"@X", "\"a b\"@x"},
	{"@relay:user@X", "user@x"},
	{"u@[IPV6:2001:DB8:0:0::1]", "u@[ipv6:2001:db8::1]"},
	{"u@[192.0.2.1]", "u@[192.0.2.1]"},
	{"Postmaster", "Postmaster"},
};

START_TEST(one_spelling)
{
	char out[MAIL_ADDRESS_MAX + 1];
	ck_assert_int_eq(mail_address_canonical(canonicals[_i].address, out, sizeof out), OK);
	ck_assert_str_eq(out, canonicals[_i].canonical);
	ck_assert(mail_address_same(canonicals[_i].address, out));
	ck_assert_int_eq(mail_address_canonical(canonicals[_i].address, out, strlen(out)), E_LIMIT);
}
END_TEST

START_TEST(same_mailbox)
{
	ck_assert(mail_address_same("Bob@Example.net", "bob@EXAMPLE.NET"));
	ck_assert(mail_address_same("\"bob\"@x", "BOB@x"));
	ck_assert(!mail_address_same("bob@x", "bob@x.y"));
	ck_assert(!mail_address_same("bob@x", "rob@x"));
	ck_assert(!mail_address_same("bob@x", "bob"));
	ck_assert(!mail_address_same("bob@x", "bob@x."));
	ck_assert(mail_address_same("bob@x.", "bob@x."));
	ck_assert(!mail_address_same("bob@x.", "Bob@x."));
	ck_assert(mail_address_same("", ""));
	ck_assert(mail_address_same("u@[IPv6:::ffff:192.0.2.1]", "u@[192.0.2.1]"));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("address_form");
	TCase *tc = tcase_create("tables");
	tcase_add_loop_test(tc, quoting_goes_both_ways, 0, sizeof quotes / sizeof *quotes);
	tcase_add_loop_test(tc, one_spelling, 0, sizeof canonicals / sizeof *canonicals);
	suite_add_tcase(s, tc);
	SUITE_CASE(s, "forms", unquote_takes_local_parts_only, same_mailbox);
	return s;
}
SUITE_MAIN(suite)
