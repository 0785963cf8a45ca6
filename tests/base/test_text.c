/* text: case, edges, distance, UTF-8, durations and times. */
#include "base/text.h"
#include "support/suite.h"

#include <locale.h>
#include <string.h>

#define COUNT_OF(a) ((int)(sizeof(a) / sizeof *(a)))

START_TEST(case_is_that_of_ascii)
{
	for (int c = 0; c < 256; c++)
		ck_assert_int_eq((unsigned char)text_lower((char)c),
				 c >= 'A' && c <= 'Z' ? c + 32 : c);
	char s[] = "MiXeD \xc4 @[`{";
	ck_assert_str_eq(text_lower_all(s), "mixed \xc4 @[`{");
	ck_assert(text_same("Postmaster", "POSTMASTER"));
	ck_assert(!text_same("a", "ab") && !text_same("ab", "a") && text_same("", ""));
	ck_assert(!text_same("@", "`") && !text_same("[", "{")); /* 0x20 apart, no letters */
	ck_assert(text_same_n("MAILx", 4, "mail") && !text_same_n("mail", 4, "mai"));
	ck_assert(!text_same_n("mai", 3, "mail") && text_same_n("x", 0, "") &&
		  !text_same_n("x", 0, "x"));
	ck_assert(!text_same_n("a\0b", 3, "a"));
}
END_TEST

START_TEST(edges)
{
	ck_assert(text_starts("file:/x", "file:/") && text_starts("x", "") &&
		  !text_starts("fil", "file"));
	ck_assert(!text_starts("File", "file"));
	ck_assert(text_ends("a.EML", ".eml") && text_ends("x", "") && !text_ends("l", "eml"));
	static const char *const rows[][2] = {
		{"", ""},          {" \t\r\n", ""},   {"a", "a"},
		{" a b\t", "a b"}, {"\r\na \n", "a"}, {"\va", "\va"},
	};
	for (int i = 0; i < COUNT_OF(rows); i++) {
		char s[16];
		ck_assert(text_copy(s, sizeof s, rows[i][0]));
		ck_assert_str_eq(text_trim(s), rows[i][1]);
	}
}
END_TEST

START_TEST(copy_says_when_it_cuts)
{
	char s[5] = "####";
	ck_assert(!text_copy(s, 0, "x"));
	ck_assert_str_eq(s, "####");
	ck_assert(text_copy(s, 5, "1234"));
	ck_assert_str_eq(s, "1234");
	ck_assert(!text_copy(s, 5, "abcde"));
	ck_assert_str_eq(s, "abcd");
	ck_assert(text_copy(s, 1, "") && !*s);
}
END_TEST

START_TEST(distance_counts_slips)
{
	static const struct {
		const char *a, *b;
		unsigned distance;
	} rows[] = {
		{"", "", 0},
		{"", "abc", 3},
		{"hostname", "HostName", 0},
		{"hostnme", "hostname", 1},
		{"hosttname", "hostname", 1},
		{"hostnane", "hostname", 1},
		{"hotsname", "hostname", 1}, /* neighbours exchanged */
		{"kitten", "sitting", 3},
		{"ca", "abc", 3}, /* no letter goes into an exchanged pair */
		{"abcdef", "uvwxyz", 6},
	};
	for (int i = 0; i < COUNT_OF(rows); i++) {
		ck_assert_uint_eq(text_distance(rows[i].a, rows[i].b), rows[i].distance);
		ck_assert_uint_eq(text_distance(rows[i].b, rows[i].a), rows[i].distance);
	}
	char a[100], b[100];
	memset(a, 'a', sizeof a), memset(b, 'b', sizeof b);
	a[99] = b[99] = '\0';
	ck_assert_uint_eq(text_distance(a, b), 40);
	ck_assert_uint_eq(text_distance(a, a), 0);
}
END_TEST

START_TEST(nearest_is_what_was_meant)
{
	static const char *const words[] = {"hostname", "origin", "vendor", "spool",
					    "tls",      "to",     NULL};
	static const struct {
		const char *word, *near;
	} rows[] = {
		{"hostnmae", "hostname"},
		{"host_name", "hostname"},
		{"vendro", "vendor"},
		{"SPOL", "spool"},
		{"tsl", "tls"},
		{"tls", "tls"},
		{"foo", NULL}, /* "to" is one letter of three */
		{"x", NULL},
		{"", NULL},
		{"postoffice", NULL},
	};
	for (int i = 0; i < COUNT_OF(rows); i++) {
		const char *near = text_nearest(rows[i].word, words);
		ck_assert_msg(near == rows[i].near ||
				      (near && rows[i].near && !strcmp(near, rows[i].near)),
			      "%s: %s", rows[i].word, near ? near : "none");
	}
	ck_assert_ptr_null(text_nearest("x", words + 6));
}
END_TEST

/* Every code point, encoded by hand; every sequence of two bytes; and the shortest of the forbidden. */
START_TEST(utf8_is_that_of_the_rfc)
{
	for (unsigned c = 1; c < 0x120000; c++) {
		char s[8] = {0};
		size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
		for (size_t i = n - 1; i > 0; i--)
			s[i] = (char)(0x80 | (c >> 6 * (n - 1 - i) & 0x3f));
		s[0] = (char)(n == 1 ? c : 0xf00u >> n | c >> 6 * (n - 1));
		bool good = (c < 0xd800 || c > 0xdfff) && c < 0x110000;
		if (text_utf8(s) !=
		    (good ? n : 0)) /* a million of Check's own asserts take seconds */
			ck_abort_msg("U+%04X", c);
		if (text_utf8_n(s, n) != (good ? n : 0) || text_utf8_n(s, n - 1) != 0 ||
		    text_is_ascii(s, n) != (c < 0x80))
			ck_abort_msg("U+%04X by its length", c);
		s[n - 1] = '\0'; /* cut short */
		if (n > 1 && text_utf8(s))
			ck_abort_msg("U+%04X without its end", c);
	}
	for (int lead = 0x80; lead < 0xc2; lead++)
		ck_assert_uint_eq(text_utf8((char[]){(char)lead, (char)0x80, (char)0x80, 0}), 0);
	ck_assert_uint_eq(text_utf8("\xe0\x9f\xbf"), 0);
	ck_assert_uint_eq(text_utf8("\xf0\x8f\xbf\xbf"), 0);
	ck_assert_uint_eq(text_utf8("\xf8\x88\x80\x80\x80"), 0);
	ck_assert_uint_eq(text_utf8(""), 0);
	ck_assert(text_code("a") == 'a' && text_code("\xc3\xbc") == 0xfc);
	ck_assert(text_code("\xe2\x82\xac") == 0x20ac && text_code("\xf0\x9f\x98\x80") == 0x1f600);
}
END_TEST

START_TEST(hash_is_fnv_1a)
{
	ck_assert_uint_eq(text_hash("", 0, 0), 0xcbf29ce484222325u); /* the published values */
	ck_assert_uint_eq(text_hash("a", 1, 0), 0xaf63dc4c8601ec8cu);
	ck_assert_uint_eq(text_hash("foobar", 6, 0), 0x85944171f73967e8u);
	ck_assert_uint_ne(text_hash("a", 1, 1), text_hash("a", 1, 0));
}
END_TEST

START_TEST(durations_and_times)
{
	static const struct {
		int64_t ms;
		const char *shown;
	} rows[] = {
		{0, "0 ms"},
		{999, "999 ms"},
		{1000, "1 s"},
		{1500, "1 s"},
		{90000, "90 s"},
		{60000, "1 min"},
		{150000, "2 min"},
		{300000, "5 min"},
		{5400000, "90 min"},
		{14400000, "4 h"},
		{432000000, "5 d"},
		{86400000, "1 d"},
		{90000000, "25 h"},
		{-5, "-5 ms"},
		{-86394666, "-23 h"},
		{-1000, "-1 s"},
		{INT64_MIN, "-9223372036854775808 ms"},
	};
	char out[32];
	for (int i = 0; i < COUNT_OF(rows); i++)
		ck_assert_str_eq(text_duration(rows[i].ms, out, sizeof out), rows[i].shown);
	ck_assert_str_eq(text_time(0, out, sizeof out), "1970-01-01T00:00:00Z");
	ck_assert_str_eq(text_time(1795428000999, out, sizeof out), "2026-11-23T10:00:00Z");
	ck_assert_str_eq(text_time(INT64_MAX, out, sizeof out), "292278994-08-17T07:12:55Z");
	ck_assert_str_eq(text_time(0, out, 4), "-");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("base/text");
	setlocale(LC_ALL, "tr_TR.UTF-8"); /* nothing here asks the locale */
	SUITE_CASE(s, "ascii", case_is_that_of_ascii, edges, copy_says_when_it_cuts);
	SUITE_CASE(s, "near", distance_counts_slips, nearest_is_what_was_meant);
	SUITE_CASE(s, "utf8", utf8_is_that_of_the_rfc);
	SUITE_CASE(s, "numbers", hash_is_fnv_1a, durations_and_times);
	return s;
}
SUITE_MAIN(suite)
