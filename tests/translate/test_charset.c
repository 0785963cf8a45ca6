/* charset: every set both ways, at every split point; what a set does not have is written otherwise and counted. */
#include "translate/charset.h"

#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static struct region *region;

static void setup(void)
{
	region = region_new(0);
}

static void teardown(void)
{
	region_destroy(&region);
}

static const struct {
	const char *name, *utf8, *bytes;
} rows[] = {
	{"cp437", "äöüÄÖÜß é└", "\x84\x94\x81\x8e\x99\x9a\xe1 \x82\xc0"},
	{"CP850", "äöüÄÖÜß ©", "\x84\x94\x81\x8e\x99\x9a\xe1 \xb8"},
	{"cp1252", "äß€“”", "\xe4\xdf\x80\x93\x94"},
	{"latin-1", "äßÿ", "\xe4\xdf\xff"},
	{"iso646-de", "ÄÖÜäöüß§", "[\\]{|}~@"},
	{"iso646-se", "ÄÖÅäöåÉé", "[\\]{|}@`"},
	{"iso646-fi", "ÄÖÅäöå", "[\\]{|}"},
	{"iso646-no", "ÆØÅæøå", "[\\]{|}"},
	{"iso646-dk", "ÆØÅæøå", "[\\]{|}"},
	{"utf-8", "ä€\xf0\x9f\x98\x80", "ä€\xf0\x9f\x98\x80"},
	{"us-ascii", "plain", "plain"},
};

static void convert(const char *name, bool to_utf8, const char *in, size_t split, const char *want)
{
	struct charset c;
	struct sink to;
	struct buf out;
	buf_init(&out, 0);
	sink_buffer(&to, &out);
	ck_assert_int_eq(charset_begin(&c, charset_find(name), to_utf8, &to), OK);
	ck_assert_int_eq(charset_put(&c, in, split), OK);
	ck_assert_int_eq(charset_put(&c, in + split, strlen(in) - split), OK);
	ck_assert_int_eq(charset_end(&c), OK);
	ck_assert_msg(strcmp(buf_string(&out), want) == 0, "%s %zu: %s", name, split,
		      buf_string(&out));
	ck_assert_uint_eq(c.lost + c.changed, 0);
	buf_free(&out);
}

START_TEST(both_ways_at_every_split)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		for (size_t s = 0; s <= strlen(rows[i].utf8); s++)
			convert(rows[i].name, false, rows[i].utf8, s, rows[i].bytes);
		for (size_t s = 0; s <= strlen(rows[i].bytes); s++)
			convert(rows[i].name, true, rows[i].bytes, s, rows[i].utf8);
	}
}
END_TEST

/* The 256 bytes of a code page come back as they were. */
START_TEST(code_pages_lose_nothing)
{
	static const char *const pages[] = {"cp437", "cp850", "latin-1"};
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
		for (int byte = 1; byte < 256; byte++) {
			char in[2] = {(char)byte, '\0'};
			uint64_t changed = 0, lost = 0;
			const char *set = charset_find(pages[i]);
			const char *there = charset_string(region, set, true, in, &changed, &lost);
			const char *back =
				charset_string(region, set, false, there, &changed, &lost);
			ck_assert_str_eq(back, in);
			ck_assert_uint_eq(changed + lost, 0);
		}
}
END_TEST

START_TEST(nothing_is_lost_in_silence)
{
	static const struct {
		const char *set, *in, *want;
		uint64_t changed, lost;
	} cases[] = {
		{"cp437", "5 € – „so“…", "5 EUR - \"so\"...", 5, 0},
		{"us-ascii", "Ärger, Łódź, ½", "Aerger, Lodz, 1/2", 5, 0},
		{"cp437", "日本", "??", 0, 2},
		{"iso646-de", "[x]", "?x?", 0, 2},
		{"cp437", "bad \xff end", "bad ? end", 0, 1},
		{"cp437", "cut \xe2\x82", "cut ?", 0, 1},
		{"cp850",
		 "a\xe2\x80\x8b"
		 "b",
		 "ab", 1, 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t changed = 0, lost = 0;
		const char *got = charset_string(region, charset_find(cases[i].set), false,
						 cases[i].in, &changed, &lost);
		ck_assert_str_eq(got, cases[i].want);
		ck_assert_uint_eq(changed, cases[i].changed);
		ck_assert_uint_eq(lost, cases[i].lost);
	}
	uint64_t lost = 0;
	ck_assert_str_eq(charset_string(region, "UTF-8", true, "a\xff\xe2\x82z", NULL, &lost),
			 "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz");
	ck_assert_uint_eq(lost, 3);
}
END_TEST

START_TEST(names)
{
	for (const char *const *name = charset_names(); *name; name++) {
		ck_assert_ptr_nonnull(charset_find(*name));
		ck_assert_msg(charset_known(charset_find(*name)), "%s", *name);
	}
	ck_assert_ptr_null(charset_find("cp438"));
	ck_assert(!charset_known("no-such-charset"));
	struct charset c;
	ck_assert_int_eq(charset_begin(&c, "no-such-charset", true, NULL), E_NOTFOUND);
	ck_assert_ptr_null(charset_string(region, "no-such-charset", true, "x", NULL, NULL));
	ck_assert_str_eq(charset_letters(0xe4), "ae");
	ck_assert_str_eq(charset_letters(0x17f), "s");
	ck_assert_str_eq(charset_letters(0x20ac), "EUR");
	ck_assert_str_eq(charset_letters(0x1f642), ":-)");
	ck_assert_ptr_null(charset_letters(0x9f));
	ck_assert_ptr_null(charset_letters(0x180));
	ck_assert_ptr_null(charset_letters(0));
}
END_TEST

START_TEST(a_full_sink_is_told)
{
	for (size_t most = 1; most < 6; most++) {
		struct charset c;
		struct sink to;
		struct buf out;
		buf_init(&out, most);
		sink_buffer(&to, &out);
		ck_assert_int_eq(charset_begin(&c, "CP437", false, &to), OK);
		enum result r = charset_put(&c, "ab€x", 6);
		ck_assert_int_eq(r, E_LIMIT);
		ck_assert_int_eq(charset_end(&c), OK);
		buf_free(&out);
	}
}
END_TEST

/* The C library keeps a letter until it knows that no accent comes to it; the last one of a text must not stay there. */
START_TEST(a_letter_that_waits_for_its_accent)
{
	static const char *const rows_of_1258[][2] = {
		{"Nam", "Nam"}, {"Vi\xea\xf2", "Vi\xe1\xbb\x87"}, {"caf\xea", "caf\xc3\xaa"}};
	for (size_t i = 0; i < sizeof rows_of_1258 / sizeof *rows_of_1258; i++) {
		uint64_t changed = 0, lost = 0;
		ck_assert_str_eq(
			charset_string(region, "CP1258", true, rows_of_1258[i][0], &changed, &lost),
			rows_of_1258[i][1]);
		ck_assert_uint_eq(changed + lost, 0);
	}
}
END_TEST

/* What RFC 3629 does not have is no UTF-8, though the C library takes it for that. */
START_TEST(beyond_the_last_character)
{
	uint64_t changed = 0, lost = 0;
	ck_assert_str_eq(charset_string(region, "UTF-8", true,
					"a\xf5\x80\x80\x80g\xf4\x8f\xbf\xbfz\xf4\x90\x80\x80",
					&changed, &lost),
			 "a\xef\xbf\xbdg\xf4\x8f\xbf\xbfz\xef\xbf\xbd");
	ck_assert_uint_eq(lost, 2);
	ck_assert_uint_eq(changed, 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("translate/charset");
	TCase *t = tcase_create("charset");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, both_ways_at_every_split);
	tcase_add_test(t, code_pages_lose_nothing);
	tcase_add_test(t, nothing_is_lost_in_silence);
	tcase_add_test(t, a_letter_that_waits_for_its_accent);
	tcase_add_test(t, beyond_the_last_character);
	tcase_add_test(t, names);
	tcase_add_test(t, a_full_sink_is_told);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
