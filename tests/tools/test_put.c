/* put: where messages go, what is set aside, what stays; every call failing in turn loses nothing. */
#include "tools/yard.h"

#include "support/frail.h"
#include "support/suite.h"
#include "translate/charset.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define IN "in.api"
#define WRITE(name, text) yard_write(name, text, sizeof(text) - 1)

static void setup(void)
{
	yard_open();
}

static void expect_gone(const char *name)
{
	char *bytes = yard_read(name);
	ck_assert_msg(!bytes, "%s: %s", name, bytes);
}

static void expect_file(const char *name, const char *want)
{
	char *bytes = yard_read(name);
	ck_assert_ptr_nonnull(bytes);
	ck_assert_str_eq(bytes, want);
	free(bytes);
}

START_TEST(mailboxes_and_mailbag)
{
	WRITE(IN, "VERSION:3.00\rTO:CSI:A/B/"
		  "ANN\rTO:bob\rTO:ann\rTO:SMTP:joe@example.com\rCC:FAX:123\rFROM:CSI:A/B/bob\r"
		  "SUBJECT:x\rTEXT:2\rhi"
		  "VERSION:3.00\rTO:Postmaster\rTEXT:3\rtwo");
	ck_assert_int_eq(yard_put(file_system(), IN, NULL), 0);
	expect_gone(IN);
	ck_assert_uint_eq(yard_count("ann/new"), 1);
	ck_assert_uint_eq(
		yard_containing("bob/new",
				"Return-Path: <bob@B.A.invalid>\nFrom: bob@B.A.invalid\n"),
		1);
	ck_assert_uint_eq(yard_count("outgoing/new"), 1);
	ck_assert_uint_eq(
		yard_containing("outgoing/new",
				"VERSION:3.00\rTO:SMTP:joe@example.com\rCC:FAX:123\rFROM:"),
		1);
	ck_assert_uint_eq(yard_containing("admin/new", "two"), 1);
	ck_assert_str_eq(yard_told(), "");
}
END_TEST

START_TEST(by_the_map)
{
	ck_assert_int_eq(mkdir(yard_path("SMTP"), 0700), 0);
	WRITE("SMTP/Addr_Map.cfg", "A/B hq.company.com\r\nA/C west.company.com\r\n");
	WRITE("SMTP/local.cfg", "postoffice = A/B\r\ngateway = gw.company.com\r\n");
	WRITE(IN, "VERSION:3.00\rTO:SMTP:ann@HQ.company.com\rTO:A/C/"
		  "sue\rTO:SMTP:x@west.company.com\rTEXT:2\rhi");
	ck_assert_int_eq(yard_put(file_system(), IN, NULL), 0);
	ck_assert_uint_eq(
		yard_containing("ann/new",
				"From: Postmaster@gw.company.com\nTo: ann@HQ.company.com,\n"
				"\tsue@west.company.com,\n\tx@west.company.com\n"),
		1);
	ck_assert_uint_eq(
		yard_containing("outgoing/new", "TO:CSI:A/C/sue\rTO:SMTP:x@west.company.com\rTEXT"),
		1);
	WRITE("SMTP/local.cfg", "nonsense\r\n");
	WRITE(IN, "VERSION:3.00\rTO:ann\rTEXT:2\rhi");
	ck_assert_int_eq(yard_put(file_system(), IN, NULL), EX_CONFIG);
	ck_assert_ptr_nonnull(strstr(yard_told(), "SMTP/local.cfg: line 1: "));
	expect_file(IN, "VERSION:3.00\rTO:ann\rTEXT:2\rhi");
}
END_TEST

START_TEST(set_aside)
{
	WRITE(IN, "VERSION:3.00\rTO:ann\rTO:nobody\rTO:outgoing\rTO:bob\rTEXT:2\rhi"
		  "garbage"
		  "VERSION:3.00\rTEXT:2\rno"
		  "VERSION:3.00\rTO:bob\rTEXT:2\rok");
	ck_assert_int_eq(yard_put(file_system(), IN, NULL), EXIT_FAILURE);
	expect_gone(IN);
	/* the first one is broken by what follows it */
	ck_assert_uint_eq(yard_count("ann/new"), 0);
	ck_assert_uint_eq(yard_containing("bob/new", "ok"), 1);
	char *bad = yard_read(IN ".bad"), *why = yard_read(IN ".bad.txt");
	ck_assert_str_eq(bad,
			 "VERSION:3.00\rTO:ann\rTO:nobody\rTO:outgoing\rTO:bob\rTEXT:2\rhigarbage"
			 "VERSION:3.00\rTEXT:2\rno");
	ck_assert_ptr_nonnull(strstr(why, "143-001-006 "));
	ck_assert_ptr_nonnull(strstr(why, "\n142-002-002 bad address: it has no recipient\n"));
	ck_assert_str_eq(yard_told(), why);
	free(bad);
	free(why);
}
END_TEST

START_TEST(only_who_did_not_get_it)
{
	WRITE(IN, "VERSION:3.00\rTO:ann\rTO:nobody\rCC:SMTP:a@b.c\rCC:outgoing\rSUBJECT:"
		  "s\rATTACHMENT:f 1\rTEXT:2\rhi!");
	ck_assert_int_eq(yard_put(file_system(), IN, NULL), EXIT_FAILURE);
	ck_assert_uint_eq(yard_count("ann/new"), 1);
	ck_assert_uint_eq(yard_count("outgoing/new"), 1);
	expect_file(IN ".bad", "VERSION:3.00\rTO:CSI:nobody\rTO:CSI:outgoing\rSUBJECT:"
			       "s\rATTACHMENT:f 1\rTEXT:2\rhi!");
	ck_assert_ptr_nonnull(
		strstr(yard_told(),
		       "201-001-008 failure submitting message: there is no mailbox nobody in "));
	ck_assert_ptr_nonnull(strstr(yard_told(), ", and others\n"));
}
END_TEST

START_TEST(counts_priorities_and_keeping)
{
	static const char text[] = "VERSION:3.00\rTO:ann\rPRIORITY:1\rTEXT:1\r1VERSION:3.00\rTO:"
				   "ann\rPRIORITY:4\rTEXT:1\r4"
				   "VERSION:3.00\rTO:ann\rPRIORITY:5\rTEXT:1\r5";
	struct ffapi_options o = {
		.ending = -1, .priority = 4, .most = 1, .keep = true, .received = true};
	yard_write(IN, text, sizeof text - 1);
	ck_assert_int_eq(yard_put(file_system(), IN, &o), 0);
	expect_file(IN, text);
	ck_assert_uint_eq(yard_count("ann/new"), 1);
	ck_assert_uint_eq(yard_containing("log", " - > ann: \n"), 1);
	o.keep = false;
	ck_assert_int_eq(yard_put(file_system(), IN, &o), 0);
	expect_file(IN, "VERSION:3.00\rTO:ann\rPRIORITY:1\rTEXT:1\r1VERSION:3.00\rTO:ann\rPRIORITY:"
			"5\rTEXT:1\r5");
	ck_assert_int_eq(yard_put(file_system(), IN, NULL), 0);
	ck_assert_uint_eq(yard_count("ann/new"), 4);
	expect_gone(IN);
}
END_TEST

START_TEST(external_files)
{
	WRITE("Body.TXT", "the text");
	WRITE("f.dat", "the file");
	WRITE(IN, "VERSION:3.00\rTO:ann\rXATTACH:M:\\dir\\F.DAT long "
		  "name.dat\rXTEXT:..\\..\\body.txt\r");
	ck_assert_int_eq(yard_put(file_system(), IN, NULL), 0);
	ck_assert_uint_eq(yard_containing("ann/new", "the text"), 1);
	ck_assert_uint_eq(
		yard_containing("ann/new", "filename=\"long name.dat\"\n\ndGhlIGZpbGU=\n"), 1);
	expect_gone("Body.TXT");
	expect_gone("f.dat");
	WRITE(IN, "VERSION:3.00\rTO:ann\rXTEXT:/etc/"
		  "passwd\rVERSION:3.00\rTO:ann\rXATTACH:..\rTEXT:0\r");
	ck_assert_int_eq(yard_put(file_system(), IN, NULL), EXIT_FAILURE);
	ck_assert_ptr_nonnull(
		strstr(yard_told(),
		       "146-001-003 bad or missing XTEXT file: passwd is not in the folder of "));
	ck_assert_ptr_nonnull(
		strstr(yard_told(), "052-002-004 file open: .. is not in the folder of "));
	ck_assert_int_eq(symlink("/etc/passwd", yard_path("link")), 0);
	WRITE(IN, "VERSION:3.00\rTO:ann\rXTEXT:link\r");
	ck_assert_int_eq(yard_put(file_system(), IN, NULL), EXIT_FAILURE);
	ck_assert_uint_eq(yard_count("ann/new"), 1);
}
END_TEST

START_TEST(refused_at_once)
{
	struct ffapi_options o = {.ending = -1, .sent = true};
	ck_assert_int_eq(yard_put(file_system(), IN, &o), EX_USAGE);
	ck_assert_str_eq(yard_told(), "190-000-000 not supported: -ms is an option of smtpget\n");
	ck_assert_int_eq(yard_put(file_system(), NULL, NULL), EX_USAGE);
	ck_assert_int_eq(yard_put(file_system(), "absent", NULL), EX_NOINPUT);
	ck_assert_int_eq(strncmp(yard_told(), "052-000-000 file open: ", 23), 0);
	ck_assert_int_eq(mkdir(yard_path("WGPO0000"), 0700), 0);
	ck_assert_int_eq(yard_put(file_system(), IN, NULL), EX_CONFIG);
	ck_assert_ptr_nonnull(strstr(yard_told(), "190-000-000 not supported: "));
	ck_assert_ptr_nonnull(strstr(yard_told(), "workgroup postoffice"));
}
END_TEST

/* Whatever call fails: each message is in its mailboxes, or still in a file. */
START_TEST(left_for_another_program)
{
	static const char one[] = "VERSION:3.00\nTO:ann\nTEXT:3\none",
			  two[] = "VERSION:3.00\rTO:SMTP:a@b.c\rTEXT:3\rtwo";
	const struct ffapi_options leave = {.ending = -1, .leave = true, .received = true};
	bool struck = true;
	WRITE(IN, "nonsense");
	ck_assert_int_eq(yard_put(file_system(), IN, &leave), 1);
	expect_gone(IN ".left");
	for (unsigned n = 1; struck; n++) {
		WRITE(IN ".left", "");
		unlink(yard_path(IN ".left"));
		yard_write(IN, one, sizeof one - 1);
		frail_fail_at(n, EIO);
		yard_put(frail_ops(), IN, &leave);
		struck = yard_struck(n);
		frail_fail_at(0, 0);
		char *stayed = yard_read(IN), *left = yard_read(IN ".left");
		ck_assert_msg((stayed && strcmp(stayed, one) == 0) ||
				      (left && strcmp(left, one) == 0),
			      "%u: %s", n, yard_told());
		free(stayed);
		free(left);
	}
	yard_write(IN, two, sizeof two - 1);
	ck_assert_int_eq(yard_put(file_system(), IN, &leave), 0);
	char *left = yard_read(IN ".left");
	ck_assert_ptr_nonnull(strstr(left, two));
	ck_assert_uint_eq(strlen(left), sizeof one + sizeof two - 2);
	free(left);
	expect_gone(IN);
	ck_assert_uint_eq(yard_count("ann/new") + yard_count("outgoing/new"), 0);
	ck_assert_int_eq(yard_put(file_system(), IN ".left", NULL), 0); /* the other program */
	ck_assert_uint_eq(yard_containing("ann/new", "one"), 1);
	ck_assert_uint_eq(yard_containing("outgoing/new", "two"), 1);
	expect_gone(IN ".left");
}
END_TEST

START_TEST(every_call_fails)
{
	static const char text[] =
		"VERSION:3.00\rTO:ann\rTO:SMTP:a@b.c\rTEXT:3\rone"
		"VERSION:3.00\rTO:nobody\rTEXT:3\rtwoVERSION:3.00\rTO:bob\rTEXT:5\rthree";
	bool struck = true;
	for (unsigned n = 1; struck; n++) {
		unsigned ann = yard_containing("ann/new", "one"),
			 bag = yard_containing("outgoing/new", "one");
		unsigned bob = yard_containing("bob/new", "three");
		char told[4000];
		yard_write(IN, text, sizeof text - 1);
		frail_fail_at(n, EIO);
		yard_put(frail_ops(), IN, NULL);
		struck = yard_struck(n);
		snprintf(told, sizeof told, "%u: %s %s", n, frail_calls(), yard_told());
		frail_fail_at(0, 0);
		char *left = yard_read(IN), *bad = yard_read(IN ".bad");
		ck_assert_msg(yard_containing("ann/new", "one") > ann ||
				      (left && strstr(left, "one")),
			      "%s", told);
		ck_assert_msg(yard_containing("outgoing/new", "one") > bag ||
				      (left && strstr(left, "one")),
			      "%s", told);
		ck_assert_msg(yard_containing("bob/new", "three") > bob ||
				      (left && strstr(left, "three")),
			      "%s", told);
		ck_assert_msg((bad && strstr(bad, "two")) || (left && strstr(left, "two")), "%s",
			      told);
		ck_assert_uint_lt(n, 300);
		free(left);
		free(bad);
		unlink(yard_path(IN));
		unlink(yard_path(IN ".bad"));
		unlink(yard_path(IN ".bad.txt"));
	}
}
END_TEST

/* The number of links to the one file of a mailbox's new/, and which file it is. */
static nlink_t links(const char *folder, ino_t *which)
{
	struct stat st = {0};
	char path[PATH_MAX];
	DIR *dir = opendir(yard_path(folder));
	ck_assert_ptr_nonnull(dir);
	for (struct dirent *d; (d = readdir(dir));)
		if (d->d_name[0] != '.') {
			snprintf(path, sizeof path, "%s/%s", yard_path(folder), d->d_name);
			ck_assert_int_eq(stat(path, &st), 0);
			unlink(path);
		}
	closedir(dir);
	*which = st.st_ino;
	return st.st_nlink;
}

/* All who get a message have links to one file; where the disk has no links, a file each. */
START_TEST(one_file_for_all)
{
	unsigned nth = 0;
	ino_t ann, bob;
	for (int pass = 0; pass < 3; pass++) {
		WRITE(IN, "VERSION:3.00\rTO:ann\rTO:bob\rTO:ANN\rTEXT:2\rhi");
		frail_fail_at(pass == 2 ? nth : 0, EPERM);
		ck_assert_int_eq(yard_put(frail_ops(), IN, NULL), 0);
		const char *call = strstr(frail_calls(), "linkat");
		while (call && strncmp(call - 2, "un", 2) == 0)
			call = strstr(call + 1, "linkat");
		ck_assert_ptr_nonnull(call);
		nth = 1;
		for (const char *p = frail_calls(); p < call; p++)
			nth += *p == ' ';
		frail_fail_at(0, 0);
		ck_assert_uint_eq(yard_count("ann/new"), 1);
		ck_assert_uint_eq(yard_containing("bob/new", "hi"), 1);
		const nlink_t of_bob = links("bob/new", &bob), of_ann = links("ann/new", &ann);
		ck_assert_uint_eq(of_ann, 1); /* bob's is gone meanwhile */
		ck_assert_uint_eq(of_bob, pass == 2 ? 1 : 2);
		ck_assert_int_eq(ann == bob, pass != 2);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("tools/put");
	TCase *t = tcase_create("put");
	tcase_add_checked_fixture(t, setup, yard_close);
	tcase_add_test(t, mailboxes_and_mailbag);
	tcase_add_test(t, by_the_map);
	tcase_add_test(t, set_aside);
	tcase_add_test(t, only_who_did_not_get_it);
	tcase_add_test(t, counts_priorities_and_keeping);
	tcase_add_test(t, external_files);
	tcase_add_test(t, refused_at_once);
	tcase_add_test(t, one_file_for_all);
	tcase_add_test(t, every_call_fails);
	tcase_add_test(t, left_for_another_program);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
