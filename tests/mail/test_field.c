/* field: cutting a header block, folds, what is no field, and values on one line. */
#include "mail/field.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

/* "name=value|" of each field, and what is left. */
static void cut(const char *text, const char *expected)
{
	char seen[400] = "", part[200];
	const char *at = text, *end = text + strlen(text);
	struct mail_field_at f;
	struct buf value;
	buf_init(&value, 0);
	for (; mail_field_next(at, end, &f); at += f.line_n) {
		ck_assert_int_eq(mail_field_unfold(&f, &value), OK);
		snprintf(part, sizeof part, "%.*s=%s|", (int)f.name_n, f.line, buf_string(&value));
		strcat(seen, part);
	}
	strcat(seen, at);
	ck_assert_str_eq(seen, expected);
	buf_free(&value);
}

START_TEST(fields_are_cut)
{
	cut("A: b\r\nC:d \r\n\te\r\n f\r\n\r\nbody", "A=b|C=d e f|\r\nbody");
	cut("A : b\r\nSubject:\r\nX:y", "A=b|Subject=|X=y|");
	cut("A: b\nC: d\n\n", "A=b|C=d|\n");
	cut("no field\r\n", "no field\r\n");
	cut(" A: b\r\n", " A: b\r\n");
	cut(": b\r\n", ": b\r\n");
	cut("A: \x01"
	    "b\x7f\r\n",
	    "A=b|");
}
END_TEST

START_TEST(names_have_no_case)
{
	const char text[] = "message-ID: x\r\n", *at = text;
	struct mail_field_at f;
	ck_assert(mail_field_next(at, text + strlen(text), &f));
	ck_assert(mail_field_is(&f, "Message-ID"));
	ck_assert(!mail_field_is(&f, "Message"));
	ck_assert_uint_eq(f.line_n, strlen(text));
}
END_TEST

START_TEST(long_values_are_not_looked_at)
{
	static char text[MAIL_VALUE_MAX + 100];
	const char *at = text;
	struct mail_field_at f;
	struct buf value;
	memset(text, 'a', sizeof text - 1);
	text[1] = ':';
	buf_init(&value, 0);
	ck_assert(mail_field_next(at, text + strlen(text), &f));
	ck_assert_int_eq(mail_field_unfold(&f, &value), E_LIMIT);
	ck_assert_uint_eq(value.len, 0);
	f.value_n = MAIL_VALUE_MAX / 2;
	ck_assert_int_eq(mail_field_unfold(&f, &value), OK);
	buf_free(&value);
}
END_TEST

START_TEST(no_fields)
{
	static const char *const texts[] = {"",         "\r\n",   " To: x",      ":x",
					    "no colon", "a b: c", "T\xc3\xb6: x"};
	struct mail_field_at f;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		ck_assert_msg(!mail_field_next(texts[i], texts[i] + strlen(texts[i]), &f), "%s",
			      texts[i]);
}
END_TEST

/* Cut anywhere, it never looks behind the end. */
START_TEST(cut_anywhere)
{
	static const char text[] =
		"To : a@b\r\nSubject:one\r\n two\n\tthree\r\nX:\r\n\r\nbody: no\r\n";
	for (size_t n = 0; n < sizeof text; n++) {
		struct mail_field_at f;
		char copy[sizeof text];
		memset(copy, ':', sizeof copy);
		memcpy(copy, text, n);
		for (const char *at = copy; mail_field_next(at, copy + n, &f); at += f.line_n) {
			ck_assert(at + f.line_n <= copy + n);
			ck_assert(f.value + f.value_n <= at + f.line_n);
		}
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("mail/field");
	TCase *tc = tcase_create("field");
	tcase_add_test(tc, fields_are_cut);
	tcase_add_test(tc, names_have_no_case);
	tcase_add_test(tc, long_values_are_not_looked_at);
	tcase_add_test(tc, no_fields);
	tcase_add_test(tc, cut_anywhere);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
