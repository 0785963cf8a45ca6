/* patterns: what a list reads, refuses, and which pattern decides. */
#include "conf/fake.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *list, *address;
	bool match;
} rows[] = {
	{"*", "a@b.example", true},
	{"*", "", true}, /* the null reverse-path */
	{"b.example", "a@b.example", true},
	{"b.example", "a@B.Example", true},
	{"B.EXAMPLE", "a@b.example", true},
	{"b.example", "a@c.b.example", false},
	{"b.example", "a@xb.example", false},
	{"b.example", "", false},
	{".b.example", "a@c.b.example", true},
	{".b.example", "a@C.B.EXAMPLE", true},
	{".b.example", "a@b.example", false},
	{".b.example", "a@xb.example", false},
	{"a@b.example", "A@b.example", true},
	{"a@b.example", "aa@b.example", false},
	{"a@b.example", "\"x\"@a@b.example", false},
	{"b.example", "x@a@b.example", true}, /* the domain is behind the last @ */
	{"!a@b.example, b.example", "a@b.example", false},
	{"!a@b.example, b.example", "c@b.example", true},
	{"b.example, !a@b.example", "a@b.example", true}, /* first match decides */
	{"!.b.example, *", "a@x.b.example", false},
	{"!.b.example, *", "a@b.example", true},
	{"!b.example", "a@c.example", false}, /* nothing fits */
	{"! b.example , *", "a@b.example", false},
	{"!*", "a@b.example", false},
	{"b.example", "postmaster", false},
	{"*", "postmaster", true},
	/* in UTF-8 is as in ASCII; addresses come with their domain in ASCII */
	{"b\303\274cher.example", "a@xn--bcher-kva.example", true},
	{".B\303\234CHER.example", "a@x.xn--bcher-kva.example", true},
	{"!\303\274@b\303\274cher.example, *", "\303\274@xn--bcher-kva.example", false},
	{"\303\274@b.example", "u@b.example", false},
};

START_TEST(first_match_decides)
{
	char text[256];
	snprintf(text, sizeof text, "[route x]\nmatch = %s\n", rows[_i].list);
	ck_assert_int_eq(fake_load(text), OK);
	ck_assert(conf_patterns_match(&fake_settings()->routes[0].match, rows[_i].address) ==
		  rows[_i].match);
	fake_free();
}
END_TEST

START_TEST(files_are_read_in)
{
	static const char list[] =
		"# comment\r\n\n  Friend@partner.example  \n;x\n!partner.example\n.example";
	fake_file("/list", list, sizeof list - 1);
	ck_assert_int_eq(
		fake_load("[route x]\nmatch = one.test, file:/list, !*\nmatch = two.test\n"), OK);
	const struct conf_patterns *p = &fake_settings()->routes[0].match;
	ck_assert_uint_eq(p->count, 6);
	ck_assert_int_eq(p->items[1].kind, CONF_PATTERN_ADDRESS);
	ck_assert_str_eq(p->items[1].text, "friend@partner.example"); /* lower case */
	ck_assert(p->items[2].kind == CONF_PATTERN_DOMAIN);
	ck_assert_str_eq(p->items[3].text, ".example"); /* with its dot */
	ck_assert(conf_patterns_match(p, "friend@partner.example"));
	ck_assert(!conf_patterns_match(p, "foe@partner.example"));
	ck_assert(conf_patterns_match(p, "x@sub.example"));
	ck_assert(!conf_patterns_match(p, "x@two.test"));
	ck_assert_ptr_nonnull(strstr(fake_print("route x", false),
				     "\nmatch = one.test, file:/list, !*, two.test ; /gw.ini:2\n"));
	fake_free();
}
END_TEST

START_TEST(faults_of_files)
{
	fake_file("/bad", "good.example\n\na b\n@x\n", 21);
	fake_file("/nul", "a.example\0b", 11);
	ck_assert_int_eq(
		fake_load(
			"[route x]\nmatch = file:/bad, file:/none\nsender = file:/nul, file:rel\n"),
		E_CONFIG);
#define NO_PATTERN "is not a pattern (domain, .suffix, user@domain, *, ! before any of them)\n"
	ck_assert_str_eq(fake_faults(),
			 "/gw.ini:2: error: match: /bad:3: \"a b\" " NO_PATTERN
			 "/gw.ini:2: error: match: /bad:4: \"@x\" " NO_PATTERN
			 "/gw.ini:2: error: match: /none cannot be read: no such file\n"
			 "/gw.ini:3: error: sender: /nul holds a NUL byte\n"
			 "/gw.ini:3: error: sender: file: is followed by an absolute path\n"
			 "5 errors, 0 warnings\n");
	fake_free();
}
END_TEST

static const char *const wrong[] = {"a b", "@",     "a@",    "@b",   "..",        ".",
				    "!",   "!!a.b", "a@b c", "b/24", "*.example", "a,,b"};

START_TEST(no_pattern)
{
	char text[256];
	snprintf(text, sizeof text, "[route x]\nmatch = %s\n", wrong[_i]);
	ck_assert_int_eq(fake_load(text), E_CONFIG);
	ck_assert_ptr_nonnull(strstr(fake_faults(), "/gw.ini:2: error: match: \""));
	ck_assert_ptr_nonnull(strstr(fake_faults(), NO_PATTERN));
	fake_free();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("conf/patterns");
	TCase *loops = tcase_create("matching");
	tcase_add_loop_test(loops, first_match_decides, 0, sizeof rows / sizeof *rows);
	tcase_add_loop_test(loops, no_pattern, 0, sizeof wrong / sizeof *wrong);
	suite_add_tcase(s, loops);
	SUITE_CASE(s, "files", files_are_read_in, faults_of_files);
	return s;
}
SUITE_MAIN(suite)
