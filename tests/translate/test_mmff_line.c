/* mmff_line: each token, what is refused with which number, what is kept, short memory. */
#include "translate/mmff.h"

#include "support/scarce.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static struct region *region;
static struct neutral n;
static enum mmff_line next;
static enum mmff_error error;
static char why[256];

static void setup(void)
{
	region = region_new(0);
	neutral_init(&n, region);
	next = MMFF_LINE_MORE;
}

static void teardown(void)
{
	region_destroy(&region);
}

static enum result take(const char *line)
{
	return mmff_line_read(&n, line, &next, &error, why, sizeof why);
}

#define TAKE(line) ck_assert_msg(take(line) == OK, "%s: %s", line, why)

START_TEST(tokens)
{
	TAKE("to:CSI:COMPANY/DEPT/jsmith");
	TAKE("TO:COMPANY/DEPT/joe");
	TAKE("To: smtp:joe@example.com");
	TAKE("TO:X400:c=de^0Da=x^0a;p=y");
	TAKE("CC:admin");
	TAKE("From:MSMAIL:A/B/C");
	TAKE("DATE:1992-11-29");
	TAKE("TIME:23:44");
	TAKE("subject: Automatic: x ");
	TAKE("PRIORITY:F");
	TAKE("ATTACHMENT:my file.sys 291");
	TAKE("ATTACHMENTS:b 0");
	TAKE("XATTACH:M:\\tmp\\c.txt");
	TAKE("XATTACH:d.txt Long name.txt");
	ck_assert_uint_eq(n.to.count, 4);
	ck_assert_str_eq(n.to.items[0].type, "CSI");
	ck_assert_str_eq(n.to.items[1].text, "COMPANY/DEPT/joe");
	ck_assert_str_eq(n.to.items[2].type, "SMTP");
	ck_assert_str_eq(n.to.items[2].text, "joe@example.com");
	ck_assert_str_eq(n.to.items[3].text, "c=de\ra=x\n;p=y");
	ck_assert_str_eq(n.cc.items[0].text, "admin");
	ck_assert_str_eq(n.from.type, "MSMAIL");
	ck_assert_int_eq(n.year * 10000 + n.month * 100 + n.day, 19921129);
	ck_assert_int_eq(n.hour * 100 + n.minute, 2344);
	ck_assert_str_eq(n.subject, "Automatic: x");
	ck_assert_str_eq(n.priority, "F");
	ck_assert_uint_eq(n.parts.count, 4);
	ck_assert_str_eq(n.parts.items[0].name, "my file.sys");
	ck_assert_uint_eq(n.parts.items[0].content.size, 291);
	ck_assert_str_eq(n.parts.items[2].name, "c.txt");
	ck_assert_str_eq(n.parts.items[2].external, "M:\\tmp\\c.txt");
	ck_assert_str_eq(n.parts.items[3].name, "Long name.txt");
	ck_assert_int_eq(next, MMFF_LINE_MORE);
	TAKE("TEXT:152");
	ck_assert_int_eq(next, MMFF_LINE_TEXT);
	ck_assert_uint_eq(n.text.size, 152);
	TAKE("XTEXT:body.txt");
	ck_assert_int_eq(next, MMFF_LINE_XTEXT);
}
END_TEST

START_TEST(extended_and_unknown)
{
	TAKE("EXT:I:3:HEADLEN");
	ck_assert_int_eq(next, MMFF_LINE_VALUE);
	TAKE("9");
	ck_assert_int_eq(next, MMFF_LINE_MORE);
	ck_assert_str_eq(neutral_field(&n, "headlen"), "9");
	ck_assert_ptr_null(neutral_field(&n, "other"));
	TAKE("X-OTHER:kept as it is ");
	TAKE("DATE:yesterday");
	TAKE("TIME:25:00");
	TAKE("DATE:1992-13-01");
	TAKE("TIME:12:3x");
	ck_assert_uint_eq(n.unknown.count, 5);
	ck_assert_str_eq(n.unknown.items[0], "X-OTHER:kept as it is ");
	ck_assert_int_eq(n.year, 0);
	ck_assert_int_eq(n.hour, -1);
}
END_TEST

START_TEST(refused)
{
	static const struct {
		const char *line;
		enum mmff_error want;
	} rows[] = {
		{"no colon here", MMFF_PARTITION},
		{"two words:x", MMFF_NO_TOKEN},
		{":x", MMFF_NO_TOKEN},
		{"TO:", MMFF_ADDRESS},
		{"TO:CSI:", MMFF_ADDRESS},
		{"TO:A/B", MMFF_ADDRESS},
		{"TO:A/B/C/D", MMFF_ADDRESS},
		{"TO:A//C", MMFF_ADDRESS},
		{"TO:A/B/", MMFF_ADDRESS},
		{"TO:ABCDEFGHIJK/B/C", MMFF_ADDRESS},
		{"TO:A/B/J\xf6rg", MMFF_ADDRESS},
		{"FROM:A/B/ABCDEFGHIJK", MMFF_ADDRESS},
		{"TO:PIGEON:x", MMFF_SERVICE},
		{"TEXT:", MMFF_TOKEN},
		{"TEXT:-1", MMFF_TOKEN},
		{"TEXT:99999999999999999999999999", MMFF_TOKEN},
		{"XTEXT:M:\\", MMFF_XTEXT},
		{"ATTACHMENT:name", MMFF_TOKEN},
		{"ATTACHMENT:name 1x", MMFF_TOKEN},
		{"XATTACH:", MMFF_TOKEN},
		{"EXT:I:3", MMFF_PARTITION},
		{"EXT:I:3:", MMFF_PARTITION},
		{"VERSION:3.00", MMFF_PARSER},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ck_assert_msg(take(rows[i].line) == E_CORRUPT, "%s", rows[i].line);
		ck_assert_msg(error == rows[i].want, "%s: %d", rows[i].line, error);
		ck_assert_uint_gt(strlen(why), 0);
	}
	ck_assert(mmff_address_ok("ABCDEFGHIJ/ABCDEFGHIJ/ABCDEFGHIJ", why, sizeof why));
}
END_TEST

START_TEST(lists_are_bounded)
{
	for (int i = 0; i < NEUTRAL_ADDRESSES_MAX; i++)
		TAKE(i % 2 ? "TO:a" : "CC:a");
	ck_assert_int_eq(take("TO:a"), E_CORRUPT);
	ck_assert_int_eq(error, MMFF_TOO_BIG);
	for (int i = 0; i < NEUTRAL_PARTS_MAX; i++)
		TAKE("ATTACHMENT:a 1");
	ck_assert_int_eq(take("ATTACHMENT:a 1"), E_CORRUPT);
	ck_assert_int_eq(error, MMFF_TOO_BIG);
}
END_TEST

START_TEST(memory_is_short)
{
	static const char *const lines[] = {"TO:CSI:a/b/c",   "SUBJECT:x",  "PRIORITY:1",
					    "ATTACHMENT:a 1", "XTEXT:a",    "EXT:I:3:HEADLEN",
					    "X-OTHER:abc",    "XATTACH:a b"};
	for (size_t k = 0; k < sizeof lines / sizeof *lines; k++)
		for (unsigned i = 1;; i++) {
			struct region *r = region_new(0);
			static struct neutral m;
			enum mmff_line then = MMFF_LINE_MORE;
			neutral_init(&m, r);
			scarce_fail_at(i);
			enum result got =
				mmff_line_read(&m, lines[k], &then, &error, why, sizeof why);
			scarce_end();
			region_destroy(&r);
			if (got == OK)
				break;
			ck_assert_int_eq(got, E_NOMEM);
			ck_assert_int_eq(error, MMFF_MEMORY);
			ck_assert_uint_lt(i, 100);
		}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("translate/mmff_line");
	TCase *t = tcase_create("line");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, tokens);
	tcase_add_test(t, extended_and_unknown);
	tcase_add_test(t, refused);
	tcase_add_test(t, lists_are_bounded);
	tcase_add_test(t, memory_is_short);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
