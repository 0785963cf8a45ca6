/* report: its words, its fields, what of the original it returns, and hostile input. */
#include "mail/report.h"
#include "mail/report_form.h"
#include "mail/report_sample.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct buf out;

/* Makes the report, checks its form, returns its text (until the next call). */
static const char *make(const struct mail_report *r)
{
	buf_free(&out);
	ck_assert_int_eq(mail_report_format(&out, r), OK);
	const char *text = buf_string(&out), *fault = report_form_fault(text, out.len);
	ck_assert_msg(!fault, "%s:\n%s", fault, text);
	return text;
}

#define HAS(text, words) \
	ck_assert_msg(strstr(text, words) != NULL, "no \"%s\" in:\n%s", words, text)
#define LACKS(text, words) ck_assert_msg(!strstr(text, words), "\"%s\" in:\n%s", words, text)

START_TEST(failed)
{
	struct mail_report r = sample_report(sample_rcpts, 1);
	const char *text = make(&r);
	HAS(text, "From: Mail Delivery System <MAILER-DAEMON@gateway.company.com>\r\nTo: "
		  "scan@company.com\r\n"
		  "Subject: Your message could not be delivered\r\nDate: Mon, 23 Nov 2026 10:00:00 "
		  "+0000\r\n");
	HAS(text, "@gateway.company.com>\r\nReferences: <1@company.com>\r\nAuto-Submitted: "
		  "auto-replied\r\n"
		  "MIME-Version: 1.0\r\n");
	HAS(text, "\r\nThis is the mail gateway at gateway.company.com.\r\n");
	HAS(text, "<bob@example.net>\r\n    could not be delivered. It was refused by "
		  "mx1.example.net [192.0.2.1]"
		  "\r\n    with these words:\r\n        550 5.1.1 No such user here\r\n"
		  "    There is no such mailbox: check the address for a typing error.\r\n");
	HAS(text, "Reporting-MTA: dns; gateway.company.com\r\n"
		  "Arrival-Date: Mon, 23 Nov 2026 05:00:00 +0000\r\n\r\n"
		  "Final-Recipient: rfc822; bob@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n"
		  "Remote-MTA: dns; mx1.example.net\r\n"
		  "Diagnostic-Code: smtp; 550 5.1.1 No such user here\r\n"
		  "Last-Attempt-Date: Mon, 23 Nov 2026 09:59:59 +0000\r\n\r\n");
	HAS(text, "Content-Type: message/rfc822\r\n\r\nReceived: ");
	HAS(text, "\r\n\r\nThe page.\r\n\r\n--=_");
	LACKS(text, "Will-Retry");
}
END_TEST

START_TEST(expired)
{
	struct mail_report r = sample_report(sample_rcpts + 1, 1);
	const char *text = make(&r);
	HAS(text, "Subject: Your message could not be delivered\r\n");
	HAS(text, "<\"a b\"@example.org>\r\n    could not be delivered in the time allowed; it is "
		  "given up.");
	HAS(text, "\r\n        connection refused\r\n");
	HAS(text,
	    "Final-Recipient: rfc822; \"a b\"@example.org\r\nAction: failed\r\nStatus: 4.4.7\r\n"
	    "Diagnostic-Code: x-smtpgate; connection refused\r\n");
	LACKS(text, "Remote-MTA");
}
END_TEST

START_TEST(delayed)
{
	struct mail_report r = sample_report(sample_rcpts + 2, 1);
	const char *text = make(&r);
	HAS(text, "Subject: Your message is delayed\r\n");
	HAS(text, "goes on trying until Tue, 24 Nov 2026 10:00:00 +0000");
	HAS(text, "Action: delayed\r\nStatus: 4.2.2\r\n");
	HAS(text, "Will-Retry-Until: Tue, 24 Nov 2026 10:00:00 +0000\r\n");
	HAS(text, "Content-Type: text/rfc822-headers\r\n\r\nReceived: ");
	LACKS(text, "The page.");
}
END_TEST

START_TEST(success)
{
	struct mail_report_rcpt rcpts[] = {sample_rcpts[0], sample_rcpts[0]};
	rcpts[0].kind = MAIL_REPORT_DELIVERED;
	rcpts[0].status = "2.1.5";
	rcpts[0].diagnostic = "250 2.1.5 delivered to the mailbox";
	rcpts[0].peer = "";
	rcpts[0].original = "rfc822;old@example.net";
	rcpts[1].kind = MAIL_REPORT_RELAYED;
	rcpts[1].status = "5.1.1";
	rcpts[1].diagnostic = "250 Ok";
	struct mail_report r = sample_report(rcpts, 2);
	r.envelope_id = "q42";
	const char *text = make(&r);
	HAS(text, "Subject: Your message was delivered\r\n");
	HAS(text, "\r\nOriginal-Envelope-Id: q42\r\nReporting-MTA: ");
	HAS(text, "\r\nOriginal-Recipient: rfc822;old@example.net\r\nFinal-Recipient: rfc822; "
		  "bob@example.net\r\nAction: delivered\r\nStatus: 2.1.5\r\n");
	HAS(text, "Action: relayed\r\nStatus: 2.0.0\r\n");
	HAS(text, "<bob@example.net>\r\n    has it in the mailbox.");
	HAS(text, "Content-Type: text/rfc822-headers\r\n");
	LACKS(text, "The page.");
	LACKS(text, "could not");
	rcpts[0].kind = MAIL_REPORT_RELAYED; /* nobody has it for certain */
	HAS(make(&r), "Subject: Your message was passed on\r\n");
}
END_TEST

START_TEST(header_only)
{
	struct mail_report r = sample_report(sample_rcpts, 1);
	HAS(make(&r), "The page.");
	LACKS(make(&r), "Original-");
	r.header_only = true;
	LACKS(make(&r), "The page.");
	HAS(make(&r), "Content-Type: text/rfc822-headers\r\n");
}
END_TEST

START_TEST(several)
{
	struct mail_report r = sample_report(sample_rcpts, 3);
	const char *text = make(&r);
	HAS(text, "Subject: Your message could not be delivered\r\n");
	HAS(text, "<bob@example.net>\r\n");
	HAS(text, "<carol@example.com>\r\n");
	HAS(text, "Action: delayed\r\n");
}
END_TEST

/* Addresses in UTF-8 are for people what they are, and for programs in ASCII; whatever else is not ASCII is not kept. */
START_TEST(beyond_ascii)
{
	struct mail_report_rcpt rcpt = sample_rcpts[0];
	struct mail_report r = sample_report(&rcpt, 1);
	LACKS(make(&r), "8bit");
	rcpt.address = "d\xc3\xbcrst\xff@b\xc3\xbc.example";
	LACKS(make(&r), "8bit");
	HAS(make(&r), "<d??rst?@b??.example>");
	rcpt.address = "d\xc3\xbcrst@b\xc3\xbc.example";
	HAS(make(&r), "Content-Transfer-Encoding: 8bit\r\n\r\n--");
	HAS(make(&r), "charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
	HAS(make(&r), "<d\xc3\xbcrst@b\xc3\xbc.example>");
	rcpt.diagnostic = "550 Gr\xc3\xbc";
	HAS(make(&r), "Final-Recipient: utf-8; d\\x{FC}rst@b\\x{FC}.example\r\n");
	HAS(make(&r), "550 Gr??");
	r.to = "d\xc3\xbcrst@b\xc3\xbc.example";
	HAS(make(&r), "To: d\xc3\xbcrst@b\xc3\xbc.example\r\n");
}
END_TEST

START_TEST(operator_hears_why)
{
	struct mail_report r = sample_report(sample_rcpts, 1);
	r.to_operator = true;
	r.to = "postmaster@company.com";
	HAS(make(&r), "Subject: A message could not be delivered\r\n");
	HAS(make(&r), "The message below is from <scan@company.com>\r\n");
	r.sender = "";
	HAS(make(&r), "Subject: A report could not be delivered (double bounce)\r\n");
	HAS(make(&r), "its reverse-path is null.\r\n");
	LACKS(make(&r), "Your message");
}
END_TEST

static const struct {
	enum mail_report_kind kind;
	const char *given, *told;
} codes[] = {
	{MAIL_REPORT_FAILED, "5.7.1", "5.7.1"},    {MAIL_REPORT_FAILED, "", "5.0.0"},
	{MAIL_REPORT_FAILED, "2.1.5", "5.0.0"},    {MAIL_REPORT_FAILED, "5.1", "5.0.0"},
	{MAIL_REPORT_FAILED, "5.1.1234", "5.0.0"}, {MAIL_REPORT_FAILED, "5.1.1\r\nX: y", "5.0.0"},
	{MAIL_REPORT_FAILED, "4.3.2", "4.3.2"},    {MAIL_REPORT_DELAYED, "5.7.8", "4.7.8"},
	{MAIL_REPORT_DELAYED, "x", "4.0.0"},       {MAIL_REPORT_EXPIRED, "5.7.8", "4.4.7"},
	{MAIL_REPORT_FAILED, "5..1", "5.0.0"},     {MAIL_REPORT_FAILED, "5.123.456", "5.123.456"},
};

START_TEST(status_codes)
{
	char line[64];
	struct mail_report_rcpt rcpt = sample_rcpts[0];
	rcpt.kind = codes[_i].kind;
	rcpt.status = codes[_i].given;
	struct mail_report r = sample_report(&rcpt, 1);
	snprintf(line, sizeof line, "\r\nStatus: %s\r\n", codes[_i].told);
	HAS(make(&r), line);
}
END_TEST

static const struct {
	const char *status, *advice;
} advices[] = {
	{"5.1.1", "There is no such mailbox"},
	{"5.1.10", "That domain takes no mail at all"},
	{"5.1.2", "There is no such domain"},
	{"5.2.2", "The mailbox is full"},
	{"5.3.4", "The message is too large"},
	{"5.7.26", "rules forbid it"},
	{"5.6.1", "Its form was not accepted"},
	{"5.9.9", "Ask the postmaster of the recipient's domain"},
	{"", "Ask the postmaster of the recipient's domain"},
};

START_TEST(advice_fits_the_status)
{
	struct mail_report_rcpt rcpt = sample_rcpts[0];
	rcpt.status = advices[_i].status;
	struct mail_report r = sample_report(&rcpt, 1);
	HAS(make(&r), advices[_i].advice);
}
END_TEST

/* Originals: what is returned of each. */
static const struct {
	const char *original;
	uint64_t size; /* 0: all of it is here */
	const char *has, *lacks;
} originals[] = {
	{"Subject: x\r\n\r\nbody", 0, "message/rfc822\r\n\r\nSubject: x\r\n\r\nbody\r\n--=_", NULL},
	{"Subject: x\r\n", 0, "message/rfc822\r\n\r\nSubject: x\r\n\r\n\r\n--=_", NULL},
	{"Only text\r\n", 0, "message/rfc822\r\n\r\n\r\nOnly text\r\n\r\n--=_", NULL},
	{"Subject: x\r\nno field\r\n", 0, "rfc822\r\n\r\nSubject: x\r\n\r\nno field\r\n\r\n--=_",
	 NULL},
	{"", 0, "message/rfc822\r\n\r\n\r\n\r\n--=_", NULL},
	{"Subject: x\r\n\r\nbody", 100000, "text/rfc822-headers\r\n\r\nSubject: x\r\n\r\n--=_",
	 "body"},
	{"Subject: x\r\n\r\nb\303\274\r\n", 0, "text/rfc822-headers\r\n\r\nSubject: x\r\n",
	 "b\303"},
	{"Subject: m\303\274\r\n\r\nbody", 0, "text/rfc822-headers\r\n\r\nSubject: m??\r\n",
	 "body"},
	{"Subject: x\nTo: y\n\nbody", 0,
	 "text/rfc822-headers\r\n\r\nSubject: x\r\nTo: y\r\n\r\n--=_", "body"},
	{"Subject: a\rb\r\n\r\nbody", 0, "text/rfc822-headers\r\n\r\nSubject: a?b\r\n\r\n--=_",
	 "body"},
	{"Message-ID: <a b@c>\r\n\r\n", 0, "message/rfc822", "References:"},
	{"Message-ID: <@>\r\n\r\n", 0, "message/rfc822", "References:"},
	{"Message-ID: <a@b>\r\n <c@d>\r\n\r\n", 0, "message/rfc822", "References:"},
	{"Subject: =?utf-8?q?x?=\r\n\r\n", 0, "message/rfc822", "\"=?utf"},
};

START_TEST(original_is_returned)
{
	struct mail_report r = sample_report(sample_rcpts, 1);
	r.original = originals[_i].original;
	r.original_n = strlen(r.original);
	r.original_size = originals[_i].size ? originals[_i].size : r.original_n;
	HAS(make(&r), originals[_i].has);
	if (originals[_i].lacks)
		LACKS(make(&r), originals[_i].lacks);
}
END_TEST

START_TEST(original_with_nul)
{
	struct mail_report r = sample_report(sample_rcpts, 1);
	r.original = "Subject: a\0b\r\n\r\nbody\r\n";
	r.original_n = r.original_size = 22;
	HAS(make(&r), "text/rfc822-headers\r\n\r\nSubject: a?b\r\n\r\n--=_");
}
END_TEST

START_TEST(original_may_be_absent)
{
	struct mail_report r = sample_report(sample_rcpts, 1);
	r.original = NULL;
	r.original_n = 0;
	HAS(make(&r), "text/rfc822-headers\r\n\r\n\r\n--=_");
}
END_TEST

START_TEST(large_originals_are_cut)
{
	size_t n = 200000;
	char *big = malloc(n + 1);
	struct mail_report r = sample_report(sample_rcpts, 1);
	for (size_t i = 0; i < n; i += 10)
		memcpy(big + i, "X: 12345\r\n", 11);
	r.original = big;
	r.original_n = r.original_size = n;
	HAS(make(&r), "the rest of the header is left out\r\n");
	ck_assert_uint_lt(out.len, MAIL_REPORT_HEADER + 4096);
	memset(big + 3, 'x', 5000); /* a line that is too long to be returned as it is */
	r.original_n = r.original_size = 20000;
	HAS(make(&r), "text/rfc822-headers");
	memcpy(big + 10, "\r\n\r\n", 4);
	HAS(make(&r), "text/rfc822-headers");
	free(big);
}
END_TEST

START_TEST(last_line_without_an_end)
{
	char original[2 + 999];
	struct mail_report r = sample_report(sample_rcpts, 1);
	memcpy(original, "\r\n", 2);
	memset(original + 2, 'x', 999);
	r.original = original;
	r.original_n = r.original_size = 2 + 998;
	HAS(make(&r), "message/rfc822");
	r.original_n = r.original_size = 2 + 999;
	HAS(make(&r), "text/rfc822-headers");
}
END_TEST

START_TEST(nothing_is_injected)
{
	struct mail_report_rcpt rcpt = {
		MAIL_REPORT_FAILED,
		"a@b\r\nX-Evil: 1",
		"5.1.1",
		"no\r\nX-Evil: 1\r\n\r\n--=_report_0000000000001234\r\nX-Evil: 1",
		"mx\r\nX-Evil: 1",
		SAMPLE_NOW,
		0,
		NULL};
	struct mail_report r = sample_report(&rcpt, 1);
	r.hostname = "gw\r\nX-Evil: 1";
	r.to = "a@b\r\nX-Evil: 1";
	r.id = "m\r\nX-Evil: 1";
	r.original = "Subject: x\r\n\r\n--=_report_0000000000001234\r\nX-Evil: 2\r\n"
		     "--=_report_0000000000001235--\r\n";
	r.original_n = r.original_size = strlen(r.original);
	LACKS(make(&r), "\nX-Evil: 1");
	HAS(make(&r), "boundary=\"=_report_0000000000001236\"");
	HAS(make(&r), "To: undisclosed-recipients:;\r\n");
}
END_TEST

START_TEST(bound_of_the_buffer)
{
	struct mail_report r = sample_report(sample_rcpts, 3);
	size_t whole = strlen(make(&r));
	for (size_t max = 1; max < whole; max++) {
		struct buf small;
		buf_init(&small, max);
		ck_assert_int_eq(mail_report_format(&small, &r), E_LIMIT);
		buf_free(&small);
	}
}
END_TEST

static void teardown(void)
{
	buf_free(&out);
}

static Suite *suite(void)
{
	Suite *s = suite_create("report");
	TCase *tc = tcase_create("report");
	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_loop_test(tc, status_codes, 0, sizeof codes / sizeof *codes);
	tcase_add_loop_test(tc, advice_fits_the_status, 0, sizeof advices / sizeof *advices);
	tcase_add_loop_test(tc, original_is_returned, 0, sizeof originals / sizeof *originals);
	const TTest *const tests[] = {failed,
				      expired,
				      delayed,
				      success,
				      header_only,
				      several,
				      beyond_ascii,
				      operator_hears_why,
				      original_may_be_absent,
				      original_with_nul,
				      large_originals_are_cut,
				      last_line_without_an_end,
				      nothing_is_injected,
				      bound_of_the_buffer};
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(tc, tests[i]);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
