/* smtp/name: domain names and address literals. */
#include "smtp/name.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

#define L63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"

START_TEST(domains)
{
	static const char *const good[] = {
		"a",      "localhost", "a.b",    "a-b.c-d.example",      "1.2.3.4",
		"WIN_95", "3com.com",  L63 ".x", "xn--mller-kva.example"};
	static const char *const bad[] = {"",
					  ".",
					  "a.",
					  ".a",
					  "a..b",
					  "-a",
					  "a-",
					  "a.-b",
					  "a b",
					  "a@b",
					  "a\x80.example",
					  "[a]",
					  L63 "x.y",
					  "a,b",
					  L63 "." L63 "." L63 "." L63 ".x"};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		ck_assert_msg(smtp_name_is_domain(good[i], strlen(good[i])), "%s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!smtp_name_is_domain(bad[i], strlen(bad[i])), "%s", bad[i]);
	ck_assert(!smtp_name_is_domain("a\0b", 3));
	ck_assert(smtp_name_is_domain("a.bX", 3)); /* n counts */
}
END_TEST

START_TEST(literals)
{
	static const char *const good[] = {"[192.0.2.1]", "[IPv6:2001:db8::1]", "[ipv6:::1]",
					   "[IPv6:::ffff:192.0.2.1]"};
	static const char *const bad[] = {
		"",
		"[]",
		"[1.2.3]",
		"[1.2.3.256]",
		"192.0.2.1",
		"[192.0.2.1",
		"192.0.2.1]",
		"[2001:db8::1]",
		"[IPv6:]",
		"[IPv6:1.2.3.4]",
		"[[::1]]",
		"[IPv6:[::1]]",
		"[a.b]",
		"[IPv6:g::]",
		"[ 1.2.3.4]",
		"[IPv6:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:00000000]"};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		ck_assert_msg(smtp_name_is_literal(good[i], strlen(good[i])), "%s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!smtp_name_is_literal(bad[i], strlen(bad[i])), "%s", bad[i]);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/name");
	SUITE_CASE(s, "syntax", domains, literals);
	return s;
}
SUITE_MAIN(suite)
