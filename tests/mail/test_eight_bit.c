/* eight_bit: guesses, and encoded words that a reader of RFC 2047 gives back. */
#include "mail/eight_bit.h"
#include "support/suite.h"

#include <string.h>

START_TEST(guesses)
{
	static const struct {
		const char *text, *whole, *cut;
	} rows[] = {
		{"", "utf-8", "utf-8"},
		{"a\xc3\xa4", "utf-8", "utf-8"},
		{"a\xe4 b", "windows-1252", "windows-1252"},
		{"a\xc3", "windows-1252", "utf-8"},
		{"\xe2\x82", "windows-1252", "utf-8"},
		{"\xf0\x9f\x98\x80", "utf-8", "utf-8"},
		{"\xc0\x80", "windows-1252", "windows-1252"},
		{"\xff", "windows-1252", "windows-1252"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t n = strlen(rows[i].text);
		ck_assert_str_eq(mail_eight_bit_charset(rows[i].text, n, true), rows[i].whole);
		ck_assert_str_eq(mail_eight_bit_charset(rows[i].text, n, false), rows[i].cut);
	}
	ck_assert(mail_eight_bit_in("a\x80", 2) && !mail_eight_bit_in("a\x80", 1));
}
END_TEST

static void encodes(const char *value, bool persons, const char *expected)
{
	struct buf out;
	buf_init(&out, 0);
	ck_assert_int_eq(mail_eight_bit_field(&out, "X", value, persons), OK);
	ck_assert_str_eq(buf_string(&out), expected);
	buf_free(&out);
}

START_TEST(fields_are_encoded)
{
	encodes("a b", false, "X: a b\r\n");
	encodes("Gr\xc3\xbc\xc3\x9f"
		"e aus",
		false, "X: =?utf-8?B?R3LDvMOfZQ==?= aus\r\n");
	encodes("a \xe4 \xf6 b", false, "X: a =?windows-1252?B?5CD2?= b\r\n");
	encodes("\"J\xf6rg, B.\" <j@x.test>, b@y.test, \xe4 <c@z>", true,
		"X: =?windows-1252?B?SvZyZywgQi4=?= <j@x.test>, b@y.test,\r\n"
		" =?windows-1252?B?5A==?= <c@z>\r\n");
	encodes("J\xf6rg M\xfcller <j@x.test>", true,
		"X: =?windows-1252?B?SvZyZyBN/GxsZXI=?= <j@x.test>\r\n");
	encodes("j@x.test (J\xf6rg M\xfcller), k@x.test (Karl (a) b)", true,
		"X: j@x.test (=?windows-1252?B?SvZyZyBN/GxsZXI=?=) , k@x.test (Karl (a) b)\r\n");
	encodes("\"J\xf6 @ x\" <j@x.test>, (\xf6", true,
		"X: =?windows-1252?B?SvYgQCB4?= <j@x.test>, =?windows-1252?B?KPY=?=\r\n");
	encodes("\"J\xf6rg", true, "X: =?windows-1252?B?SvZyZw==?=\r\n");
	encodes("<j\xf6@x.test>", true, "X: <j?@x.test>\r\n"); /* an address cannot be encoded */
}
END_TEST

/* However long: no line above 78, no character cut in two. */
START_TEST(long_words_are_parted)
{
	char value[400] = "";
	struct buf out;
	for (int i = 0; i < 60; i++)
		strcat(value, "\xe2\x82\xac");
	buf_init(&out, 0);
	ck_assert_int_eq(mail_eight_bit_field(&out, "X", value, false), OK);
	const char *text = buf_string(&out);
	for (const char *at = text; *at; at = strchr(at, '\n') + 1)
		ck_assert_uint_le(strcspn(at, "\r"), 78);
	ck_assert_ptr_null(strstr(text, "4oK=")); /* part of a character at the end of a word */
	buf_free(&out);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("mail/eight_bit");
	TCase *tc = tcase_create("eight_bit");
	tcase_add_test(tc, guesses);
	tcase_add_test(tc, fields_are_encoded);
	tcase_add_test(tc, long_words_are_parted);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
