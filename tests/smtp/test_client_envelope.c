/* smtp/client_envelope: MAIL, RCPT and DATA with and without pipelining, and every way they can be
 * refused. */
#include "smtp/peer.h"
#include "support/suite.h"

#include <stdlib.h>

#define PLAIN "S 220 hi\nC EHLO me\nS 250 srv\n"
#define PIPE "S 220 hi\nC EHLO me\nS 250-srv\nS 250 PIPELINING\n"
#define ONE .messages = {{"a@b", {"c@d"}, "x\r\n", 0, false, NULL, {NULL}}}
#define TWO .messages = {{"a@b", {"c@d", "e@f"}, "x\r\n", 0, false, NULL, {NULL}}}
#define ASK1 "C MAIL FROM:<a@b>\nC RCPT TO:<c@d>\nC DATA\n"
#define ASK2 "C MAIL FROM:<a@b>\nC RCPT TO:<c@d>\nC RCPT TO:<e@f>\nC DATA\n"

START_TEST(one_by_one)
{
	static const struct dialogue rows[] = {
		{.name = "taken",
		 .script = PLAIN "C MAIL FROM:<a@b>\nS 250 ok\nC RCPT TO:<c@d>\nS 250 ok\nC RCPT "
				 "TO:<e@f>\nS 251 ok\n"
				 "C DATA\nS 354 go\nC x\nC .\nS 250 2.0.0 kept\n",
		 TWO,
		 .results = "c@d: 250 2.0.0 kept\ne@f: 250 2.0.0 kept\n"},
		{.name = "MAIL refused",
		 .script = PLAIN "C MAIL FROM:<a@b>\nS 550 5.7.1 no\n",
		 TWO,
		 .results = "c@d: 550 5.7.1 no\ne@f: 550 5.7.1 no\n"},
		{.name = "mixed",
		 .script = PLAIN
		 "C MAIL FROM:<a@b>\nS 250 ok\nC RCPT TO:<c@d>\nS 450 4.2.0 wait\nC RCPT TO:<e@f>\n"
		 "S 250 ok\nC DATA\nS 354 go\nC x\nC .\nS 250 kept\n",
		 TWO,
		 .results = "c@d: 450 4.2.0 wait\ne@f: 250 kept\n"},
		{.name = "all refused: no DATA",
		 .script = PLAIN "C MAIL FROM:<a@b>\nS 250 ok\nC RCPT TO:<c@d>\nS 550 1\nC RCPT "
				 "TO:<e@f>\nS 551 2\n",
		 TWO,
		 .results = "c@d: 550 1\ne@f: 551 2\n"},
		{.name = "DATA refused",
		 .script = PLAIN "C MAIL FROM:<a@b>\nS 250 ok\nC RCPT TO:<c@d>\nS 550 1\nC RCPT "
				 "TO:<e@f>\nS 250 ok\n"
				 "C DATA\nS 452 full\n",
		 TWO,
		 .results = "c@d: 550 1\ne@f: 452 full\n"},
		{.name = "354 to RCPT",
		 .script = PLAIN "C MAIL FROM:<a@b>\nS 250 ok\nC RCPT TO:<c@d>\nS 354 go\n",
		 ONE,
		 .results = "c@d: the server answered out of place (within an envelope): 354 go\n",
		 .end = "the server answered out of place (within an envelope): 354 go"},
		{.name = "250 to DATA",
		 .script = PLAIN
		 "C MAIL FROM:<a@b>\nS 250 ok\nC RCPT TO:<c@d>\nS 250 ok\nC DATA\nS 250 ok\n",
		 ONE,
		 .results = "c@d: the server answered out of place (to DATA): 250 ok\n",
		 .end = "the server answered out of place (to DATA): 250 ok"},
	};
	DIALOGUES(rows);
}
END_TEST

START_TEST(pipelined)
{
	static const struct dialogue rows[] = {
		{.name = "taken",
		 .script =
			 PIPE ASK2 "S 250 ok\nS 250 ok\nS 250 ok\nS 354 go\nC x\nC .\nS 250 kept\n",
		 TWO,
		 .results = "c@d: 250 kept\ne@f: 250 kept\n"},
		{.name = "mixed",
		 .script = PIPE ASK2
		 "S 250 ok\nS 550 5.1.1 no\nS 250 ok\nS 354 go\nC x\nC .\nS 250 kept\n",
		 TWO,
		 .results = "c@d: 550 5.1.1 no\ne@f: 250 kept\n"},
		{.name = "mixed, message refused",
		 .script = PIPE ASK2
		 "S 250 ok\nS 550 5.1.1 no\nS 250 ok\nS 354 go\nC x\nC .\nS 554 5.6.0 bad\n",
		 TWO,
		 .results = "c@d: 550 5.1.1 no\ne@f: 554 5.6.0 bad\n"},
		{.name = "all refused, DATA too",
		 .script = PIPE ASK2 "S 250 ok\nS 550 1\nS 550 2\nS 554 3\n",
		 TWO,
		 .results = "c@d: 550 1\ne@f: 550 2\n"},
		{.name = "all refused, DATA answered 354: a lone dot",
		 .script = PIPE ASK2 "S 250 ok\nS 550 1\nS 450 2\nS 354 go\nC .\nS 250 kept\n",
		 TWO,
		 .results = "c@d: 550 1\ne@f: 450 2\n"},
		{.name = "MAIL refused: its reply for all",
		 .script = PIPE ASK2 "S 550 5.7.1 no\nS 503 x\nS 503 x\nS 503 x\n",
		 TWO,
		 .results = "c@d: 550 5.7.1 no\ne@f: 550 5.7.1 no\n"},
		{.name = "MAIL refused, the rest taken: a lone dot",
		 .script = PIPE ASK1 "S 450 wait\nS 250 ok\nS 354 go\nC .\nS 250 kept\n",
		 ONE,
		 .results = "c@d: 450 wait\n"},
		{.name = "354 in place of RCPT's answer",
		 .script = PIPE ASK1 "S 250 ok\nS 354 go\n",
		 ONE,
		 .results = "c@d: the server answered out of place (within an envelope): 354 go\n",
		 .end = "the server answered out of place (within an envelope): 354 go"},
	};
	DIALOGUES(rows);
}
END_TEST

START_TEST(parameters)
{
	static const struct dialogue rows[] = {
		{.name = "SIZE and BODY",
		 .script = "S 220 hi\nC EHLO me\nS 250-srv\nS 250-SIZE 1000\nS 250 8BITMIME\n"
			   "C MAIL FROM:<> SIZE=1000 BODY=8BITMIME\nS 550 no\n",
		 .messages = {{"", {"c@d"}, "", 1000, true, NULL, {NULL}}},
		 .results = "c@d: 550 no\n"},
		{.name = "reports asked for, and offered",
		 .script = "S 220 hi\nC EHLO me\nS 250-srv\nS 250 DSN\nC MAIL FROM:<a@b> RET=HDRS "
			   "ENVID=x\nS 250 ok\nC RCPT TO:<c@d> NOTIFY=NEVER\nS 250 ok\nC RCPT "
			   "TO:<e@f>\nS 550 "
			   "no\nC DATA\nS 550 no\n",
		 .messages = {{"a@b",
			       {"c@d", "e@f"},
			       "",
			       0,
			       false,
			       "RET=HDRS ENVID=x REQUIRETLS",
			       {"NOTIFY=NEVER", ""}}},
		 .results = "c@d: 550 no\ne@f: 550 no\n"},
		{.name = "reports asked for, not offered",
		 .script = PLAIN "C MAIL FROM:<a@b>\nS 250 ok\nC RCPT TO:<c@d>\nS 550 no\n",
		 .messages = {{"a@b",
			       {"c@d"},
			       "",
			       0,
			       false,
			       "RET=HDRS ENVID=x REQUIRETLS",
			       {"NOTIFY=NEVER ORCPT=rfc822;x"}}},
		 .results = "c@d: 550 no\n"},
		{.name = "REQUIRETLS offered",
		 .script = "S 220 hi\nC EHLO me\nS 250-srv\nS 250 REQUIRETLS\nC MAIL FROM:<a@b> "
			   "REQUIRETLS\nS 550 no\n",
		 .messages =
			 {{"a@b", {"c@d"}, "", 0, false, "RET=HDRS REQUIRETLS", {"NOTIFY=NEVER"}}},
		 .results = "c@d: 550 no\n"},
		{.name = "not offered, not needed",
		 .script = "S 220 hi\nC EHLO me\nS 250-srv\nS 250-SIZE\nS 250 8BITMIME\nC MAIL "
			   "FROM:<a@b>\nS 550 no\n",
		 .messages = {{"a@b", {"c@d"}, "", 0, false, NULL, {NULL}}},
		 .results = "c@d: 550 no\n"},
		{.name = "8-bit to a server without: as it is",
		 .script = PLAIN
		 "C MAIL FROM:<a@b>\nS 250 ok\nC RCPT TO:<c@d>\nS 250 ok\nC DATA\nS 354 go\n"
		 "C \x80\xff\nC .\nS 250 kept\n",
		 .messages = {{"a@b", {"c@d"}, "\x80\xff\r\n", 4, true, NULL, {NULL}}},
		 .results = "c@d: 250 kept\n"},
		{.name = "the first line of EHLO's answer is a name",
		 .script = "S 220 hi\nC EHLO me\nS 250 PIPELINING\nC MAIL FROM:<a@b>\nS 550 no\n",
		 .messages = {{"a@b", {"c@d"}, "", 0, false, NULL, {NULL}}},
		 .results = "c@d: 550 no\n"},
		{.name = "offers of EHLO do not outlive it",
		 .script = "S 220 hi\nC EHLO me\nS 502-PIPELINING\nS 502-PIPELINING\nS 502 SIZE "
			   "5\nC HELO me\nS 250 srv\n"
			   "C MAIL FROM:<a@b>\nS 550 no\n",
		 .messages = {{"a@b", {"c@d"}, "", 1000, false, NULL, {NULL}}},
		 .results = "c@d: 550 no\n"},
		{.name = "too big: refused here",
		 .script = "S 220 hi\nC EHLO me\nS 250-srv\nS 250 SIZE 999\nC MAIL FROM:<a@b> "
			   "SIZE=999\nS 550 no\n",
		 .messages = {{"a@b", {"c@d", "e@f"}, "", 1000, false, NULL, {NULL}},
			      {"a@b", {"c@d"}, "", 999, false, NULL, {NULL}}},
		 .results = "refused limit\nc@d: 552 5.3.4 Message of 1000 bytes exceeds the next "
			    "server's limit of 999\n"
			    "e@f: 552 5.3.4 Message of 1000 bytes exceeds the next server's limit "
			    "of 999\n"
			    "c@d: 550 no\n"},
	};
	DIALOGUES(rows);
}
END_TEST

#define UTF8 "S 220 hi\nC EHLO me\nS 250-srv\nS 250 SMTPUTF8\n"
#define NOT_OFFERED " is not ASCII, and the next server does not offer SMTPUTF8\n"

START_TEST(beyond_ascii)
{
	static const struct dialogue rows[] = {
		{.name = "offered: as it is, and said",
		 .script = UTF8
		 "C MAIL FROM:<\xc3\xbc@b> SMTPUTF8\nS 250 ok\nC RCPT TO:<\xc3\xb6@d>\nS 550 no\n",
		 .messages = {{"\xc3\xbc@b", {"\xc3\xb6@d"}, "", 0, false, NULL, {NULL}}},
		 .results = "\xc3\xb6@d: 550 no\n"},
		{.name = "offered and asked for",
		 .script = UTF8 "C MAIL FROM:<a@b> SMTPUTF8\nS 550 no\n",
		 .messages = {{"a@b", {"c@d"}, "", 0, false, "SMTPUTF8", {NULL}}},
		 .results = "c@d: 550 no\n"},
		{.name = "asked for and not needed",
		 .script = PLAIN "C MAIL FROM:<a@b>\nS 550 no\n",
		 .messages = {{"a@b", {"c@d"}, "", 0, false, "SMTPUTF8", {NULL}}},
		 .results = "c@d: 550 no\n"},
		{.name = "offered and no word of it",
		 .script = UTF8 "C MAIL FROM:<a@b>\nS 550 no\n",
		 .messages = {{"a@b", {"c@d"}, "", 0, false, "", {NULL}}},
		 .results = "c@d: 550 no\n"},
		{.name = "a domain alone goes in ASCII",
		 .script = PLAIN "C MAIL FROM:<a@xn--tda.example>\nS 250 ok\nC RCPT "
				 "TO:<c@xn--nda.example>\nS 550 no\n",
		 .messages = {{"a@\xc3\xbc.example",
			       {"c@\xc3\xb6.example"},
			       "",
			       0,
			       false,
			       "SMTPUTF8",
			       {NULL}}},
		 .results = "c@\xc3\xb6.example: 550 no\n"},
		{.name = "one recipient that cannot",
		 .script = PLAIN "C MAIL FROM:<a@b>\nS 250 ok\nC RCPT TO:<e@f>\nS 550 no\n",
		 .messages = {{"a@b", {"\xc3\xb6@d", "e@f"}, "", 0, false, "SMTPUTF8", {NULL}}},
		 .results = "\xc3\xb6@d: 553 5.6.7 Address" NOT_OFFERED "e@f: 550 no\n"},
		{.name = "a sender that cannot",
		 .script = PLAIN "C MAIL FROM:<a@b>\nS 550 no\n",
		 .messages = {{"\xc3\xbc@b", {"c@d"}, "", 0, false, "SMTPUTF8", {NULL}},
			      {"a@b", {"c@d"}, "", 0, false, NULL, {NULL}}},
		 .results = "refused syntax\nc@d: 553 5.6.7 The sender's address" NOT_OFFERED
			    "c@d: 550 no\n"},
	};
	DIALOGUES(rows);
}
END_TEST

#define NEVER "553 5.1.3 Address cannot be carried by SMTP\n"

/* Nothing of an envelope can become a command. */
START_TEST(addresses)
{
	static const struct dialogue rows[] = {
		{.name = "among others, one by one",
		 .script = PLAIN "C MAIL FROM:<a@b>\nS 250 ok\nC RCPT TO:<c@d>\nS 250 ok\nC RCPT "
				 "TO:<e@f>\nS 550 no\nC DATA\n"
				 "S 354 go\nC .\nS 250 kept\n",
		 .messages = {{"a@b",
			       {"x@y\r\nRSET", "c@d", "x y@z", "e@f", "x@y> A=B <"},
			       "",
			       0,
			       false,
			       NULL,
			       {NULL}}},
		 .results = "x@y\r\nRSET: " NEVER "c@d: 250 kept\nx y@z: " NEVER
			    "e@f: 550 no\nx@y> A=B <: " NEVER},
		{.name = "among others, pipelined",
		 .script = PIPE ASK2 "S 250 ok\nS 250 ok\nS 550 no\nS 354 go\nC .\nS 250 kept\n",
		 .messages = {{"a@b",
			       {"x@y\r\nRSET", "c@d", "x y@z", "e@f", "x@y> A=B <"},
			       "",
			       0,
			       false,
			       NULL,
			       {NULL}}},
		 .results = "x@y\r\nRSET: " NEVER "c@d: 250 kept\nx y@z: " NEVER
			    "e@f: 550 no\nx@y> A=B <: " NEVER},
		{.name = "none left",
		 .script = PIPE "C MAIL FROM:<a@b>\nS 250 ok\n",
		 .messages = {{"a@b", {"\n", "\r"}, "", 0, false, NULL, {NULL}}},
		 .results = "\n: " NEVER "\r: " NEVER},
		{.name = "the sender's",
		 .script = PIPE,
		 .messages = {{"a@b\r\nX", {"c@d"}, "", 0, false, NULL, {NULL}}},
		 .results = "refused syntax\nc@d: 553 5.1.7 Sender's address cannot be carried by "
			    "SMTP\n"},
	};
	DIALOGUES(rows);
}
END_TEST

#define GONE "c@d: the peer closed\n"

START_TEST(ending_early)
{
	static const struct dialogue rows[] = {
		{.name = "lost in the envelope",
		 .script = PIPE ASK2 "S 250 ok\nS 550 no\n! lost the peer closed\n",
		 TWO,
		 .results = "c@d: 550 no\ne@f: the peer closed\n",
		 .end = "the peer closed"},
		{.name = "lost, accepted is not delivered",
		 .script = PIPE ASK1 "S 250 ok\nS 250 ok\n! lost the peer closed\n",
		 ONE,
		 .results = GONE,
		 .end = "the peer closed"},
		{.name = "421 to MAIL",
		 .script = PIPE ASK2 "S 421 4.3.2 bye\n",
		 TWO,
		 .results = "c@d: 421 4.3.2 bye\ne@f: 421 4.3.2 bye\n",
		 .end = "421 4.3.2 bye"},
		{.name = "421 to RCPT",
		 .script = PIPE ASK2 "S 250 ok\nS 550 no\nS 421 bye\nS 250 ok\n",
		 TWO,
		 .results = "c@d: 550 no\ne@f: 421 bye\n",
		 .end = "421 bye"},
		{.name = "421 to DATA",
		 .script = PIPE ASK1 "S 250 ok\nS 250 ok\nS 421 bye\n",
		 ONE,
		 .results = "c@d: 421 bye\n",
		 .end = "421 bye"},
		{.name = "silence after RCPT",
		 .script = PIPE ASK1 "S 250 ok\n! timeout\n",
		 ONE,
		 .results = "c@d: the server did not answer within 5 min: MAIL or RCPT\n",
		 .end = "the server did not answer within 5 min: MAIL or RCPT"},
		{.name = "silence after DATA",
		 .script = PIPE ASK1 "S 250 ok\nS 250 ok\n! timeout\n",
		 ONE,
		 .results = "c@d: the server did not answer within 2 min: DATA\n",
		 .end = "the server did not answer within 2 min: DATA"},
		{.name = "silence after DATA, one by one",
		 .script = PLAIN
		 "C MAIL FROM:<a@b>\nS 250 ok\nC RCPT TO:<c@d>\nS 250 ok\nC DATA\n! timeout\n",
		 ONE,
		 .results = "c@d: the server did not answer within 2 min: DATA\n",
		 .end = "the server did not answer within 2 min: DATA"},
		{.name = "garbage",
		 .script = PIPE ASK1 "S 250 ok\nS <html>\n",
		 ONE,
		 .results = "c@d: the server sent what is no SMTP reply: <html>\n",
		 .end = "the server sent what is no SMTP reply: <html>"},
		{.name = "QUIT wanted in a transaction",
		 .script = PIPE ASK1 "! quit\nS 550 no\nS 503 no\nS 503 no\nC QUIT\nS 221 bye\n",
		 ONE,
		 .results = "c@d: 550 no\n",
		 .end = "the connection was ended by QUIT"},
	};
	DIALOGUES(rows);
}
END_TEST

START_TEST(reuse)
{
	static const struct dialogue rows[] = {
		{.name = "after a delivery, no RSET",
		 .script = PIPE ASK1
		 "S 250 ok\nS 250 ok\nS 354 go\nC x\nC .\nS 250 kept\n"
		 "C MAIL FROM:<g@h>\nC RCPT TO:<i@j>\nC DATA\nS 550 no\nS 503 no\nS 503 no\n",
		 .messages = {{"a@b", {"c@d"}, "x\r\n", 0, false, NULL, {NULL}},
			      {"g@h", {"i@j"}, "", 0, false, NULL, {NULL}}},
		 .results = "c@d: 250 kept\ni@j: 550 no\n"},
		{.name = "after refusals, RSET first",
		 .script = PIPE ASK1 "S 250 ok\nS 550 no\nS 554 no\n"
				     "C RSET\nC MAIL FROM:<g@h>\nC RCPT TO:<i@j>\nC DATA\n"
				     "S 250 reset\nS 250 ok\nS 250 ok\nS 354 go\nC .\nS 250 kept\n"
				     "C MAIL FROM:<k@l>\nC RCPT TO:<m@n>\nC DATA\n",
		 .messages = {{"a@b", {"c@d"}, "", 0, false, NULL, {NULL}},
			      {"g@h", {"i@j"}, "", 0, false, NULL, {NULL}},
			      {"k@l", {"m@n"}, "", 0, false, NULL, {NULL}}},
		 .results = "c@d: 550 no\ni@j: 250 kept\nm@n: the connection was given up\n"},
		{.name = "RSET refused",
		 .script = PLAIN
		 "C MAIL FROM:<a@b>\nS 250 ok\nC RCPT TO:<c@d>\nS 550 no\nC RSET\nS 500 what\n",
		 .messages = {{"a@b", {"c@d"}, "", 0, false, NULL, {NULL}},
			      {"g@h", {"i@j"}, "", 0, false, NULL, {NULL}}},
		 .results =
			 "c@d: 550 no\ni@j: the server answered out of place (to RSET): 500 what\n",
		 .end = "the server answered out of place (to RSET): 500 what"},
		{.name = "DATA refused, RSET first",
		 .script = PIPE ASK1 "S 250 ok\nS 250 ok\nS 450 no\nC RSET\nC MAIL FROM:<g@h>\nC "
				     "RCPT TO:<i@j>\nC DATA\n",
		 .messages = {{"a@b", {"c@d"}, "", 0, false, NULL, {NULL}},
			      {"g@h", {"i@j"}, "", 0, false, NULL, {NULL}}},
		 .results = "c@d: 450 no\ni@j: the connection was given up\n"},
	};
	DIALOGUES(rows);
}
END_TEST

/* ---- more recipients than the output holds ---- */

enum { MANY = 5000 };

static int done;

static void on_done(void *ctx, struct smtp_transaction *t)
{
	(void)ctx;
	(void)t;
	done++;
}

static size_t count_lines(const struct buf *out)
{
	size_t lines = 0;
	for (size_t i = 0; i < out->len; i++)
		lines += buf_head(out)[i] == '\n';
	return lines;
}

/* The output is bounded; a server that answers more than went out is left, not believed. */
START_TEST(more_than_the_output_holds)
{
	static const struct smtp_client_ops ops = {.on_done = on_done};
	static const struct smtp_client_config config = {.helo = "me"};
	static const char hello[] = "220 hi\r\n250-srv\r\n250 PIPELINING\r\n";
	const char **to = calloc(MANY, sizeof *to);
	struct smtp_reply *replies = calloc(MANY, sizeof *replies);
	struct smtp_transaction t = {
		.reverse_path = "", .recipients = to, .count = MANY, .replies = replies};
	struct smtp_client *c;
	for (int i = 0; i < MANY; i++)
		to[i] = "some.body@some.where.example";
	ck_assert_int_eq(smtp_client_new(&c, &config, &ops, NULL), OK);
	smtp_client_feed(c, hello, sizeof hello - 1);
	buf_clear(smtp_client_output(c));
	ck_assert_int_eq(smtp_client_send(c, &t), OK);
	size_t asked = count_lines(smtp_client_output(c));
	ck_assert(asked > 1000 && asked < MANY);
	ck_assert_uint_le(smtp_client_output(c)->len, SMTP_CLIENT_OUTPUT);
	for (size_t i = 0; i < asked; i++) {
		ck_assert(!done);
		smtp_client_feed(c, "250 ok\r\n", 8);
	}
	smtp_client_feed(c, "250 ok\r\n", 8);
	ck_assert(done == 1 && smtp_client_ended(c));
	ck_assert_int_eq(replies[MANY - 1].code, 0);
	smtp_client_destroy(&c);
	free(to);
	free(replies);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/client_envelope");
	SUITE_CASE(s, "commands", one_by_one, pipelined, parameters, addresses, beyond_ascii);
	SUITE_CASE(s, "end", ending_early, reuse);
	SUITE_CASE(s, "many", more_than_the_output_holds);
	return s;
}
SUITE_MAIN(suite)
