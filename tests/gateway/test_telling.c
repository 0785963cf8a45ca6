/* telling: the mail and the JSON of an event, whatever its words are; both are sent. */
#include "gateway/telling.h"

#include "base/file.h"
#include "base/text.h"
#include "spool/spool.h"
#include "support/suite.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct settings settings;
static struct clock_fake fake;
static struct telling t;

static void setup(void)
{
	clock_fake_init(&fake, 0, 1700000000000);
	settings = (struct settings){0};
	settings.gateway.hostname = "gw.example";
	settings.gateway.spool = suite_scratch();
	t = (struct telling){.settings = &settings,
			     .clock = &fake.clock,
			     .event = "route_down",
			     .to = "admin@example",
			     .at = 1700000000000};
	strcpy(t.about, "route default");
	strcpy(t.text, "Nothing can be sent for 20 min: refused.");
}

static const char *mail(void)
{
	static char text[8192];
	struct buf b;
	buf_init(&b, 0);
	ck_assert_int_eq(telling_mail(&t, &b), OK);
	ck_assert(text_copy(text, sizeof text, buf_string(&b)));
	buf_free(&b);
	return text;
}

START_TEST(mail_is_whole)
{
	strcpy(t.remedy, "Look at it.");
	t.untold = 3;
	const char *m = mail();
	ck_assert_ptr_nonnull(strstr(m, "From: smtpgate <postmaster@gw.example>\r\n"));
	ck_assert_ptr_nonnull(strstr(m, "To: admin@example\r\n"));
	ck_assert_ptr_nonnull(
		strstr(m, "Subject: [smtpgate gw.example] route_down: route default\r\n"));
	ck_assert_ptr_nonnull(strstr(m, "\r\nDate: "));
	ck_assert_ptr_nonnull(strstr(m, "\r\nMessage-ID: <notify."));
	ck_assert_ptr_nonnull(
		strstr(m, "\r\n\r\nNothing can be sent for 20 min: refused.\r\n\r\nWhat to do:\r\n"
			  "Look at it.\r\n"));
	ck_assert_ptr_nonnull(strstr(m, "3 more events"));
}
END_TEST

/* What a peer said cannot end a line, start a field or break the JSON. */
START_TEST(words_are_harmless)
{
	struct buf b;
	strcpy(t.about, "x\r\nBcc: me@evil");
	strcpy(t.text, "a\"b\\c\r\n.\r\n\xc3\xa4\xff\x01");
	const char *m = mail();
	ck_assert_ptr_null(strstr(m, "\nBcc:"));
	ck_assert_ptr_null(strstr(m, "\r\n.\r\n"));
	buf_init(&b, 0);
	ck_assert_int_eq(telling_json(&t, &b), OK);
	ck_assert_str_eq(
		buf_string(&b),
		"{\"event\":\"route_down\",\"about\":\"x\\u000d\\u000aBcc: me@evil\","
		"\"text\":\"a\\\"b\\\\c\\u000d\\u000a.\\u000d\\u000a\xc3\xa4\\ufffd\\u0001\","
		"\"remedy\":\"\",\"hostname\":\"gw.example\","
		"\"time\":\"2023-11-14T22:13:20Z\",\"untold\":0}\n");
	buf_free(&b);
}
END_TEST

START_TEST(both_are_sent)
{
	char path[PATH_MAX], command[PATH_MAX + 32], *text;
	char **names;
	size_t count, n;
	struct err err;
	snprintf(path, sizeof path, "%s/maildrop", suite_scratch());
	ck_assert_int_eq(mkdir(path, 0700), 0);
	snprintf(path, sizeof path, "%s/event", suite_scratch());
	snprintf(command, sizeof command, "tee %s", path);
	settings.notify.command = command;
	t.command = true;
	telling_send(&t);
	ck_assert_int_eq(spool_maildrop_list(suite_scratch(), &names, &count, &err), OK);
	ck_assert_uint_eq(count, 1);
	free(names[0]);
	free(names);
	ck_assert_int_eq(file_read(path, 10000, &text, &n, &err), OK);
	ck_assert(text_starts(text, "{\"event\":\"route_down\""));
	free(text);
}
END_TEST

/* A command that fails, and a spool that is away, end nothing. */
START_TEST(trouble_is_no_trouble)
{
	settings.notify.command = "/nonexistent/command";
	settings.gateway.spool = "/dev/null/spool"; /* root makes every other */
	t.command = true;
	telling_send(&t);
	settings.notify.command = "false";
	telling_send(&t);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("gateway/telling");
	TCase *tc = tcase_create("events");
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, mail_is_whole);
	tcase_add_test(tc, words_are_harmless);
	tcase_add_test(tc, both_are_sent);
	tcase_add_test(tc, trouble_is_no_trouble);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
