/* field: where each field begins and ends, at every length of the text. */
#include "mail/field.h"

#include "support/suite.h"

#include <string.h>

static const char text[] = "To : a@b\r\nSubject:one\r\n two\n\tthree\r\nX:\r\n\r\nbody: no\r\n";

START_TEST(walked)
{
	struct mail_field_at f;
	const char *at = text, *end = text + strlen(text);
	ck_assert(mail_field_next(at, end, &f));
	ck_assert(mail_field_named(&f, "tO") && !mail_field_named(&f, "T"));
	ck_assert_int_eq(strncmp(f.value, " a@b\r\n", mail_field_length(&f)), 0);
	ck_assert(mail_field_next(at += f.n, end, &f));
	ck_assert(mail_field_named(&f, "subject"));
	ck_assert_uint_eq(mail_field_length(&f), strlen("one\r\n two\n\tthree\r\n"));
	ck_assert(mail_field_next(at += f.n, end, &f));
	ck_assert_uint_eq(f.n, 4);
	ck_assert(!mail_field_next(at += f.n, end, &f)); /* the empty line */
	ck_assert_int_eq(strncmp(at, "\r\nbody", 6), 0);
}
END_TEST

START_TEST(none)
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
START_TEST(cut)
{
	for (size_t n = 0; n < sizeof text; n++) {
		struct mail_field_at f;
		char copy[sizeof text];
		memset(copy, ':', sizeof copy);
		memcpy(copy, text, n);
		const char *at = copy;
		while (mail_field_next(at, copy + n, &f)) {
			at += f.n;
			ck_assert(at <= copy + n);
			ck_assert(f.value <= at);
		}
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("field");
	SUITE_CASE(s, "walked", walked, none, cut);
	return s;
}
SUITE_MAIN(suite)
