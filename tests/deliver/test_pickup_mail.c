/* pickup_mail: envelope and message out of files of every form; what a stranger's words in a header cannot do. */
#include "deliver/pickup_yard.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

static char *mail, envelope[2000];

/* One file through, to its mail. */
static const char *take(const char *text)
{
	free(mail);
	yard_puts("x.eml", text);
	ck_assert_msg(yard_run() == OK, "%s", yard.err.text);
	ck_assert_msg(yard_count() == 1, "%s", yard.told);
	mail = yard_mail(0, envelope, sizeof envelope);
	return mail;
}

/* One file that is no good; the reason. */
static char *refuse(const char *text)
{
	yard.told[0] = '\0';
	yard_puts("x.eml", text);
	ck_assert_msg(yard_run() == OK, "%s", yard.err.text);
	ck_assert_msg(yard_count() == 0, "%s", text);
	ck_assert_msg(strncmp(yard.told, "x.eml ", 6) == 0, "%s", text);
	return yard.told + 6;
}

static void has(const char *words)
{
	ck_assert_msg(strstr(mail, words) != NULL, "%s\n-- is not in --\n%s", words, mail);
}

static void lacks(const char *words)
{
	ck_assert_msg(!strstr(mail, words), "%s\n-- is in --\n%s", words, mail);
}

static void done(void)
{
	free(mail);
	mail = NULL;
	yard_close();
}

START_TEST(as_iis_writes_it)
{
	take("x-sender: erp@company.com\nX-Receiver: a@one.example\nX-RECEIVER: <b@two.example>\n"
	     "From: ERP <no@one.example>\nTo: list@x.example\nBcc: c@hidden.example\nSubject: "
	     "s\n\nhi");
	ck_assert_str_eq(envelope, "<erp@company.com> a@one.example b@two.example");
	has("From: ERP <no@one.example>\r\nTo: list@x.example\r\nSubject: s\r\n");
	has("\r\nDate: ");
	has("\r\nMessage-ID: <");
	has("@gw.example>\r\n\r\nhi\r\n");
	lacks("hidden");
	lacks("eceiver");
	lacks("ender");
}
END_TEST

START_TEST(as_exchange_replays_it)
{
	take("X-Sender: <> BODY=8bitmime RET=HDRS\r\nX-Receiver: <a@one.example> NOTIFY=NEVER "
	     "ORcpt=rfc822;a@one.example\r\nX-CreatedBy: MSExchange15\r\nX-HeloDomain: "
	     "evil.example\r\n"
	     "X-SourceIPAddress: 10.0.0.1\r\nX-EndOfInjectedXHeaders: 1\r\nX-Receiver: "
	     "late@one.example\r\nSubject: s\r\n\r\nhi\r\n");
	ck_assert_str_eq(envelope, "<> a@one.example");
	has("X-Receiver: late@one.example\r\nSubject: s\r\n");
	has("From: <postmaster@origin.example>\r\n");
	lacks("CreatedBy");
	lacks("HeloDomain");
}
END_TEST

START_TEST(from_its_header)
{
	take("\xef\xbb\xbf"
	     "From: Jo <jo@company.com>, other@x\nTo: \"A, B\" <ab@one.example>,\n "
	     "root\nCc: c@two.example\nBcc: d@three.example, ab@ONE.example\nSubject: s\n\nhi\n");
	ck_assert_str_eq(envelope, "<jo@company.com> ab@one.example root@origin.example "
				   "c@two.example d@three.example");
	lacks("three");
}
END_TEST

START_TEST(sender_before_from)
{
	take("From: boss@company.com\nSender: Secretary <sec@company.com>\nTo: "
	     "a@one.example\n\nhi\n");
	ck_assert_str_eq(envelope, "<sec@company.com> a@one.example");
}
END_TEST

START_TEST(what_the_folder_gives)
{
	yard.conf.sender = "erp@company.com";
	yard.conf.recipient = "boss@company.com";
	take("Subject: s\n\nhi\n");
	ck_assert_str_eq(envelope, "<erp@company.com> boss@company.com");
	has("From: <erp@company.com>\r\n");
}
END_TEST

/* Fields further down may hold what a stranger wrote into a form: they name nobody. */
START_TEST(injected_fields)
{
	take("X-Sender: web@company.com\nX-Receiver: shop@company.com\nSubject: order\n"
	     "X-Receiver: victim@one.example\nX-Sender: boss@company.com\nBcc: "
	     "victim@two.example\n\nX-Receiver: victim@three.example\n\nhi\n");
	ck_assert_str_eq(envelope, "<web@company.com> shop@company.com");
	has("\r\n\r\nX-Receiver: victim@three.example\r\n\r\nhi");
	lacks("victim@two");
}
END_TEST

START_TEST(injected_by_a_lone_cr)
{
	/* a CR alone is an end of a line here, before any field is looked at */
	take("X-Receiver: shop@company.com\nX-Sender: web@company.com\nSubject: a\rX-Receiver: "
	     "v@one.example\n\nhi\n");
	ck_assert_str_eq(envelope, "<web@company.com> shop@company.com");
	has("Subject: a\r\nX-Receiver: v@one.example\r\n");
}
END_TEST

START_TEST(no_dialogue_by_an_address)
{
	static const char *const receivers[] = {"a@one.example>\r\nRCPT TO:<b@two.example",
						"a@one.example\x01@x",
						"a@one.example b@two.example",
						"<a@one.example",
						"@",
						"a@[1.2.3",
						"a@one..example"};
	for (size_t i = 1; i < sizeof receivers / sizeof *receivers; i++) {
		char text[400];
		snprintf(text, sizeof text, "X-Sender: e@x.example\nX-Receiver: %s\n\nhi\n",
			 receivers[i]);
		ck_assert_msg(strncmp(refuse(text), "X-Receiver: ", 12) == 0, "%s", yard.told);
	}
	take("X-Sender: e@x.example\nX-Receiver: <a@one.example>\r\nRCPT "
	     "TO:<b@two.example>\n\nhi\n");
	ck_assert_str_eq(envelope, "<e@x.example> a@one.example");
}
END_TEST

START_TEST(a_dot_ends_nothing)
{
	take("X-Sender: e@x.example\nX-Receiver: a@one.example\nSubject: s\n\none\n.\nMAIL "
	     "FROM:<x>\n");
	has("\r\none\r\n.\r\nMAIL FROM:<x>\r\n");
}
END_TEST

START_TEST(no_good)
{
	ck_assert_str_eq(refuse("%PDF-1.4\nstream\n"),
			 "it is no mail: its first line is no field of a header\n");
	ck_assert_str_eq(refuse("\xff\xfeX\xfe\n"),
			 "it is written in UTF-16: mail is written in UTF-8 or ASCII\n");
	ck_assert_str_eq(refuse("Subject: s\n\nhi\n"),
			 "it names no sender: no X-Sender at its beginning, no Sender or From, and "
			 "[pickup erp] has no "
			 "`sender`\n");
	ck_assert_str_eq(refuse("From: a@x.example\n\nhi\n"),
			 "it names no recipient: no X-Receiver at its beginning, no To, Cc or Bcc, "
			 "and [pickup erp] has "
			 "no `recipient`\n");
	ck_assert_str_eq(
		refuse("X-Sender: a@x.example\nX-Sender: b@x.example\nTo: c@x.example\n\n"),
		"X-Sender stands there twice\n");
	ck_assert_ptr_nonnull(strstr(refuse("From: a@x.example\nTo: no one\n\nhi\n"), "no one"));
	ck_assert_msg(strncmp(yard_names(), "x.eml.bad x.eml.bad.txt x.eml.drop-", 35) == 0, "%s",
		      yard_names());
}
END_TEST

START_TEST(nul_and_size)
{
	yard_put("n.eml", "From: a@x.example\n\0\n", 20);
	yard.conf.max_size = 200;
	char big[300];
	memset(big, 'x', sizeof big);
	memcpy(big, "To:a@x.b\n\n", 10);
	yard_put("big.eml", big, sizeof big);
	ck_assert_int_eq(yard_run(), OK);
	ck_assert_str_eq(yard.told, "big.eml it has 300 bytes, max_size is 200\n"
				    "n.eml it is no mail: byte 19 is a NUL\n");
}
END_TEST

START_TEST(whom_it_may_speak_for)
{
	yard.senders[0] = (struct conf_pattern){CONF_PATTERN_DOMAIN, false, "company.com"};
	ck_assert_str_eq(refuse("X-Sender: a@x.example\nTo: b@y.example\n\nhi\n"),
			 "a@x.example is none of `senders` of [pickup erp]\n");
	ck_assert_str_eq(
		refuse("X-Sender: a@company.com\nFrom: boss@x.example\nTo: b@y.example\n\n"),
		"boss@x.example is none of `senders` of [pickup erp]\n");
	take("X-Sender: a@company.com\nFrom: Boss <boss@COMPANY.com>\nTo: b@y.example\n\nhi\n");
	ck_assert_str_eq(envelope, "<a@company.com> b@y.example");
}
END_TEST

START_TEST(as_sendmail_reads_it)
{
	yard.conf.format = CONF_PICKUP_SENDMAIL;
	take("X-Receiver: x@one.example\nFrom: a@x.example\nTo: b@y.example\n\nhi\n");
	ck_assert_str_eq(envelope, "<a@x.example> b@y.example");
	has("X-Receiver: x@one.example\r\n");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("deliver/pickup_mail");
	TCase *t = tcase_create("mail");
	tcase_add_checked_fixture(t, yard_open, done);
	tcase_add_test(t, as_iis_writes_it);
	tcase_add_test(t, as_exchange_replays_it);
	tcase_add_test(t, from_its_header);
	tcase_add_test(t, sender_before_from);
	tcase_add_test(t, what_the_folder_gives);
	tcase_add_test(t, injected_fields);
	tcase_add_test(t, injected_by_a_lone_cr);
	tcase_add_test(t, no_dialogue_by_an_address);
	tcase_add_test(t, a_dot_ends_nothing);
	tcase_add_test(t, no_good);
	tcase_add_test(t, nul_and_size);
	tcase_add_test(t, whom_it_may_speak_for);
	tcase_add_test(t, as_sendmail_reads_it);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
