/* pickup_repair: what the profile of a folder wants put right is, in the message and in its envelope, and nothing else. */
#include "deliver/pickup_yard.h"
#include "mail/repair.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

#define FRONT "X-Sender: erp@company.com\nX-Receiver: a@one.example\n"

static char *mail, envelope[2000];
static struct conf_profile profile;

static void setup(void)
{
	yard_open();
	profile = (struct conf_profile){.name = "p"};
	yard.pickup.profile = &profile;
}

static void teardown(void)
{
	free(mail);
	mail = NULL;
	yard_close();
}

static void take(const char *text, size_t n)
{
	free(mail);
	yard_put("x.eml", text, n);
	ck_assert_msg(yard_run() == OK, "%s", yard.err.text);
	ck_assert_msg(yard_count() == 1, "%s", yard.told);
	mail = yard_mail(0, envelope, sizeof envelope);
}

static void has(const char *words)
{
	ck_assert_msg(strstr(mail, words) != NULL, "%s\n-- is not in --\n%s", words, mail);
}

static const char old[] =
	FRONT "From: erp\nDate: Fri, 01 Jan 1993 00:00:00 +0000\nMessage-ID: <1@x>\n"
	      "Subject: Gr\xfc\xdf"
	      "e\n\nB\xe4r\n";

START_TEST(nothing)
{
	take(old, sizeof old - 1);
	has("From: erp\r\n");
	has("Date: Fri, 01 Jan 1993 00:00:00 +0000\r\n");
	has("Subject: Gr\xfc\xdf"
	    "e\r\n");
	ck_assert_str_eq(envelope, "<erp@company.com> a@one.example");
}
END_TEST

START_TEST(all)
{
	profile.repair = MAIL_REPAIR_DATE | MAIL_REPAIR_FROM | MAIL_REPAIR_CHARSET |
			 MAIL_REPAIR_MESSAGE_ID | MAIL_REPAIR_MIME;
	take(old, sizeof old - 1);
	has("erp@origin.example");
	has("X-Original-Date: Fri, 01 Jan 1993 00:00:00 +0000\r\n");
	has("=?windows-1252?");
	has("charset=windows-1252");
	has("\r\n\r\nB\xe4r\r\n");
	ck_assert_str_eq(envelope, "<erp@company.com> a@one.example");
}
END_TEST

START_TEST(another_sender)
{
	profile.from = profile.sender = "office@company.com";
	take(old, sizeof old - 1);
	ck_assert_str_eq(envelope, "<office@company.com> a@one.example");
	has("office@company.com");
	has("X-Original-From: erp\r\n");
}
END_TEST

START_TEST(a_report_stays_one)
{
	static const char text[] = "X-Sender: <>\nX-Receiver: a@one.example\nSubject: s\n\nhi\n";
	profile.sender = "office@company.com";
	take(text, sizeof text - 1);
	ck_assert_str_eq(envelope, "<> a@one.example");
}
END_TEST

/* Passed as it is, within bounds. */
START_TEST(long_header)
{
	static char text[90000];
	profile.repair = MAIL_REPAIR_CHARSET;
	strcpy(text, FRONT "Subject: ");
	size_t n = strlen(text);
	memset(text + n, '\xfc', 70000);
	strcpy(text + n + 70000, "\n\nhi\n");
	take(text, strlen(text));
	has("\xfc\xfc\xfc");
	has("\r\n\r\nhi\r\n");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("deliver/pickup_repair");
	TCase *t = tcase_create("profile");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, nothing);
	tcase_add_test(t, all);
	tcase_add_test(t, another_sender);
	tcase_add_test(t, a_report_stays_one);
	tcase_add_test(t, long_header);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
