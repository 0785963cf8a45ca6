/* get: what moves, in which form, what is set aside, what stays; every call failing in turn loses nothing. */
#include "tools/yard.h"

#include "support/frail.h"
#include "support/suite.h"
#include "translate/charset.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OUT "out.api"
#define WRITE(name, text) yard_write(name, text, sizeof(text) - 1)
#define ONE "VERSION:3.00\rTO:SMTP:a@b.c\rCC:SMTP:d@e.f\rX-Y:z\rPRIORITY:4\rTEXT:4\rone\r"
#define TWO "version:3.00\r\nto:smtp:a@b.c\r\nattachment:f 3\r\ntext:5\r\ntwo\r\n\r\n!"

static void setup(void)
{
	struct err err;
	yard_open();
	ck_assert_int_eq(maildir_make(file_system(), suite_scratch(), "outgoing", &err), OK);
}

static void expect_file(const char *name, const char *want)
{
	char *bytes = yard_read(name);
	ck_assert_ptr_nonnull(bytes);
	ck_assert_str_eq(bytes, want);
	free(bytes);
	unlink(yard_path(name));
}

START_TEST(oldest_first_in_the_form_asked_for)
{
	struct ffapi_options o = {.ending = ENDING_LF, .extended = true, .sent = true};
	WRITE("outgoing/new/2.a", TWO);
	WRITE("outgoing/new/1.a", ONE);
	ck_assert_int_eq(yard_get(file_system(), OUT, &o), 0);
	ck_assert_uint_eq(yard_count("outgoing/new"), 0);
	expect_file(OUT,
		    "VERSION:3.00\nTO:SMTP:a@b.c\nCC:SMTP:d@e.f\nPRIORITY:4\nX-Y:z\nTEXT:4\none\n"
		    "VERSION:3.00\nTO:SMTP:a@b.c\nATTACHMENT:f 3\nTEXT:4\ntwo\n\r\n!");
	ck_assert_uint_eq(yard_containing("log", " - > a@b.c d@e.f: \n"), 1);
	WRITE("outgoing/cur/1.a:2,S", ONE);
	ck_assert_int_eq(yard_get(file_system(), OUT, NULL), 0);
	expect_file(OUT, "VERSION:3.00\rTO:SMTP:a@b.c\rTO:SMTP:d@e.f\rPRIORITY:4\rTEXT:4\rone\r");
	ck_assert_int_eq(yard_get(file_system(), OUT, NULL), 0); /* of nothing comes no file */
	ck_assert_ptr_null(yard_read(OUT));
}
END_TEST

START_TEST(at_most_and_at_least)
{
	struct ffapi_options o = {.ending = -1, .most = 1};
	WRITE("outgoing/new/1.a", ONE TWO ONE);
	ck_assert_int_eq(yard_get(file_system(), OUT, &o), 0);
	expect_file("outgoing/new/1.a", TWO ONE);
	WRITE("outgoing/new/1.a", TWO ONE);
	o = (struct ffapi_options){.ending = -1, .priority = 2, .keep = true};
	ck_assert_int_eq(yard_get(file_system(), OUT, &o), 0);
	char *out = yard_read(OUT); /* appended, and left where it was */
	ck_assert_ptr_nonnull(strstr(out, "one\rVERSION:3.00\rTO:SMTP:a@b.c\rTO:SMTP:d@e.f"));
	ck_assert_ptr_null(strstr(out, "two"));
	free(out);
	expect_file("outgoing/new/1.a", TWO ONE);
	for (int i = 0; i < 60; i++) {
		char name[40];
		snprintf(name, sizeof name, "outgoing/new/%02d.a", i);
		WRITE(name, TWO);
	}
	ck_assert_int_eq(yard_get(file_system(), OUT, NULL), 0);
	ck_assert_uint_eq(yard_count("outgoing/new"), 10);
}
END_TEST

START_TEST(a_broken_one_does_not_stop_the_rest)
{
	WRITE("outgoing/new/1.a", "");
	WRITE("outgoing/new/2.a", "VERSION:3.00\rTO:a/b\rTEXT:0\r");
	WRITE("outgoing/new/3.a", ONE);
	ck_assert_int_eq(yard_get(file_system(), OUT, NULL), EXIT_FAILURE);
	ck_assert_uint_eq(yard_count("outgoing/new"), 0);
	expect_file("outgoing/bad/2.a.bad", "VERSION:3.00\rTO:a/b\rTEXT:0\r");
	expect_file("outgoing/bad/2.a.bad.txt",
		    "142-001-002 bad address: \"a/b\" is not NETWORK/POSTOFFICE/MAILBOX\n");
	char *out = yard_read(OUT);
	ck_assert_ptr_nonnull(strstr(out, "one"));
	free(out);
}
END_TEST

START_TEST(external_files)
{
	struct ffapi_options o = {
		.ending = ENDING_LF, .external_text = true, .external_parts = true};
	WRITE("outgoing/new/1.a", TWO);
	WRITE("T0000001.TXT", "of somebody else");
	ck_assert_int_eq(yard_get(file_system(), OUT, &o), 0);
	expect_file(OUT,
		    "VERSION:3.00\nTO:SMTP:a@b.c\nXATTACH:A0000001.ATT f\nXTEXT:T0000002.TXT\n");
	expect_file("T0000002.TXT", "two\n");
	expect_file("A0000001.ATT", "\r\n!");
	expect_file("T0000001.TXT", "of somebody else");
}
END_TEST

/* What was wrapped arrives as it was, with its Cc and its attachment. */
START_TEST(there_and_back)
{
	struct ffapi_options o = {.ending = -1, .encapsulate = true};
	WRITE("outgoing/new/1.a",
	      "VERSION:3.00\rTO:A/B/ann\rCC:A/C/sue\rFROM:A/C/joe\rSUBJECT:s\rPRIORITY:5\r"
	      "ATTACHMENT:MESSAGE.API 3\rTEXT:4\rtextxyz");
	ck_assert_int_eq(yard_get(file_system(), OUT, &o), 0);
	char *out = yard_read(OUT);
	ck_assert_ptr_nonnull(
		strstr(out, "PRIORITY:5\rATTACHMENT:MESSAGE.API 120\rTEXT:0\rVERSION:3.00\r"));
	free(out);
	ck_assert_int_eq(yard_put(file_system(), OUT, &o), EXIT_FAILURE);
	ck_assert_uint_eq(yard_containing("ann/new", "Cc: sue@C.A.invalid\nSubject: s\n"), 1);
	ck_assert_uint_eq(yard_containing("ann/new", "\ntext\n"), 1);
	ck_assert_uint_eq(yard_containing("ann/new", "eHl6"), 1);
}
END_TEST

START_TEST(refused_at_once)
{
	struct ffapi_options o = {.ending = -1, .charset = "CP437"};
	ck_assert_int_eq(yard_get(file_system(), OUT, &o), EX_USAGE);
	ck_assert_str_eq(yard_told(),
			 "190-000-000 not supported: --charset is an option of smtpput\n");
	o = (struct ffapi_options){.ending = -1, .here = true};
	ck_assert_int_eq(yard_get(file_system(), OUT, &o), EX_USAGE);
	ck_assert_str_eq(yard_told(),
			 "190-000-000 not supported: --here is an option of smtpput\n");
	ck_assert_int_eq(yard_get(file_system(), NULL, NULL), EX_USAGE);
	ck_assert_str_eq(yard_told(),
			 "010-000-000 no output file: name the file that the messages go to\n");
	WRITE("outgoing/new/1.a", ONE);
	ck_assert_int_eq(mkdir(yard_path(OUT), 0700), 0);
	ck_assert_int_eq(yard_get(file_system(), OUT, NULL), EX_TEMPFAIL);
	ck_assert_uint_eq(yard_count("outgoing/new"), 1);
}
END_TEST

/* Whatever call fails: each message is in the file or still in the mailbag, and what is in the file is whole. */
START_TEST(every_call_fails)
{
	struct ffapi_options o = {.ending = -1, .encapsulate = true, .external_parts = true};
	bool struck = true;
	for (unsigned n = 1; struck; n++) {
		WRITE("outgoing/new/1.a", ONE);
		WRITE("outgoing/new/2.a", TWO "VERSION:3.00\rbroken\r");
		WRITE("outgoing/new/3.a", "VERSION:3.00\rTO:ann\rTEXT:5\rthree");
		frail_fail_at(n, ENOSPC);
		yard_get(frail_ops(), OUT, &o);
		struck = yard_struck(n);
		char told[2000];
		snprintf(told, sizeof told, "%u: %s %s", n, frail_calls(), yard_told());
		frail_fail_at(0, 0);
		char *out = yard_read(OUT);
		ck_assert_msg(yard_containing("outgoing/new", "one") || (out && strstr(out, "one")),
			      "%s", told);
		ck_assert_msg(yard_containing("outgoing/new", "two") || (out && strstr(out, "two")),
			      "%s", told);
		ck_assert_msg(yard_containing(".", "three") ||
				      yard_containing("outgoing/new", "three"),
			      "%s", told);
		ck_assert_msg(yard_containing("outgoing/new", "broken") ||
				      yard_containing("outgoing/bad", "broken"),
			      "%s", told);
		ck_assert_uint_lt(n, 300);
		free(out);
		unlink(yard_path(OUT));
		unlink(yard_path("outgoing/bad/2.a.bad"));
		for (int i = 1; i < 4; i++) {
			char name[40];
			snprintf(name, sizeof name, "A000000%d.ATT", i);
			unlink(yard_path(name));
			snprintf(name, sizeof name, "outgoing/new/%d.a", i);
			unlink(yard_path(name));
		}
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("tools/get");
	TCase *t = tcase_create("get");
	tcase_add_checked_fixture(t, setup, yard_close);
	tcase_add_test(t, oldest_first_in_the_form_asked_for);
	tcase_add_test(t, at_most_and_at_least);
	tcase_add_test(t, a_broken_one_does_not_stop_the_rest);
	tcase_add_test(t, external_files);
	tcase_add_test(t, there_and_back);
	tcase_add_test(t, refused_at_once);
	tcase_add_test(t, every_call_fails);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
