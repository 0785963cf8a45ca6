/* smtp/path: the paths of MAIL and RCPT, strict and loose, and what may be sent. */
#include "smtp/path.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NULLOK SMTP_PATH_NULL
#define PM SMTP_PATH_POSTMASTER
#define LOOSE SMTP_PATH_LOOSE

static const struct {
	const char *text;
	unsigned flags;
	enum result r;
	const char *address, *rest;
	const char *marks; /* b bare, r routed, l local */
} rows[] = {
	{"<a@b>", 0, OK, "a@b", "", ""},
	{"<a@b.example> SIZE=1", 0, OK, "a@b.example", "SIZE=1", ""},
	{" \t<a@b>  X  Y", 0, OK, "a@b", "X  Y", ""},
	{"<>", NULLOK, OK, "", "", ""},
	{"<> BODY=7BIT", NULLOK, OK, "", "BODY=7BIT", ""},
	{"<>", 0, E_SYNTAX, "", "", ""},
	{"<>", LOOSE, E_SYNTAX, "", "", ""},
	{"", NULLOK | LOOSE, E_SYNTAX, "", "", ""},
	{"<", NULLOK | LOOSE, E_SYNTAX, "", "", ""},
	{"<a@b", LOOSE, E_SYNTAX, "", "", ""},
	{"a@b>", LOOSE, E_SYNTAX, "", "", ""},
	{"<a@b>x", 0, E_SYNTAX, "", "", ""},
	{"<a@b> >", 0, OK, "a@b", ">", ""},
	{"<a@@b>", 0, E_SYNTAX, "", "", ""},
	{"<@b>", 0, E_SYNTAX, "", "", ""},
	{"<a@>", 0, E_SYNTAX, "", "", ""},
	{"<a b@c>", 0, E_SYNTAX, "", "", ""},
	{"<a@b c>", 0, E_SYNTAX, "", "", ""},
	{"<a@b.>", 0, E_SYNTAX, "", "", ""},
	{"<a(x)@b>", 0, E_SYNTAX, "", "", ""},
	{"<a\\b@c>", 0, E_SYNTAX, "", "", ""},
	{"<a..b.@c>", 0, OK, "a..b.@c", "", ""},
	{"<a%b@c>", 0, OK, "a%b@c", "", ""},
	{"<a!b@c>", 0, OK, "a!b@c", "", ""},
	{"<!#$%&'*+-/=?^_`{|}~@c>", 0, OK, "!#$%&'*+-/=?^_`{|}~@c", "", ""},
	{"<\"a@b\"@c>", 0, OK, "\"a@b\"@c", "", ""},
	{"<\"a>b\"@c> X", 0, OK, "\"a>b\"@c", "X", ""},
	{"<\"a b\\\"c\"@d>", 0, OK, "\"a b\\\"c\"@d", "", ""},
	{"<\"\"@d>", 0, OK, "\"\"@d", "", ""},
	{"<\"a@d>", 0, E_SYNTAX, "", "", ""},
	{"<\"a\\\"@d>", 0, E_SYNTAX, "", "", ""},
	{"<\"a\"b@d>", 0, E_SYNTAX, "", "", ""},
	{"<\"a\x01\"@d>", 0, E_SYNTAX, "", "", ""},
	{"<\"a\\\r\"@d>", 0, E_SYNTAX, "", "", ""},
	{"<a@[192.0.2.1]>", 0, OK, "a@[192.0.2.1]", "", ""},
	{"<a@[IPv6:::1]>", 0, OK, "a@[IPv6:::1]", "", ""},
	{"<a@[192.0.2.1>", 0, E_SYNTAX, "", "", ""},
	{"<a@[x]>", 0, E_SYNTAX, "", "", ""},
	{"<@r:a@b>", 0, OK, "a@b", "", "r"},
	{"<@r,@s.t,@[1.2.3.4]:a@b> X", 0, OK, "a@b", "X", "r"},
	{"<@r,s:a@b>", 0, E_SYNTAX, "", "", ""},
	{"<@r>", 0, E_SYNTAX, "", "", ""},
	{"<@r:>", NULLOK, E_SYNTAX, "", "", ""},
	{"<@:a@b>", 0, E_SYNTAX, "", "", ""},
	{"<@r,:a@b>", 0, E_SYNTAX, "", "", ""},
	{"<@r:@s:a@b>", 0, E_SYNTAX, "", "", ""},
	{"<Postmaster>", PM, OK, "Postmaster", "", "l"},
	{"<Postmaster>", NULLOK, E_SYNTAX, "", "", ""},
	{"<postmasters>", PM, E_SYNTAX, "", "", ""},
	{"<jdoe>", PM, E_SYNTAX, "", "", ""},
	{"<jdoe>", LOOSE, OK, "jdoe", "", "l"},
	{"jdoe", LOOSE, OK, "jdoe", "", "bl"},
	{"jdoe SIZE=5", LOOSE, OK, "jdoe", "SIZE=5", "bl"},
	{"a@b SIZE=5", LOOSE, OK, "a@b", "SIZE=5", "b"},
	{"@r:a@b", LOOSE, OK, "a@b", "", "br"},
	{"a@b", 0, E_SYNTAX, "", "", ""},
	{"\"a b\"@c X", LOOSE, OK, "\"a b\"@c", "X", "b"},
	{"<m\xc3\xbcller@b> X", 0, OK, "m\xc3\xbcller@b", "X", "w"},
	{"<a@m\xc3\xbcller>", LOOSE, OK, "a@m\xc3\xbcller", "", "w"},
	{"<\"\xc3\xbc \"@b>", 0, OK, "\"\xc3\xbc \"@b", "", "w"},
	{"m\xc3\xbcller", LOOSE, OK, "m\xc3\xbcller", "", "blw"},
	{"<m\xfcller@b>", 0, E_UNSUPPORTED, "", "", ""},
	{"<a@m\xfcller>", LOOSE, E_UNSUPPORTED, "", "", ""},
	{"<a@\xe2\x98\x83..b>", LOOSE, E_UNSUPPORTED, "", "", ""},
	{"<\"\xc3\"@b>", 0, E_UNSUPPORTED, "", "", ""},
	{"<a\xc2\x85@b>", 0, E_UNSUPPORTED, "", "", ""},
	{"<a@> \xc3", 0, E_SYNTAX, "", "", ""},
};

START_TEST(scans)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t n = strlen(rows[i].text);
		char *copy = malloc(n ? n : 1); /* no NUL behind it */
		memcpy(copy, rows[i].text, n);
		struct smtp_path p;
		enum result r = smtp_path_scan(copy, n, rows[i].flags, &p);
		ck_assert_msg(r == rows[i].r, "%s: %s", rows[i].text, result_word(r));
		if (r == OK) {
			ck_assert_uint_eq(p.n, strlen(rows[i].address));
			ck_assert_mem_eq(p.address, rows[i].address, p.n);
			ck_assert_uint_eq((size_t)(copy + n - p.rest), strlen(rows[i].rest));
			char marks[5] = "";
			snprintf(marks, sizeof marks, "%s%s%s%s", p.bare ? "b" : "",
				 p.routed ? "r" : "", p.local ? "l" : "", p.wide ? "w" : "");
			ck_assert_msg(strcmp(marks, rows[i].marks) == 0, "%s: %s", rows[i].text,
				      marks);
		}
		free(copy);
	}
}
END_TEST

/* Every prefix of every row is read within its bounds. */
START_TEST(prefixes)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t n = 0; n <= strlen(rows[i].text); n++) {
			char *copy = malloc(n ? n : 1);
			memcpy(copy, rows[i].text, n);
			struct smtp_path p;
			if (smtp_path_scan(copy, n, rows[i].flags, &p) == OK)
				ck_assert(p.rest <= copy + n && p.address + p.n <= p.rest);
			free(copy);
		}
}
END_TEST

START_TEST(sendable)
{
	static const char *const good[] = {"",           "a@b",         "m\xc3\xbc@b",
					   "a%b@c",      "\"a b\"@c",   "\"a\\\"> <b\"@c",
					   "Postmaster", "a@[IPv6:::1]"};
	static const char *const bad[] = {
		"a b@c",   "a@b> X <c",    "a>b@c",       "a<b@c",       "a@b\r\nRSET",
		"a\n@b",   "\"a@b",        "\"a\r\n\"@b", "\"a\\\r\"@b", "\"a\\",
		"m\xfc@b", "m\xc3\xbc @b", "\xc3",        "\x7f@b",      "a@b\"x> Y\"z\" <"};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		ck_assert_msg(smtp_path_sendable(good[i]), "%s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!smtp_path_sendable(bad[i]), "%s", bad[i]);
	char longest[SMTP_PATH_MAX + 2];
	memset(longest, 'a', sizeof longest);
	longest[SMTP_PATH_MAX] = '\0';
	ck_assert(smtp_path_sendable(longest));
	longest[SMTP_PATH_MAX] = 'a';
	longest[SMTP_PATH_MAX + 1] = '\0';
	ck_assert(!smtp_path_sendable(longest));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/path");
	SUITE_CASE(s, "scan", scans, prefixes);
	SUITE_CASE(s, "send", sendable);
	return s;
}
SUITE_MAIN(suite)
