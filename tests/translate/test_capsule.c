/* capsule: wrapped and opened again, and everything that is none. */
#include "support/suite.h"
#include "translate/capsule.h"

#include <string.h>

#define MESSAGE "VERSION:3.00\rTO:CSI:A/B/c\rSUBJECT:x\rATTACHMENT:a 2\rTEXT:2\rhiAB"
#define LIST "smtpgate encapsulation 1\r\ncharset cp437\r\nto c@a.b\r\nto \"d e\"@a.b\r\n"

static struct region *region;
static struct neutral mail;

static void setup(void)
{
	region = region_new(0);
	neutral_init(&mail, region);
}

static void teardown(void)
{
	region_destroy(&region);
}

static void add(const char *name, const char *text)
{
	const struct neutral_part part = {.name = name,
					  .content = content_memory(text, strlen(text))};
	ck_assert_int_eq(neutral_add_part(&mail, &part), OK);
}

START_TEST(there_and_back)
{
	const char *const recipients[] = {"c@a.b", "\"d e\"@a.b"};
	const struct content message = content_memory(MESSAGE, strlen(MESSAGE));
	struct neutral n, outer;
	struct capsule c;
	struct buf list;
	neutral_init(&n, region);
	n.subject = "x";
	mail = n;
	add("own.doc", "of the message");
	n = mail;
	buf_init(&list, 0);
	ck_assert_int_eq(capsule_list("cp437", recipients, 2, &list), OK);
	ck_assert_str_eq(buf_string(&list), LIST);
	ck_assert_int_eq(capsule_wrap(&n, &list, &message, &outer), OK);
	ck_assert_uint_eq(outer.parts.count, 2);
	ck_assert_uint_eq(n.parts.count, 1);
	ck_assert_str_eq(outer.subject, "x");
	ck_assert_int_eq(capsule_open(&outer, &c), OK);
	ck_assert_str_eq(c.charset, "cp437");
	ck_assert_uint_eq(c.to.count, 2);
	ck_assert_str_eq(c.to.items[1].type, "SMTP");
	ck_assert_str_eq(c.to.items[1].text, "\"d e\"@a.b");
	ck_assert_uint_eq(c.message.size, strlen(MESSAGE));
	ck_assert_str_eq(c.inner.to.items[0].text, "A/B/c");
	ck_assert_uint_eq(c.inner.parts.items[0].content.size, 2);
	buf_free(&list);
}
END_TEST

/* In any order, names in any case, others beside them, lists with other line ends. */
START_TEST(more_than_we_write)
{
	struct capsule c;
	add("message.api", MESSAGE "\x1a");
	add("signature.asc", "x");
	add("Xxenc.To", "smtpgate encapsulation 1\ncharset CP437\nto c@a.b");
	ck_assert_int_eq(capsule_open(&mail, &c), OK);
	ck_assert_uint_eq(c.to.count, 1);
}
END_TEST

static const struct {
	const char *list, *message, *more;
} none[] = {
	{NULL, MESSAGE, NULL},
	{LIST, NULL, NULL},
	{LIST, MESSAGE, CAPSULE_LIST},
	{LIST, MESSAGE, CAPSULE_MESSAGE},
	{"", MESSAGE, NULL},
	{"smtpgate encapsulation 2\r\ncharset cp437\r\nto a@b\r\n", MESSAGE, NULL},
	{"smtpgate encapsulation 1\r\ncharset cp437\r\n", MESSAGE, NULL},
	{"smtpgate encapsulation 1\r\nto a@b\r\n", MESSAGE, NULL},
	{"smtpgate encapsulation 1\r\ncharset no-such\r\nto a@b\r\n", MESSAGE, NULL},
	{"smtpgate encapsulation 1\r\ncharset cp437\r\ncharset cp437\r\nto a@b\r\n", MESSAGE, NULL},
	{LIST "bcc x@y\r\n", MESSAGE, NULL},
	{LIST "to \r\n", MESSAGE, NULL},
	{LIST, "", NULL},
	{LIST, "nothing of the kind", NULL},
	{LIST, MESSAGE MESSAGE, NULL},
	{LIST, MESSAGE "more", NULL},
	{LIST, "VERSION:3.00\rTO:CSI:A/B/c\rTEXT:3\rhi", NULL},
	{LIST, "VERSION:3.00\rTEXT:2\rhi", NULL},
	{LIST, "VERSION:3.00\rTO:CSI:A/B/c\rXTEXT:/etc/passwd\r", NULL},
	{LIST, "VERSION:3.00\rTO:CSI:A/B/c\rXATTACH:/etc/passwd\rTEXT:2\rhi", NULL},
};

START_TEST(none_of_these)
{
	struct capsule c;
	if (none[_i].list)
		add(CAPSULE_LIST, none[_i].list);
	if (none[_i].message)
		add(CAPSULE_MESSAGE, none[_i].message);
	if (none[_i].more)
		add(none[_i].more, none[_i].list);
	ck_assert_int_eq(capsule_open(&mail, &c), E_NOTFOUND);
}
END_TEST

START_TEST(a_list_that_is_too_long)
{
	static char text[CAPSULE_LIST_MAX + 2];
	struct capsule c;
	memset(text, 'x', sizeof text - 1);
	add(CAPSULE_LIST, text);
	add(CAPSULE_MESSAGE, MESSAGE);
	ck_assert_int_eq(capsule_open(&mail, &c), E_NOTFOUND);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("translate/capsule");
	TCase *tc = tcase_create("capsule");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, there_and_back);
	tcase_add_test(tc, more_than_we_write);
	tcase_add_loop_test(tc, none_of_these, 0, sizeof none / sizeof *none);
	tcase_add_test(tc, a_list_that_is_too_long);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
