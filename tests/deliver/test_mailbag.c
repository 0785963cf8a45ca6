/* mailbag: from message file to maildrop: who gets it from whom, what is set aside, every call failing in turn loses nothing. */
#include "deliver/mailbag.h"

#include "base/text.h"
#include "conf/settings.h"
#include "spool/spool.h"
#include "support/frail.h"
#include "spool/dropped.h"
#include "support/suite.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct mailbag bag;
static struct err err;
static char file[PATH_MAX], told[1000];

static enum result address(void *ctx, const char *native, struct region *region, const char **out)
{
	const char *slash = strrchr(native, '/');
	(void)ctx;
	if (slash && strncmp(native, "A/B/", 4) != 0)
		return E_NOTFOUND;
	*out = region_printf(region, "%s@hq.example", slash ? slash + 1 : native);
	return *out ? OK : E_NOMEM;
}

static void tell(void *ctx, const char *from, size_t recipients, const char *reason)
{
	(void)ctx;
	size_t n = strlen(told);
	snprintf(told + n, sizeof told - n, "%s %zu %s\n", from, recipients,
		 reason ? reason : "sent");
}

static void setup(void)
{
	snprintf(file, sizeof file, "%s/from_nc.api", suite_scratch());
	told[0] = '\0';
	bag = (struct mailbag){.files = file_system(),
			       .clock = clock_system(),
			       .file = file,
			       .spool = suite_scratch(),
			       .office = "A/B",
			       .charset = "cp437",
			       .hostname = "gw.example",
			       .max_size = 100000,
			       .address = address,
			       .tell = tell};
}

static void put(const char *text)
{
	FILE *f = fopen(file, "wb");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
}

static char *content(const char *suffix)
{
	char path[PATH_MAX + 10], *bytes;
	size_t n;
	snprintf(path, sizeof path, "%s%s", file, suffix);
	return file_read(path, 1 << 20, &bytes, &n, NULL) == OK ? bytes : NULL;
}

static void expect(const char *suffix, const char *want)
{
	char *got = content(suffix);
	ck_assert_ptr_nonnull(got);
	ck_assert_msg(strcmp(got, want) == 0, "%s", got);
	free(got);
}

/* The i-th mail of the maildrop, its envelope as one line; free it. */
static char *mail(size_t i, char *envelope, size_t n)
{
	struct region *region = region_new(0);
	struct mail_envelope e;
	char **names, *data;
	size_t count, size;
	ck_assert_int_eq(spool_maildrop_list(suite_scratch(), &names, &count, &err), OK);
	ck_assert_uint_gt(count, i);
	ck_assert_int_eq(
		dropped_read(suite_scratch(), names[i], 1 << 20, region, &e, &data, &size, &err),
		OK);
	size_t len = (size_t)snprintf(envelope, n, "<%s>", e.reverse_path);
	for (size_t k = 0; k < e.count; k++)
		len += (size_t)snprintf(envelope + len, n - len, " %s", e.recipients[k]);
	for (size_t k = 0; k < count; k++)
		free(names[k]);
	free(names);
	region_destroy(&region);
	return data;
}

static size_t mails_with(const char *words)
{
	char **names;
	size_t count, found = 0;
	if (spool_maildrop_list(suite_scratch(), &names, &count, &err) != OK)
		return 0;
	for (size_t i = 0; i < count; i++) {
		char envelope[200], *data = mail(i, envelope, sizeof envelope);
		found += strstr(data, words) != NULL;
		free(data);
	}
	for (size_t k = 0; k < count; k++)
		free(names[k]);
	free(names);
	return found;
}

START_TEST(sent)
{
	char envelope[300];
	put("VERSION:3.00\rTO:SMTP:joe@far.example\rCC:A/B/bob\rTO:ann\rFROM:A/B/"
	    "sue\rSUBJECT:s\rATTACHMENT:f 1\rTEXT:4\r"
	    "\x84hi\r!VERSION:3.00\rTO:SMTP:joe@far.example\rFROM:A/B/POSTMASTER\rTEXT:3\rtwo");
	ck_assert_msg(mailbag_take(&bag, &err) == OK, "%s", err.text);
	ck_assert_ptr_null(content(""));
	char *data = mail(0, envelope, sizeof envelope);
	ck_assert_str_eq(envelope,
			 "<sue@hq.example> joe@far.example ann@hq.example bob@hq.example");
	ck_assert_ptr_nonnull(strstr(
		data,
		"From: sue@hq.example\r\nTo: joe@far.example,\r\n\tann@hq.example\r\nCc: bob@hq."));
	ck_assert_ptr_nonnull(strstr(data, "\r\n\r\n=C3=A4hi\r\n"));
	free(data);
	data = mail(1, envelope, sizeof envelope);
	ck_assert_str_eq(envelope, "<> joe@far.example");
	ck_assert_ptr_nonnull(strstr(data, "From: POSTMASTER@hq.example\r\n"));
	free(data);
	ck_assert_str_eq(told, "sue@hq.example 3 sent\n 1 sent\n");
	ck_assert_int_eq(mailbag_take(&bag, &err), OK); /* no file: nothing to do */
}
END_TEST

START_TEST(set_aside)
{
	char envelope[300];
	bag.max_size = 600;
	put("VERSION:3.00\rTO:a/b\rTEXT:0\rVERSION:3.00\rTO:FAX:1\rTO:X/Y/"
	    "z\rTO:SMTP:joe@far.example\rTO:SMTP:no\rFROM:sue\r"
	    "TEXT:2\rhiVERSION:3.00\rTO:ann\rATTACHMENT:f 300\rTEXT:0\r");
	FILE *f = fopen(file, "ab");
	fprintf(f,
		"%0300dVERSION:3.00\rTEXT:0\rVERSION:3.00\rTO:ann\rXTEXT:secret\rVERSION:3.00\rTO:"
		"ann\rTEXT:4\rlast",
		0);
	fclose(f);
	ck_assert_msg(mailbag_take(&bag, &err) == OK, "%s", err.text);
	ck_assert_ptr_null(content(""));
	free(mail(0, envelope, sizeof envelope));
	ck_assert_str_eq(envelope, "<sue@hq.example> joe@far.example");
	free(mail(1, envelope, sizeof envelope));
	ck_assert_str_eq(envelope, "<> ann@hq.example");
	ck_assert_uint_eq(mails_with("last"), 1);
	expect(".bad.txt", "142-001-002 bad address: \"a/b\" is not NETWORK/POSTOFFICE/MAILBOX\n"
			   "it has a recipient that has no address, or none\nas mail it is larger "
			   "than 600 bytes\n"
			   "it has a recipient that has no address, or none\n"
			   "texts and attachments in files of their own are not taken here\n");
	char *bad = content(".bad");
	ck_assert_ptr_nonnull(strstr(
		bad, "VERSION:3.00\rTO:FAX:1\rTO:CSI:X/Y/z\rTO:SMTP:no\rFROM:CSI:sue\rTEXT:2\rhi"));
	free(bad);
}
END_TEST

static bool fits(void *ctx, const char *address)
{
	(void)ctx;
	return strncmp(address, "near", 4) != 0;
}

/* Native recipients of elsewhere get it whole, in one mail to their domain; the others as mail, each once. */
START_TEST(encapsulated)
{
	char envelope[200];
	bag.whole = fits;
	put("VERSION:3.00\rTO:CSI:A/B/ann\rCC:CSI:A/B/bob\rTO:SMTP:joe@far.example\rTO:CSI:A/B/"
	    "near\r"
	    "FROM:CSI:A/B/sue\rTEXT:2\rhi");
	ck_assert_msg(mailbag_take(&bag, &err) == OK, "%s", err.text);
	ck_assert_str_eq(told, "sue@hq.example 2 sent\nsue@hq.example 2 sent\n");
	char *sealed = mail(0, envelope, sizeof envelope);
	ck_assert_str_eq(envelope, "<sue@hq.example> XXENC@hq.example");
	ck_assert_ptr_nonnull(strstr(sealed, "XXENC.TO"));
	ck_assert_ptr_nonnull(strstr(sealed, "MESSAGE.API"));
	free(sealed);
	char *plain = mail(1, envelope, sizeof envelope);
	ck_assert_str_eq(envelope, "<sue@hq.example> joe@far.example near@hq.example");
	ck_assert_ptr_null(strstr(plain, "MESSAGE.API"));
	free(plain);
}
END_TEST

/* Where no receipt may be asked for, a registered message does not go whole, which would ask for one over there. */
START_TEST(no_receipt_leaves_encapsulated)
{
	static const char message[] = "VERSION:3.00\rTO:CSI:A/B/ann\rFROM:CSI:A/B/sue\r"
				      "PRIORITY:%s\rTEXT:5\rasked";
	static const struct {
		const char *priority;
		bool no_receipts, whole, asks;
	} wanted[] = {{"R", false, true, true},
		      {"R", true, false, false},
		      {"r", true, false, false},
		      {"1", true, true, false}};
	bag.whole = fits;
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		char text[200];
		size_t all = mails_with("From:"), whole = mails_with("MESSAGE.API"),
		       asks = mails_with("Disposition-Notification-To:");
		snprintf(text, sizeof text, message, wanted[i].priority);
		put(text);
		bag.no_receipts = wanted[i].no_receipts;
		ck_assert_msg(mailbag_take(&bag, &err) == OK, "%s", err.text);
		ck_assert_uint_eq(mails_with("From:") - all, 1);
		ck_assert_uint_eq(mails_with("MESSAGE.API") - whole, wanted[i].whole);
		if (!wanted[i].whole)
			ck_assert_uint_eq(mails_with("Disposition-Notification-To:") - asks,
					  wanted[i].asks);
	}
}
END_TEST

START_TEST(every_charset_of_the_settings)
{
	for (size_t i = 0; conf_charsets[i]; i++) {
		bag.charset = conf_charsets[i];
		put("VERSION:3.00\rTO:ann\rTEXT:1\rx");
		ck_assert_msg(mailbag_take(&bag, &err) == OK, "%s: %s", conf_charsets[i], err.text);
	}
}
END_TEST

/* Whatever call fails: each message is in the maildrop, or still in the file. */
START_TEST(every_call_fails)
{
	bool struck = true;
	for (unsigned n = 1; struck; n++) {
		size_t one = mails_with("\r\n\r\none"), two = mails_with("\r\n\r\ntwo");
		put("VERSION:3.00\rTO:ann\rTEXT:3\roneVERSION:3.00\rTO:broken/"
		    "x\rTEXT:0\rVERSION:3.00\rTO:ann\rTEXT:3\rtwo");
		bag.files = frail_ops();
		frail_fail_at(n, EIO);
		enum result r = mailbag_take(&bag, &err);
		unsigned calls = 0;
		for (const char *p = frail_calls(); *p; p++)
			calls += *p != ' ' && (p[1] == ' ' || !p[1]);
		struck = calls >= n;
		frail_fail_at(0, 0);
		char *left = content(""), *bad = content(".bad");
		ck_assert_msg(mails_with("\r\n\r\none") > one || (left && strstr(left, "one")),
			      "%u %d", n, r);
		ck_assert_msg(mails_with("\r\n\r\ntwo") > two || (left && strstr(left, "two")),
			      "%u %d", n, r);
		ck_assert_msg((bad && strstr(bad, "broken")) || (left && strstr(left, "broken")),
			      "%u %d", n, r);
		free(left);
		free(bad);
		unlink(file);
		char path[PATH_MAX + 10];
		snprintf(path, sizeof path, "%s.bad", file);
		unlink(path);
		ck_assert_uint_lt(n, 200);
	}
}
END_TEST

/* A message of two mails of which one cannot be written has sent none, so that the next run does not send one of them again. */
START_TEST(both_or_none)
{
	bool struck = true;
	unsigned none = 0;
	bag.whole = fits;
	for (unsigned n = 1; struck; n++) {
		size_t whole = mails_with("MESSAGE.API"), all = mails_with("twice?");
		put("VERSION:3.00\rTO:CSI:A/B/ann\rTO:SMTP:joe@far.example\rFROM:CSI:A/B/"
		    "sue\rTEXT:6\rtwice?");
		bag.files = frail_ops();
		frail_fail_at(n, ENOSPC);
		enum result r = mailbag_take(&bag, &err);
		unsigned calls = 0, renamed = 0;
		for (const char *p = frail_calls(); *p; p++)
			calls += *p != ' ' && (p[1] == ' ' || !p[1]);
		for (const char *p = frail_calls(); (p = strstr(p, "renameat")); p++)
			renamed++;
		struck = calls >= n;
		frail_fail_at(0, 0);
		whole = mails_with("MESSAGE.API") - whole;
		size_t plain = mails_with("twice?") - all - whole;
		/* between the two renames only a disk that fails to rename comes */
		ck_assert_msg(whole == plain || renamed == 2, "%u %zu %zu %d", n, whole, plain, r);
		none += !whole && !plain;
		unlink(file);
		ck_assert_uint_lt(n, 200);
	}
	ck_assert_uint_gt(none, 8);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("deliver/mailbag");
	TCase *t = tcase_create("mailbag");
	tcase_add_checked_fixture(t, setup, suite_scratch_remove);
	tcase_add_test(t, sent);
	tcase_add_test(t, set_aside);
	tcase_add_test(t, encapsulated);
	tcase_add_test(t, no_receipt_leaves_encapsulated);
	tcase_add_test(t, both_or_none);
	tcase_add_test(t, every_charset_of_the_settings);
	tcase_add_test(t, every_call_fails);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
