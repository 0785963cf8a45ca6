/* pickup_mmff: files of Microsoft Mail out of a pickup folder: all of a file's messages, or none. */
#include "deliver/pickup_yard.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

START_TEST(all_of_them)
{
	char envelope[200];
	yard.conf.sender = "erp@company.com";
	yard_puts("out.api",
		  "VERSION:3.00\rTO:SMTP:joe@far.example\rTO:A/B/ann\rFROM:A/B/sue\r"
		  "SUBJECT:s\rTEXT:3\r\x84hiVERSION:3.00\rTO:SMTP:joe@far.example\rTEXT:3\rtwo");
	ck_assert_msg(yard_run() == OK, "%s", yard.err.text);
	ck_assert_str_eq(yard.told, "out.api sue@hq.example 3 sent\n");
	char *mail = yard_mail(0, envelope, sizeof envelope);
	ck_assert_str_eq(envelope, "<sue@hq.example> joe@far.example ann@hq.example");
	ck_assert_ptr_nonnull(strstr(mail, "\r\n\r\n=C3=A4hi"));
	free(mail);
	free(yard_mail(1, envelope, sizeof envelope));
	ck_assert_str_eq(envelope, "<erp@company.com> joe@far.example");
	ck_assert_uint_eq(yard_count(), 2);
	ck_assert_str_eq(yard_names(), "");
}
END_TEST

START_TEST(or_none)
{
	static const struct {
		const char *second, *reason;
	} files[] = {
		{"TO:FAX:1\rTEXT:1\rx", "message 2: FAX:1 has no address"},
		{"TO:X/Y/z\rTEXT:1\rx", "message 2: CSI:X/Y/z has no address"},
		{"TEXT:1\rx", "message 2: it names no recipient"},
		{"TO:A/B/c\rXTEXT:/etc/passwd\r",
		 "message 2: texts and attachments in files of their own are not taken here"},
		{"TO:a/b\rTEXT:1\rx", "142-002-002 bad address: \"a/b\" is not "},
	};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char text[400];
		yard.told[0] = '\0';
		snprintf(text, sizeof text, "VERSION:3.00\rTO:A/B/ann\rTEXT:1\rxVERSION:3.00\r%s",
			 files[i].second);
		yard_puts("out.api", text);
		ck_assert_int_eq(yard_run(), OK);
		ck_assert_uint_eq(yard_count(), 0);
		ck_assert_msg(strstr(yard.told, files[i].reason) != NULL, "%s", yard.told);
	}
}
END_TEST

START_TEST(by_its_form)
{
	yard.conf.format = CONF_PICKUP_EML;
	yard_puts("a", "VERSION:3.00\rTO:A/B/ann\rTEXT:1\rx");
	yard.conf.settle = 1000;
	ck_assert_int_eq(yard_run(), OK);
	ck_assert_ptr_nonnull(strstr(yard.told, "a it names no sender"));
	yard.conf.format = CONF_PICKUP_MMFF;
	yard.told[0] = '\0';
	yard_puts("b", "From: a@x.example\r\n\r\n");
	ck_assert_int_eq(yard_run(), OK);
	ck_assert_msg(strncmp(yard.told, "b 141-001-001", 13) == 0, "%s", yard.told);
	ck_assert_uint_eq(yard_count(), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("deliver/pickup_mmff");
	TCase *t = tcase_create("mmff");
	tcase_add_checked_fixture(t, yard_open, yard_close);
	tcase_add_test(t, all_of_them);
	tcase_add_test(t, or_none);
	tcase_add_test(t, by_its_form);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
