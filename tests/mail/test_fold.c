/* fold: wrapping, hostile words, names. */
#include "mail/fold.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

static struct buf out;
static struct mail_fold f;

static void begin(const char *indent, size_t width)
{
	buf_init(&out, 0);
	mail_fold_start(&f, &out, indent, width);
}

static void expect(const char *text)
{
	ck_assert_int_eq(mail_fold_end(&f), OK);
	ck_assert_str_eq(buf_string(&out), text);
	buf_free(&out);
}

START_TEST(short_line)
{
	begin("\t", 78);
	mail_fold_word(&f, "Subject:");
	mail_fold_text(&f, "  two   words\t");
	expect("Subject: two words\r\n");
}
END_TEST

START_TEST(wraps_at_the_width)
{
	begin("\t", 12);
	mail_fold_text(&f, "1234567 890 xy averyveryverylongword z");
	expect("1234567 890\r\n\txy\r\n\taveryveryverylongword\r\n\tz\r\n");
	begin("  ", 12);
	mail_fold_text(&f, "1234567 8901 x");
	expect("1234567 8901\r\n  x\r\n");
	begin("  ", 12);
	mail_fold_text(&f, "1234567 89012");
	expect("1234567\r\n  89012\r\n");
}
END_TEST

START_TEST(hostile_text_stays_in_its_line)
{
	begin("\t", 78);
	mail_fold_word(&f, "X:");
	mail_fold_text(&f, "a\r\nBcc: evil\n\n.\rb\177c\033[2J\300\n");
	expect("X: a Bcc: evil . b c [2J?\r\n");
	begin("\t", 78);
	mail_fold_word(&f, "a b\r\nc\377");
	expect("a b??c?\r\n");
}
END_TEST

START_TEST(no_line_is_too_long)
{
	char *word = malloc(5001);
	memset(word, 'x', 5000);
	word[5000] = '\0';
	begin("\t", 78);
	mail_fold_word(&f, "X:");
	mail_fold_text(&f, word);
	mail_fold_word(&f, word);
	ck_assert_int_eq(mail_fold_end(&f), OK);
	size_t letters = 0;
	for (const char *p = buf_string(&out); *p;) {
		size_t n = strcspn(p, "\r");
		ck_assert_uint_le(n, MAIL_LINE_MAX);
		ck_assert_int_eq(p[n + 1], '\n');
		for (size_t i = 0; i < n; i++)
			letters += p[i] == 'x';
		p += n + 2;
	}
	ck_assert_uint_eq(letters, 10000);
	buf_free(&out);
	free(word);
}
END_TEST

START_TEST(breaks_where_told)
{
	begin("    ", 78);
	mail_fold_break(&f);
	mail_fold_text(&f, "one");
	mail_fold_break(&f);
	mail_fold_text(&f, "two");
	expect("    one\r\n    two\r\n");
}
END_TEST

START_TEST(failure_is_kept)
{
	buf_init(&out, 4);
	mail_fold_start(&f, &out, "\t", 78);
	mail_fold_word(&f, "12345");
	mail_fold_word(&f, "6");
	ck_assert_int_eq(mail_fold_end(&f), E_LIMIT);
	ck_assert_uint_eq(out.len, 0);
	buf_free(&out);
}
END_TEST

START_TEST(names)
{
	char name[16];
	ck_assert_str_eq(mail_fold_name("[IPv6:2001::1]", name, sizeof name), "[IPv6:2001::1]");
	ck_assert_str_eq(mail_fold_name("a) by b (\r\n\377", name, sizeof name), "a??by?b?????");
	ck_assert_str_eq(mail_fold_name("a_b-c.d;<e@f>\"\\", name, sizeof name), "a_b-c.d??e?f???");
	ck_assert_str_eq(mail_fold_name("0123456789abcdefgh", name, sizeof name),
			 "0123456789abcde");
	ck_assert_str_eq(mail_fold_name("", name, sizeof name), "");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("fold");
	SUITE_CASE(s, "wrap", short_line, wraps_at_the_width, breaks_where_told);
	SUITE_CASE(s, "hostile", hostile_text_stays_in_its_line, no_line_is_too_long, names);
	SUITE_CASE(s, "failure", failure_is_kept);
	return s;
}
SUITE_MAIN(suite)
