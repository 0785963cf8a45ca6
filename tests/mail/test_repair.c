/* repair: what is put right, what is left alone, what is kept of the old, and memory that fails anywhere. */
#include "mail/repair.h"
#include "support/scarce.h"
#include "support/suite.h"

#include <string.h>

#define ALL                                                                                   \
	(MAIL_REPAIR_DATE | MAIL_REPAIR_MESSAGE_ID | MAIL_REPAIR_FROM | MAIL_REPAIR_CHARSET | \
	 MAIL_REPAIR_MIME)
#define DATE "Date: Mon, 23 Nov 2026 09:00:00 +0000\r\n"
#define ID "Message-ID: <a@b>\r\n"
#define FROM "From: a@b.c\r\n"
#define NEW_DATE "Date: Mon, 23 Nov 2026 11:00:00 +0100\r\n"
#define NEW_ID "Message-ID: <1795428000000.000000000000002a@gw.test>\r\n"
#define GOOD DATE ID FROM

static const struct {
	unsigned what;
	const char *from, *sender, *header, *body;
	const char *out; /* without the empty line */
	const char *notes;
} rows[] = {
	/* what is right stays, to the byte */
	{ALL, NULL, "s@x.y", GOOD "Subject:  a\r\n  b\r\n", "text", GOOD "Subject:  a\r\n  b\r\n",
	 ""},
	{0, NULL, "", "Subject: \xe4\r\n", "\xe4", "Subject: \xe4\r\n", ""},
	/* date, message-id */
	{ALL, NULL, "s@x.y", "Subject: a\r\n", "",
	 "Subject: a\r\n" NEW_DATE NEW_ID "From: s@x.y\r\n",
	 "Date was missing; Message-ID was missing; From was missing"},
	{MAIL_REPAIR_DATE, NULL, "", "Date: yesterday\r\n" FROM, "",
	 "X-Original-Date: yesterday\r\n" NEW_DATE FROM, "Date was yesterday"},
	{MAIL_REPAIR_DATE, NULL, "", "Date: Sat, 1 Jan 2000 00:00:05 +0000\r\n", "",
	 "X-Original-Date: Sat, 1 Jan 2000 00:00:05 +0000\r\n" NEW_DATE,
	 "Date was Sat, 1 Jan 2000 00:00:05 +0000"},
	{MAIL_REPAIR_MESSAGE_ID, NULL, "", "Message-Id: 17\r\n", "",
	 "X-Original-Message-ID: 17\r\n" NEW_ID, "Message-ID was 17"},
	{MAIL_REPAIR_MESSAGE_ID, NULL, "", "Message-Id: <a b@c>\r\n", "",
	 "X-Original-Message-ID: <a b@c>\r\n" NEW_ID, "Message-ID was <a b@c>"},
	/* from */
	{MAIL_REPAIR_FROM, NULL, "s@x.y", "From: scanner\r\n", "",
	 "X-Original-From: scanner\r\nFrom: scanner@org.test\r\n", "From was scanner"},
	{MAIL_REPAIR_FROM, NULL, "s@x.y", "From: Scan 7 <scan>\r\n", "",
	 "X-Original-From: Scan 7 <scan>\r\nFrom: Scan 7 <scan@org.test>\r\n",
	 "From was Scan 7 <scan>"},
	{MAIL_REPAIR_FROM, NULL, "s@x.y", "From: the \"one\" in hall 7\r\n", "",
	 "X-Original-From: the \"one\" in hall 7\r\nFrom: \"the one in hall 7\" <s@x.y>\r\n",
	 "From was the \"one\" in hall 7"},
	{MAIL_REPAIR_FROM, NULL, "", "From:\r\n", "", "From: postmaster@org.test\r\n",
	 "From was missing"},
	/* written on to another */
	{0, "acc@m.t", "", "From: Jo <a@b.c>\r\nSender: z@b.c\r\n", "",
	 "From: Jo <acc@m.t>\r\nReply-To: Jo <a@b.c>\r\nX-Original-Sender: z@b.c\r\n",
	 "From was Jo <a@b.c>"},
	{0, "acc@m.t", "", "From: a@b.c (Doe, J.)\r\nReply-To: r@b.c\r\n", "",
	 "From: \"Doe, J.\" <acc@m.t>\r\nReply-To: r@b.c\r\n", "From was a@b.c (Doe, J.)"},
	{0, "acc@m.t", "", "From: Jo <Acc@M.T>\r\n", "", "From: Jo <Acc@M.T>\r\n", ""},
	{0, "acc@m.t", "", "From: me\r\n", "", "From: acc@m.t\r\nX-Original-From: me\r\n",
	 "From was me"},
	{0, "acc@m.t", "", "Subject: a\r\n", "", "Subject: a\r\nFrom: acc@m.t\r\n",
	 "From was missing"},
	/* charset and MIME */
	{ALL, NULL, "", GOOD "Subject: \xe4\r\n", "", GOOD "Subject: =?windows-1252?B?5A==?=\r\n",
	 "undeclared characters in Subject"},
	{ALL, NULL, "", GOOD, "caf\xc3\xa9",
	 GOOD "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
	      "Content-Transfer-Encoding: 8bit\r\n",
	 "MIME-Version was missing; charset of the text is taken for utf-8"},
	{ALL, NULL, "", GOOD "MIME-Version: 1.0\r\nContent-Type: text/html\r\n", "caf\xe9",
	 GOOD "MIME-Version: 1.0\r\nContent-Type: text/html; charset=windows-1252\r\n"
	      "Content-Transfer-Encoding: 8bit\r\n",
	 "charset of the text is taken for windows-1252"},
	{ALL, NULL, "",
	 GOOD
	 "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=\"us-ascii\"; format=flowed\r\n"
	 "Content-Transfer-Encoding: 7bit\r\n",
	 "caf\xe9",
	 GOOD
	 "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=windows-1252; format=flowed\r\n"
	 "Content-Transfer-Encoding: 8bit\r\n",
	 "charset of the text is taken for windows-1252"},
	{ALL, NULL, "", GOOD "Content-Type: text/plain; charset=utf-8\r\n", "caf\xe9",
	 GOOD "Content-Type: text/plain; charset=windows-1252\r\nMIME-Version: 1.0\r\n"
	      "Content-Transfer-Encoding: 8bit\r\n",
	 "charset of the text is taken for windows-1252; MIME-Version was missing"},
	{ALL, NULL, "",
	 GOOD "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=\"us-ascii\r\n"
	      "Content-Transfer-Encoding: 8bit\r\n",
	 "\xe9",
	 GOOD "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=windows-1252\r\n"
	      "Content-Transfer-Encoding: 8bit\r\n",
	 "charset of the text is taken for windows-1252"},
	{ALL, NULL, "",
	 GOOD "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-8859-2\r\n"
	      "Content-Transfer-Encoding: 8bit\r\n",
	 "\xe9",
	 GOOD "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-8859-2\r\n"
	      "Content-Transfer-Encoding: 8bit\r\n",
	 ""},
	{ALL, NULL, "", GOOD "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n",
	 "\xe9", GOOD "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n", ""},
	{ALL, NULL, "", GOOD "Content-Type: text\r\n", "a",
	 GOOD "X-Original-Content-Type: text\r\n", "Content-Type was text"},
	{ALL, NULL, "", GOOD "Content-Type: text/html\r\n", "a",
	 GOOD "Content-Type: text/html\r\nMIME-Version: 1.0\r\n", "MIME-Version was missing"},
};

static const struct mail_repair base = {.origin = "org.test",
					.sender = "",
					.hostname = "gw.test",
					.now = 1795428000000,
					.offset = 60,
					.random = 42};

static enum result repair(size_t i, struct buf *out, struct buf *notes)
{
	struct mail_repair how = base;
	const struct mail_repair_text text = {.header = rows[i].header,
					      .header_n = strlen(rows[i].header),
					      .body = rows[i].body,
					      .body_n = strlen(rows[i].body),
					      .whole = true};
	how.what = rows[i].what;
	how.from = rows[i].from;
	how.sender = rows[i].sender;
	return mail_repair_header(&how, &text, out, notes);
}

START_TEST(each_fault)
{
	struct buf out, notes, expected;
	buf_init(&out, 0);
	buf_init(&notes, MAIL_REPAIR_NOTES);
	buf_init(&expected, 0);
	ck_assert_int_eq(repair((size_t)_i, &out, &notes), OK);
	buf_printf(&expected, "%s\r\n", rows[_i].out);
	ck_assert_str_eq(buf_string(&out), buf_string(&expected));
	ck_assert_str_eq(buf_string(&notes), rows[_i].notes);
	buf_free(&out);
	buf_free(&notes);
	buf_free(&expected);
}
END_TEST

/* What was repaired needs no repair. */
START_TEST(once_is_enough)
{
	struct buf out, again, notes;
	struct mail_repair how = base;
	buf_init(&out, 0);
	buf_init(&again, 0);
	buf_init(&notes, MAIL_REPAIR_NOTES);
	ck_assert_int_eq(repair((size_t)_i, &out, &notes), OK);
	struct mail_repair_text text = {.header = buf_head(&out),
					.header_n = out.len,
					.body = rows[_i].body,
					.body_n = strlen(rows[_i].body),
					.whole = true};
	how.what = rows[_i].what;
	how.from = rows[_i].from;
	how.sender = rows[_i].sender;
	buf_clear(&notes);
	ck_assert_int_eq(mail_repair_header(&how, &text, &again, &notes), OK);
	ck_assert_uint_eq(notes.len, 0);
	ck_assert_str_eq(buf_string(&again), buf_string(&out));
	buf_free(&out);
	buf_free(&again);
	buf_free(&notes);
}
END_TEST

START_TEST(notes_are_bounded)
{
	static char header[200 * 40];
	struct buf out, notes;
	struct mail_repair how = base;
	for (int i = 0; i < 200; i++)
		strcat(header, "X-Some-Name-That-Is-Long: \xe4\r\n");
	const struct mail_repair_text text = {.header = header, .header_n = strlen(header)};
	buf_init(&out, 0);
	buf_init(&notes, MAIL_REPAIR_NOTES);
	how.what = ALL;
	ck_assert_int_eq(mail_repair_header(&how, &text, &out, &notes), OK);
	ck_assert_ptr_nonnull(strstr(buf_string(&notes), "; ..."));
	ck_assert_ptr_null(strchr(buf_string(&out), '\xe4'));
	buf_free(&out);
	buf_free(&notes);
}
END_TEST

/* The i-th allocation fails: that is told, and nothing leaks. Returns how many there are. */
static unsigned fail_each(size_t row)
{
	enum result r = E_NOMEM;
	unsigned i = 0;
	while (r == E_NOMEM) {
		struct buf out, notes;
		buf_init(&out, 0);
		buf_init(&notes, MAIL_REPAIR_NOTES);
		scarce_fail_at(++i);
		r = repair(row, &out, &notes);
		scarce_end();
		buf_free(&out);
		buf_free(&notes);
	}
	ck_assert_int_eq(r, OK);
	return i;
}

START_TEST(memory_is_short)
{
	unsigned all = 0;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		all += fail_each(i);
	ck_assert_uint_gt(all, 3 * sizeof rows / sizeof *rows);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("mail/repair");
	TCase *tc = tcase_create("repair");
	const int count = (int)(sizeof rows / sizeof *rows);
	tcase_add_loop_test(tc, each_fault, 0, count);
	tcase_add_loop_test(tc, once_is_enough, 0, count);
	tcase_add_test(tc, notes_are_bounded);
	tcase_add_test(tc, memory_is_short);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
