/* words: texts of any bytes and failures, to JSON and back. */
#include "daemon/words.h"

#include "support/suite.h"

#include <string.h>

static void expect(const char *bytes, const char *text)
{
	json_t *s = words_json(bytes);
	ck_assert_ptr_nonnull(s);
	ck_assert_str_eq(json_string_value(s), text);
	json_decref(s);
}

START_TEST(any_bytes_become_json)
{
	expect(NULL, "");
	expect("plain", "plain");
	expect("gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f");
	expect("latin \xfc!", "latin \xef\xbf\xbd!");
	expect("\xc3", "\xef\xbf\xbd");
	expect("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* a surrogate */
	expect("\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd");                 /* overlong */
	expect("\xf0\x9f\x93\xa7", "\xf0\x9f\x93\xa7");
	expect("\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	expect("\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd");
}
END_TEST

START_TEST(every_byte_pair)
{
	for (int a = 1; a < 256; a++) {
		for (int b = 1; b < 256; b++) {
			char bytes[] = {(char)a, (char)b, '\0'};
			json_t *s = words_json(bytes);
			ck_assert_ptr_nonnull(s);
			json_decref(s);
		}
	}
}
END_TEST

START_TEST(failures_travel)
{
	struct err err, back;
	err_set(&err, E_NOTFOUND, "no %s", "m\xff");
	err_remedy(&err, "look");
	json_t *o = words_of_err(&err);
	words_to_err(o, &back);
	ck_assert_int_eq(back.code, E_NOTFOUND);
	ck_assert_str_eq(back.text, "no m\xef\xbf\xbd");
	ck_assert_str_eq(back.remedy, "look");
	json_decref(o);
	o = json_pack("{s:s}", "result", "of the future");
	words_to_err(o, &back);
	ck_assert_int_eq(back.code, E_REFUSED);
	ck_assert_str_eq(back.text, "");
	json_decref(o);
}
END_TEST

START_TEST(members_of_the_wrong_type)
{
	json_t *o = json_pack("{s:i, s:s}", "n", 7, "s", "x");
	ck_assert_int_eq(words_number(o, "n"), 7);
	ck_assert_int_eq(words_number(o, "s"), 0);
	ck_assert_str_eq(words_text(o, "n"), "");
	ck_assert_str_eq(words_text(o, "absent"), "");
	ck_assert_str_eq(words_text(NULL, "s"), "");
	json_decref(o);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("daemon/words");
	SUITE_CASE(s, "texts", any_bytes_become_json, every_byte_pair);
	SUITE_CASE(s, "failures", failures_travel, members_of_the_wrong_type);
	return s;
}
SUITE_MAIN(suite)
