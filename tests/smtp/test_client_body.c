/* smtp/client_body: content, its end, and what cuts it off. */
#include "smtp/large.h"
#include "smtp/peer.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIPE "S 220 hi\nC EHLO me\nS 250-srv\nS 250 PIPELINING\n"
#define GO                                                                                         \
	PIPE "C MAIL FROM:<a@b>\nC RCPT TO:<c@d>\nC RCPT TO:<e@f>\nC DATA\nS 250 ok\nS 550 no\nS " \
	     "250 ok\nS 354 go\n"
#define MESSAGE(text) .messages = {{"a@b", {"c@d", "e@f"}, text, 0, false, NULL, {NULL}}}

START_TEST(content)
{
	static const struct dialogue rows[] = {
		{.name = "stuffed",
		 .script = GO "C ..\nC ..x\nC \nC y\nC .\nS 250 kept\n",
		 MESSAGE(".\r\n.x\r\n\r\ny"),
		 .results = "c@d: 550 no\ne@f: 250 kept\n"},
		{.name = "empty",
		 .script = GO "C .\nS 250 kept\n",
		 MESSAGE(""),
		 .results = "c@d: 550 no\ne@f: 250 kept\n"},
		{.name = "smuggling",
		 .script = GO "C a\nC ..\nC MAIL FROM:<x>\nC .\nS 250 kept\n",
		 MESSAGE("a\n.\r\nMAIL FROM:<x>"),
		 .results = "c@d: 550 no\ne@f: 250 kept\n"},
		{.name = "refused",
		 .script = GO "C x\nC .\nS 554-5.7.1 a\nS 554 5.7.1 b\n",
		 MESSAGE("x\r\n"),
		 .results = "c@d: 550 no\ne@f: 554 5.7.1 a b\n"},
		{.name = "421 after the end is a refusal",
		 .script = GO "C x\nC .\nS 421 4.3.0 bye\n",
		 MESSAGE("x\r\n"),
		 .results = "c@d: 550 no\ne@f: 421 4.3.0 bye\n",
		 .end = "421 4.3.0 bye"},
	};
	DIALOGUES(rows);
}
END_TEST

START_TEST(cut_off)
{
	static const struct dialogue rows[] = {
		{.name = "cannot be read",
		 .script = GO,
		 MESSAGE(NULL),
		 .results = "c@d: 550 no\ne@f: the message cannot be read now\n",
		 .end = "the message cannot be read now"},
		{.name = "lost before the answer: nobody knows",
		 .script = GO "C x\nC .\n! lost the peer closed\n",
		 MESSAGE("x\r\n"),
		 .results = "c@d: 550 no\ne@f: the peer closed\nsent all\n",
		 .end = "the peer closed"},
		{.name = "silence before the answer: nobody knows",
		 .script = GO "C x\nC .\n! timeout\n",
		 MESSAGE("x\r\n"),
		 .results = "c@d: 550 no\ne@f: the server did not answer within 10 min: the end of "
			    "data\nsent all\n",
		 .end = "the server did not answer within 10 min: the end of data"},
		{.name = "354 to the end",
		 .script = GO "C x\nC .\nS 354 more\n",
		 MESSAGE("x\r\n"),
		 .results = "c@d: 550 no\ne@f: the server answered out of place (to the end of "
			    "data): 354 more\nsent all\n",
		 .end = "the server answered out of place (to the end of data): 354 more"},
		{.name = "lost after a lone dot: nothing was sent",
		 .script = PIPE "C MAIL FROM:<a@b>\nC RCPT TO:<c@d>\nC DATA\nS 250 ok\nS 550 no\nS "
				"354 go\nC .\n! lost gone\n",
		 .messages = {{"a@b", {"c@d"}, "x", 0, false, NULL, {NULL}}},
		 .results = "c@d: 550 no\n",
		 .end = "gone"},
	};
	DIALOGUES(rows);
}
END_TEST

/* ---- a large body by hand: the output's bound, answers half-way ---- */

static void begin(struct large *l)
{
	static const struct smtp_client_config config = {.helo = "me", .timeout_block = 77};
	large_begin(l, &config, "250 PIPELINING\r\n", "250 ok\r\n250 ok\r\n354 go\r\n");
	ck_assert_int_eq(memcmp(buf_head(smtp_client_output(l->c)), "DATA\r\n", 6), 0);
	buf_consume(smtp_client_output(l->c), 6);
	smtp_client_pump(l->c);
}

START_TEST(output_is_bounded)
{
	struct large l = {.left = 1000000};
	size_t sent = 0;
	begin(&l);
	struct buf *out = smtp_client_output(l.c);
	ck_assert_uint_gt(out->len, SMTP_CLIENT_OUTPUT / 2);
	for (unsigned i = 0; out->len; i++) {
		size_t n = 1 + i * 37 % 5000;
		ck_assert_uint_le(out->len, SMTP_CLIENT_OUTPUT);
		ck_assert_uint_le(out->cap, SMTP_CLIENT_OUTPUT);
		n = n < out->len ? n : out->len;
		buf_consume(out, n);
		sent += n;
		smtp_client_pump(l.c);
	}
	ck_assert_uint_eq(sent, 2000000 + 3);
	large_answer(&l, "250 ok\r\n");
	ck_assert(l.done && l.reply.code == 250);
	smtp_client_destroy(&l.c);
}
END_TEST

START_TEST(refused_half_way)
{
	static const struct {
		const char *reply, *text;
		int code;
	} rows[] = {
		{"552 5.3.4 too big\r\n", "too big", 552},
		{"421 bye\r\n", "bye", 421},
		{"250 ok\r\n", "the server answered out of place (before the end of data): 250 ok",
		 0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct large l = {.left = 1000000};
		begin(&l);
		ck_assert_int_eq(smtp_client_timeout(l.c), 77);
		large_answer(&l, rows[i].reply);
		ck_assert(l.done && smtp_client_ended(l.c));
		ck_assert_int_eq(l.reply.code, rows[i].code);
		ck_assert_str_eq(l.reply.text, rows[i].text);
		ck_assert(!l.t.sent_all);
		ck_assert_uint_eq(smtp_client_output(l.c)->len, 0);
		smtp_client_pump(l.c);
		large_answer(&l, "250 ok\r\n");
		ck_assert_uint_eq(smtp_client_output(l.c)->len, 0);
		smtp_client_destroy(&l.c);
	}
}
END_TEST

/* What was read and not sent goes nowhere either: there must be no end of data in the output. */
START_TEST(unreadable_half_way)
{
	struct large l = {.left = 1000000, .fails_at = 100000};
	begin(&l);
	while (!l.done) {
		ck_assert_uint_gt(smtp_client_output(l.c)->len, 0);
		buf_clear(smtp_client_output(l.c));
		smtp_client_pump(l.c);
	}
	ck_assert(smtp_client_ended(l.c) && !l.t.sent_all);
	ck_assert_uint_eq(smtp_client_output(l.c)->len, 0);
	ck_assert_str_eq(l.reply.text, "the message cannot be read now");
	smtp_client_destroy(&l.c);
}
END_TEST

#define LHLO "S 220 hi\nC LHLO me\nS 250-srv\nS 250 PIPELINING\n"
#define LGO                                                                                   \
	LHLO "C MAIL FROM:<a@b>\nC RCPT TO:<c@d>\nC RCPT TO:<e@f>\nC RCPT TO:<g@h>\nC DATA\n" \
	     "S 250 ok\nS 250 ok\nS 550 no\nS 250 ok\nS 354 go\nC x\nC .\n"
#define LMESSAGE             \
	.config.lmtp = true, \
	.messages = {{"a@b", {"c@d", "e@f", "g@h"}, "x\r\n", 0, false, NULL, {NULL}}}

/* RFC 2033: an answer for each recipient that was taken; those that came stand when the rest does not. */
START_TEST(lmtp)
{
	static const struct dialogue rows[] = {
		{.name = "each has its own",
		 .script = LGO "S 250 2.1.5 kept\nS 452-4.2.2 over\nS 452 4.2.2 quota\n",
		 LMESSAGE,
		 .results = "c@d: 250 2.1.5 kept\ne@f: 550 no\ng@h: 452 4.2.2 over quota\n"},
		{.name = "lost between two",
		 .script = LGO "S 250 kept\n! lost the peer closed\n",
		 LMESSAGE,
		 .results = "c@d: 250 kept\ne@f: 550 no\ng@h: the peer closed\nsent all\n",
		 .end = "the peer closed"},
		{.name = "421 for the second",
		 .script = LGO "S 552 5.2.2 full\nS 421 4.3.2 bye\n",
		 LMESSAGE,
		 .results = "c@d: 552 5.2.2 full\ne@f: 550 no\ng@h: 421 4.3.2 bye\n",
		 .end = "421 4.3.2 bye"},
		{.name = "one answer too many",
		 .script = LGO "S 250 kept\nS 250 kept\nS 250 kept\n",
		 LMESSAGE,
		 .results = "c@d: 250 kept\ne@f: 550 no\ng@h: 250 kept\n",
		 .end = "the server answered out of place (unasked): 250 kept"},
		{.name = "LHLO is not known: it is no LMTP server",
		 .script = "S 220 hi\nC LHLO me\nS 500 5.5.1 what\n",
		 .config.lmtp = true,
		 .end = "500 5.5.1 what"},
		{.name = "data for nobody",
		 .script = LHLO
		 "C MAIL FROM:<a@b>\nC RCPT TO:<c@d>\nC DATA\nS 250 ok\nS 550 no\nS 354 go\n",
		 .config.lmtp = true,
		 .messages = {{"a@b", {"c@d"}, "x\r\n", 0, false, NULL, {NULL}}},
		 .results = "c@d: 550 no\n",
		 .end = "the LMTP server wants data for nobody"},
	};
	DIALOGUES(rows);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/client_body");
	SUITE_CASE(s, "content", content, cut_off);
	SUITE_CASE(s, "LMTP", lmtp);
	SUITE_CASE(s, "large", output_is_bounded, refused_half_way, unreadable_half_way);
	return s;
}
SUITE_MAIN(suite)
