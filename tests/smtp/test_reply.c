/* smtp/reply: replies as text, as struct, and back. */
#include "smtp/reply.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static const char *format(const struct smtp_reply *reply, bool with_status)
{
	static char text[65536];
	struct buf b;
	buf_init(&b, 0);
	ck_assert_int_eq(smtp_reply_format(&b, reply, with_status), OK);
	ck_assert_uint_lt(b.len, sizeof text);
	snprintf(text, sizeof text, "%s", buf_string(&b));
	buf_free(&b);
	return text;
}

START_TEST(formats)
{
	static const struct {
		int code;
		const char *status, *text;
		bool with_status;
		const char *out;
	} rows[] = {
		{250, "2.1.5", "Ok", true, "250 2.1.5 Ok\r\n"},
		{250, "2.1.5", "Ok", false, "250 Ok\r\n"},
		{250, NULL, "Ok", true, "250 Ok\r\n"},
		{250, "", "", true, "250\r\n"},
		{250, "2.0.0", "", true, "250 2.0.0\r\n"},
		{250, "", "a\nb\nc", true, "250-a\r\n250-b\r\n250 c\r\n"},
		{550, "5.1.1", "a\nb", true, "550-5.1.1 a\r\n550 5.1.1 b\r\n"},
		{550, "5.1.1", "a\n\nb", true, "550-5.1.1 a\r\n550-5.1.1\r\n550 5.1.1 b\r\n"},
		{250, "", "a\n b", true, "250-a\r\n250  b\r\n"},
		{250, "", "a\n", true, "250 a\r\n"},
		{550, "", "a\rb\tc\x01\x7f\xfc", true, "550 a?b?c???\r\n"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct smtp_reply r;
		smtp_reply_set(&r, rows[i].code, rows[i].status, "%s", rows[i].text);
		ck_assert_str_eq(format(&r, rows[i].with_status), rows[i].out);
	}
}
END_TEST

/* No line above 512 bytes, whatever the length and with or without blanks; nothing is lost. */
START_TEST(splits_long_lines)
{
	for (size_t n = 450; n < SMTP_REPLY_TEXT; n++)
		for (int blanks = 0; blanks < 2; blanks++) {
			char words[SMTP_REPLY_TEXT] = "";
			for (size_t i = 0; i < n; i++)
				words[i] = blanks && i % 7 == 6 ? ' ' : 'x';
			struct smtp_reply r;
			smtp_reply_set(&r, 550, "5.123.123", "%s", words);
			size_t shown = 0;
			const char *at = format(&r, true);
			while (*at) {
				const char *lf = strstr(at, "\r\n");
				ck_assert_ptr_nonnull(lf);
				ck_assert_uint_le((size_t)(lf - at) + 2, 512);
				ck_assert_int_eq(at[3], lf[2] ? '-' : ' ');
				for (; at < lf; at++)
					shown += *at == 'x';
				at = lf + 2;
			}
			for (size_t i = 0; i < n; i++)
				shown -= words[i] == 'x';
			ck_assert_uint_eq(shown, 0);
		}
}
END_TEST

START_TEST(cuts_long_text)
{
	struct smtp_reply r;
	smtp_reply_set(&r, 250, "2.0.0.0.0.0.0.0.0.0", "%2000d", 1);
	ck_assert_uint_eq(strlen(r.text), SMTP_REPLY_TEXT - 1);
	ck_assert_uint_eq(strlen(r.status), sizeof r.status - 1);
}
END_TEST

static const struct {
	const char *lines[4];
	enum result last;
	int code;
	const char *status, *text;
} parsed[] = {
	{{"250 2.1.5 Ok"}, OK, 250, "2.1.5", "Ok"},
	{{"250 Ok"}, OK, 250, "", "Ok"},
	{{"250"}, OK, 250, "", ""},
	{{"250 "}, OK, 250, "", ""},
	{{"250-"}, E_STATE, 250, "", ""},
	{{"250-a", "250 b"}, OK, 250, "", "a\nb"},
	{{"550-5.1.1 a", "550 5.1.1 b"}, OK, 550, "5.1.1", "a\nb"},
	{{"550-5.1.1 a", "550 b"}, OK, 550, "5.1.1", "a\nb"},
	{{"250-h", "250 2.0.0 b"}, OK, 250, "", "h\n2.0.0 b"},
	{{"550 5.1.1"}, OK, 550, "5.1.1", ""},
	{{"550 4.1.1 x"}, OK, 550, "", "4.1.1 x"},
	{{"550 5.1.1x"}, OK, 550, "", "5.1.1x"},
	{{"550 5.1000.1 x"}, OK, 550, "", "5.1000.1 x"},
	{{"550 5..1 x"}, OK, 550, "", "5..1 x"},
	{{"550 5.7.606 x"}, OK, 550, "5.7.606", "x"},
	{{"354 2.0.0 x"}, OK, 354, "", "2.0.0 x"},
	{{"250-a", "550 b"}, OK, 550, "", "a\nb"}, /* the last line's code counts */
	{{"550-5.1.1 a", "450 b"}, OK, 450, "", "a\nb"},
	{{"250 a\tb\x01"}, OK, 250, "", "a b?"},
	{{"25"}, E_SYNTAX, 0, "", ""},
	{{""}, E_SYNTAX, 0, "", ""},
	{{"hello"}, E_SYNTAX, 0, "", ""},
	{{"199 x"}, E_SYNTAX, 0, "", ""},
	{{"600 x"}, E_SYNTAX, 0, "", ""},
	{{"2x0 x"}, E_SYNTAX, 0, "", ""},
	{{"250x"}, E_SYNTAX, 0, "", ""},
	{{"2500 x"}, E_SYNTAX, 0, "", ""},
	{{" 250 x"}, E_SYNTAX, 0, "", ""},
};

START_TEST(parses)
{
	for (size_t i = 0; i < sizeof parsed / sizeof *parsed; i++) {
		struct smtp_reply r = {0};
		enum result last = E_STATE;
		for (int line = 0; line < 4 && parsed[i].lines[line]; line++) {
			ck_assert_int_eq(last, E_STATE);
			const char *text = parsed[i].lines[line];
			last = smtp_reply_parse_line(&r, text, strlen(text));
		}
		ck_assert_msg(last == parsed[i].last, "%s", parsed[i].lines[0]);
		ck_assert_int_eq(r.code, parsed[i].code);
		ck_assert_str_eq(r.status, parsed[i].status);
		ck_assert_str_eq(r.text, parsed[i].text);
	}
}
END_TEST

START_TEST(bounds_parsed_text)
{
	struct smtp_reply r = {0};
	for (int i = 0; i < 10000; i++)
		ck_assert_int_eq(smtp_reply_parse_line(&r, "250-0123456789", 14), E_STATE);
	ck_assert_int_eq(smtp_reply_parse_line(&r, "250 x", 5), OK);
	ck_assert_uint_eq(strlen(r.text), SMTP_REPLY_TEXT - 1);
}
END_TEST

START_TEST(prints_one_line)
{
	struct smtp_reply r;
	char out[64];
	smtp_reply_set(&r, 550, "5.1.1", "No\nsuch \x01user");
	ck_assert_str_eq(smtp_reply_print(&r, out, sizeof out), "550 5.1.1 No such ?user");
	smtp_reply_set(&r, 250, "", "%s", "");
	ck_assert_str_eq(smtp_reply_print(&r, out, sizeof out), "250");
	smtp_reply_set(&r, 0, "", "connection lost");
	ck_assert_str_eq(smtp_reply_print(&r, out, sizeof out), "connection lost");
	smtp_reply_set(&r, 250, "", "%0100d", 1);
	ck_assert_uint_eq(strlen(smtp_reply_print(&r, out, sizeof out)), sizeof out - 1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/reply");
	SUITE_CASE(s, "format", formats, splits_long_lines, cuts_long_text);
	SUITE_CASE(s, "parse", parses, bounds_parsed_text);
	SUITE_CASE(s, "print", prints_one_line);
	return s;
}
SUITE_MAIN(suite)
