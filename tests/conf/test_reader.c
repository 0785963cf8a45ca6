/* reader: every trap of inih, every refusal with its line, and documents cut at every byte. */
#include "conf/reader.h"
#include "base/buf.h"
#include "support/suite.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct buf seen;

static void on_section(void *ctx, const char *word, const char *name, unsigned line)
{
	(void)ctx;
	buf_printf(&seen, "%u[%s|%s]\n", line, word ? word : "-", name ? name : "-");
}

static void on_pair(void *ctx, const char *key, char *value, unsigned line)
{
	(void)ctx;
	buf_printf(&seen, "%u<%s|%s>\n", line, key, value);
}

static void on_fault(void *ctx, unsigned line, const char *remedy, const char *text)
{
	(void)ctx;
	(void)remedy;
	buf_printf(&seen, "%u!%s\n", line, text);
}

static const struct conf_reader_events events = {on_section, on_pair, on_fault};

/* What the reader tells of n bytes. */
static const char *read_bytes(const char *bytes, size_t n)
{
	buf_free(&seen);
	buf_init(&seen, 0);
	ck_assert_int_eq(conf_reader_parse(bytes, n, &events, NULL), OK);
	return buf_string(&seen);
}

#define READS(text, expected) ck_assert_str_eq(read_bytes(text, sizeof text - 1), expected)

START_TEST(lines_and_blanks)
{
	READS("", "");
	READS("\n\n", "");
	READS("[a]\nk = v\n", "1[a|-]\n2<k|v>\n");
	READS("[a]\r\nk=v\r\n\r\nl =w", "1[a|-]\n2<k|v>\n4<l|w>\n");
	READS(" \t[ a  b ] \n\tk \t=\t v  \n", "1[a|b]\n2<k|v>\n");
	READS("\xef\xbb\xbf[a]\nk = v\n", "1[a|-]\n2<k|v>\n");
	READS("\xef\xbb\xbf; only a comment\n", "");
	READS("[a]\nk = gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x93\xac\n",
	      "1[a|-]\n2<k|gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x93\xac>\n");
	READS("[a]\nk = a = b : c\n", "1[a|-]\n2<k|a = b : c>\n");
	READS("[a]\nk =\nl\t=   \n", "1[a|-]\n2<k|>\n3<l|>\n");
}
END_TEST

START_TEST(comments_and_quotes)
{
	READS("; c\n # c\n[a] ; c\n[b];c\n", "3[a|-]\n4[b|-]\n");
	READS("[a]\nk = v ; c ; d\n", "1[a|-]\n2<k|v>\n");
	READS("[a]\nk = v\t; c\n", "1[a|-]\n2<k|v>\n");
	READS("[a]\nk = v;w # x\n", "1[a|-]\n2<k|v;w # x>\n");
	READS("[a]\nk = ; c\n", "1[a|-]\n2<k|>\n");
	READS("[a]\nk = \"v ; w\" ; c\n", "1[a|-]\n2<k|v ; w>\n");
	READS("[a]\nk = \"  v  \";c\n", "1[a|-]\n2<k|  v  >\n");
	READS("[a]\nk = \"a\\\"b\\\\c\\d\"\n", "1[a|-]\n2<k|a\"b\\c\\d>\n");
	READS("[a]\nk = \"\"\n", "1[a|-]\n2<k|>\n");
	READS("[a]\nk = say \"v ; w\"\n", "1[a|-]\n2<k|say \"v>\n");
	READS("[a]\nk = \"v\nl = w\n", "1[a|-]\n2!the value has no closing quote\n3<l|w>\n");
	READS("[a]\nk = \"v\\\"\n", "1[a|-]\n2!the value has no closing quote\n");
	READS("[a]\nk = \"v\" w\n", "1[a|-]\n2!text stands behind the closing quote\n");
}
END_TEST

/* inih glues an indented line to the value before it. */
START_TEST(indented_lines_are_lines)
{
	READS("[a]\nk = v\n  l = w\n\tm = x\n", "1[a|-]\n2<k|v>\n3<l|w>\n4<m|x>\n");
	READS("[a]\nk = v\n  more\n", "1[a|-]\n2<k|v>\n3!\"more\" has no = behind it\n");
}
END_TEST

/* inih does not show sections without keys, nor that one comes again. */
START_TEST(every_section_line_is_seen)
{
	READS("[a]\n[b]\n[a]\n[a x]\nk = v\n", "1[a|-]\n2[b|-]\n3[a|-]\n4[a|x]\n5<k|v>\n");
	READS("[postoffice COMPANY/HQ]\n", "1[postoffice|COMPANY/HQ]\n");
	READS("[p A.b-c_d/9]\n", "1[p|A.b-c_d/9]\n");
}
END_TEST

/* inih puts the keys behind a broken section line into the section before. */
START_TEST(broken_sections_own_their_keys)
{
#define FOLLOWS "\nk = v\n[b]\nl = w\n"
#define THEN "2[-|-]\n3<k|v>\n4[b|-]\n5<l|w>\n"
	READS("[a]\n[x" FOLLOWS, "1[a|-]\n2!the section line has no ]\n" THEN);
	READS("[a]\n[x ; ]y" FOLLOWS,
	      "1[a|-]\n2!text stands behind the ] of the section line\n" THEN);
	READS("[a]\n[x] k = 1" FOLLOWS,
	      "1[a|-]\n2!text stands behind the ] of the section line\n" THEN);
	READS("[a]\n[ ]" FOLLOWS, "1[a|-]\n2!the section has no name\n" THEN);
	READS("[a]\n[x y z]" FOLLOWS,
	      "1[a|-]\n2!the section's name may hold letters, digits and .-_/ only\n" THEN);
	READS("[a]\n[x \xc3\xbc]" FOLLOWS,
	      "1[a|-]\n2!the section's name may hold letters, digits and .-_/ only\n" THEN);
	READS("[a]\n[x 12345678901234567890123456789012345678901]" FOLLOWS,
	      "1[a|-]\n2!the section's name is longer than 40 characters\n" THEN);
	READS("[a]\n[x\xff]" FOLLOWS, "1[a|-]\n2!the line is not UTF-8\n" THEN);
	READS("[x 1234567890123456789012345678901234567890]\n",
	      "1[x|1234567890123456789012345678901234567890]\n");
}
END_TEST

START_TEST(lines_that_are_no_pair)
{
	READS("k = v\n; c\nl\n[a]\n", "1!text stands before the first section\n"
				      "3!text stands before the first section\n4[a|-]\n");
	READS("[a]\n= v\n", "1[a|-]\n2!no key stands before the =\n");
	READS("[a]\npassword hunter2\n", "1[a|-]\n2!\"password\" has no = behind it\n");
	READS("[a]\nk: v\n", "1[a|-]\n2!\"k\" has no = behind it\n");
	READS("[a]\nk: v = w\n",
	      "1[a|-]\n2!the text before the = is not a key (letters, digits and _)\n");
	READS("[a]\nk ;l = w\n",
	      "1[a|-]\n2!the text before the = is not a key (letters, digits and _)\n");
	READS("[a]\n\"k\" = w\n",
	      "1[a|-]\n2!the text before the = is not a key (letters, digits and _)\n");
}
END_TEST

START_TEST(bytes_that_are_refused)
{
	READS("[a]\nk = v\0w\nl = x\n", "1[a|-]\n2!the line has a NUL byte\n3<l|x>\n");
	READS("\0[a]\n", "1!the line has a NUL byte\n");
	READS("[a]\nk = \x1b[0m\n", "1[a|-]\n2!the line has a control character (0x1b)\n");
	READS("[a]\nk = v\x7f\n", "1[a|-]\n2!the line has a control character (0x7f)\n");
	READS("[a]\rk = v\r", "1!the line has a control character (0x0d)\n1[-|-]\n");
	READS("[a]\nk = v\r\r\n", "1[a|-]\n2!the line has a control character (0x0d)\n");
	READS("\xff\xfe[\0a\0]\0", "1!the file is UTF-16\n");
	READS("\xfe\xff\0[\0a\0]", "1!the file is UTF-16\n");
}
END_TEST

static const char *const not_utf8[] = {
	"\x80",
	"\xc3",
	"\xc3(",
	"\xc0\x80",
	"\xc1\xbf",
	"\xe0\x80\x80",
	"\xe2\x82",
	"\xed\xa0\x80",
	"\xf0\x80\x80\x80",
	"\xf4\x90\x80\x80",
	"\xf5",
	"\xf8\x88\x80\x80",
	"caf\xe9", /* Latin-1 */
};

START_TEST(not_utf8_is_refused)
{
	char text[64];
	int n = snprintf(text, sizeof text, "[a]\nk = %s\nl = w ; %s\n", not_utf8[_i],
			 not_utf8[_i]);
	ck_assert_str_eq(read_bytes(text, (size_t)n),
			 "1[a|-]\n2!the line is not UTF-8\n3!the line is not UTF-8\n");
}
END_TEST

/* "[a]\nk = vvv...\nl = w\n" with a second line of n bytes. */
static const char *read_long(size_t n, bool key)
{
	static char text[CONF_LINE_MAX + 100];
	char *p = text + sprintf(text, "[a]\n");
	memset(p, 'v', n);
	if (key)
		memcpy(p + n - 4, " = v", 4);
	else
		memcpy(p, "k = ", 4);
	strcpy(p + n, "\nl = w\n");
	return read_bytes(text, strlen(text));
}

/* inih cuts at 198 bytes, and a key at 49. */
START_TEST(long_lines)
{
	static const size_t lengths[] = {
		190,          196,  197,  198,  199,  200,  201,   398,   399,   400,
		401,          3199, 3200, 6399, 6400, 6401, 12799, 12800, 12801, CONF_LINE_MAX - 1,
		CONF_LINE_MAX};
	size_t n = lengths[_i % 21];
	char expected[64];
	const char *got = read_long(n, _i >= 21);
	snprintf(expected, sizeof expected, _i >= 21 ? "1[a|-]\n2<vvv" : "1[a|-]\n2<k|vvv");
	ck_assert_int_eq(strncmp(got, expected, strlen(expected)), 0);
	ck_assert_uint_eq(strlen(got), strlen("1[a|-]\n2<>\n3<l|w>\n") + n - (_i >= 21 ? 2 : 2));
	ck_assert_str_eq(got + strlen(got) - 7, "3<l|w>\n");
}
END_TEST

START_TEST(too_long_lines)
{
	ck_assert_str_eq(read_long(CONF_LINE_MAX + 1, false),
			 "1[a|-]\n2!the line has 16385 bytes, more than 16384\n3<l|w>\n");
	static char text[40000];
	memset(text, ' ', sizeof text); /* blanks around do not count */
	memcpy(text, "[a]\n", 4);
	memcpy(text + 20000, "k = v", 5);
	ck_assert_str_eq(read_bytes(text, sizeof text), "1[a|-]\n2<k|v>\n");
}
END_TEST

/* A document cut anywhere gives what the lines before the cut gave: no line number slips, nothing is read twice. */
START_TEST(every_prefix)
{
	static const char text[] = "\xef\xbb\xbf; c\r\n[a b] ; c\r\n k = \"v ; \\\" w\" ; c\r\n"
				   "l = \xc3\xbc\n[c\nm = n\n\n[d]\no = p\n";
	for (size_t n = 0; n < sizeof text; n++) {
		char *copy = malloc(n ? n : 1); /* so that a read behind the end is seen */
		memcpy(copy, text, n);
		const char *got = read_bytes(copy, n);
		unsigned lines = 1, line = 0;
		for (size_t i = 0; i < n; i++)
			lines += text[i] == '\n';
		for (const char *p = got; *p; p = strchr(p, '\n') + 1) {
			unsigned here = (unsigned)strtoul(p, NULL, 10);
			ck_assert_uint_ge(here, line);
			ck_assert_uint_le(here, lines);
			line = here;
		}
		free(copy);
	}
	READS(text, "2[a|b]\n3<k|v ; \" w>\n4<l|\xc3\xbc>\n5!the section line has no ]\n5[-|-]\n"
		    "6<m|n>\n8[d|-]\n9<o|p>\n");
}
END_TEST

static void teardown(void)
{
	buf_free(&seen);
}

static Suite *suite(void)
{
	Suite *s = suite_create("conf/reader");
	SUITE_CASE(s, "grammar", lines_and_blanks, comments_and_quotes);
	SUITE_CASE(s, "traps", indented_lines_are_lines, every_section_line_is_seen,
		   broken_sections_own_their_keys, too_long_lines);
	SUITE_CASE(s, "refusals", lines_that_are_no_pair, bytes_that_are_refused);
	SUITE_CASE(s, "prefixes", every_prefix);
	TCase *loops = tcase_create("loops");
	tcase_add_checked_fixture(loops, NULL, teardown);
	tcase_add_loop_test(loops, not_utf8_is_refused, 0, sizeof not_utf8 / sizeof *not_utf8);
	tcase_add_loop_test(loops, long_lines, 0, 42);
	suite_add_tcase(s, loops);
	return s;
}
SUITE_MAIN(suite)
