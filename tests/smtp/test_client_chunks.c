/* smtp/client_chunks: content by BDAT, its answers, and what cuts it off. */
#include "smtp/large.h"
#include "smtp/peer.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HELLO "S 220 hi\nC EHLO me\nS 250-srv\nS 250-CHUNKING\nS 250 PIPELINING\n"
#define ASK "C MAIL FROM:<a@b>\nC RCPT TO:<c@d>\nC RCPT TO:<e@f>\n"
#define GO "S 250 ok\nS 550 no\nS 250 ok\nS 250 got 6\n"
#define NONE .messages = {{"a@b", {"c@d", "e@f"}, "R: x\r\n\r\n.\r\n.y", 0, false, NULL, {NULL}}}
#define START HELLO ASK "C BDAT 6\nC R: x\n"

START_TEST(content)
{
	static const struct dialogue rows[] = {
		{.name = "dots are content, a missing line end is added",
		 .script = START GO "C BDAT 9 LAST\nC \nC .\nC .y\nS 250 kept\n",
		 NONE,
		 .results = "c@d: 550 no\ne@f: 250 kept\n"},
		{.name = "one line",
		 .script = START GO "C BDAT 0 LAST\nS 250 kept\n",
		 .messages = {{"a@b", {"c@d", "e@f"}, "R: x\r\n", 0, false, NULL, {NULL}}},
		 .results = "c@d: 550 no\ne@f: 250 kept\n"},
		{.name = "nothing at all goes by DATA",
		 .script = HELLO ASK "C DATA\nS 250 ok\nS 550 no\nS 250 ok\nS 354 go\nC .\nS 250 "
				     "kept\n",
		 .messages = {{"a@b", {"c@d", "e@f"}, "", 0, false, NULL, {NULL}}},
		 .results = "c@d: 550 no\ne@f: 250 kept\n"},
		{.name = "no bare CR or LF goes out",
		 .script =
			 HELLO ASK "C BDAT 3\nC a\n" GO "C BDAT 20 LAST\nC .\nC MAIL FROM:<x> y\nS "
				   "250 kept\n",
		 .messages = {{"a@b",
			       {"c@d", "e@f"},
			       "a\n.\nMAIL FROM:<x>\ry",
			       0,
			       false,
			       NULL,
			       {NULL}}},
		 .results = "c@d: 550 no\ne@f: 250 kept\n"},
		{.name = "one message after the other",
		 .script = START GO "C BDAT 9 LAST\nC \nC .\nC .y\nS 250 kept\n"
				    "C MAIL FROM:<m@n>\nC RCPT TO:<o@p>\nC BDAT 3\nC z\n"
				    "S 250 ok\nS 250 ok\nS 250 ok\nC BDAT 0 LAST\nS 250 too\n",
		 .messages =
			 {{"a@b", {"c@d", "e@f"}, "R: x\r\n\r\n.\r\n.y", 0, false, NULL, {NULL}},
			  {"m@n", {"o@p"}, "z\r\n", 0, false, NULL, {NULL}}},
		 .results = "c@d: 550 no\ne@f: 250 kept\no@p: 250 too\n"},
	};
	DIALOGUES(rows);
}
END_TEST

START_TEST(by_data)
{
	static const struct dialogue rows[] = {
		{.name = "without PIPELINING",
		 .script =
			 "S 220 hi\nC EHLO me\nS 250-srv\nS 250 CHUNKING\nC MAIL FROM:<a@b>\nS 250 "
			 "ok\nC RCPT TO:<c@d>\nS 250 ok\nC DATA\nS 354 go\nC x\nC .\nS 250 kept\n",
		 .messages = {{"a@b", {"c@d"}, "x\r\n", 0, false, NULL, {NULL}}},
		 .results = "c@d: 250 kept\n"},
		{.name = "it is known not to take it",
		 .script =
			 HELLO "C MAIL FROM:<a@b>\nC RCPT TO:<c@d>\nC DATA\nS 250 ok\nS 250 ok\nS "
			       "354 go\nC x\nC .\nS 250 kept\n",
		 .config.no_chunks = true,
		 .messages = {{"a@b", {"c@d"}, "x\r\n", 0, false, NULL, {NULL}}},
		 .results = "c@d: 250 kept\n"},
		{.name = "LMTP",
		 .script = "S 220 hi\nC LHLO me\nS 250-srv\nS 250-CHUNKING\nS 250 PIPELINING\n"
			   "C MAIL FROM:<a@b>\nC RCPT TO:<c@d>\nC DATA\nS 250 ok\nS 250 ok\nS "
			   "354 go\nC x\nC .\nS 250 kept\n",
		 .config.lmtp = true,
		 .messages = {{"a@b", {"c@d"}, "x\r\n", 0, false, NULL, {NULL}}},
		 .results = "c@d: 250 kept\n"},
	};
	DIALOGUES(rows);
}
END_TEST

#define NEXT                                                          \
	"C RSET\nC MAIL FROM:<m@n>\nC RCPT TO:<o@p>\nC BDAT 3\nC z\n" \
	"S 250 ok\nS 250 ok\nS 250 ok\nS 250 ok\nC BDAT 0 LAST\nS 250 too\n"
#define TWO                                                                                  \
	.messages = {{"a@b", {"c@d", "e@f"}, "R: x\r\n\r\n.\r\n.y", 0, false, NULL, {NULL}}, \
		     {"m@n", {"o@p"}, "z\r\n", 0, false, NULL, {NULL}}}

/* Whatever refuses, RSET comes before the next message (RFC 3030 2). */
START_TEST(refused)
{
	static const struct dialogue rows[] = {
		{.name = "the first chunk",
		 .script = START "S 250 ok\nS 550 no\nS 250 ok\nS 452 4.3.1 full\n" NEXT,
		 TWO,
		 .results = "c@d: 550 no\ne@f: 452 4.3.1 full\no@p: 250 too\n"},
		{.name = "the first chunk, by no word about BDAT",
		 .script = START "S 250 ok\nS 550 no\nS 250 ok\nS 554 5.7.1 no\n" NEXT,
		 TWO,
		 .results = "c@d: 550 no\ne@f: 554 5.7.1 no\no@p: 250 too\n"},
		{.name = "the last chunk",
		 .script = START GO "C BDAT 9 LAST\nC \nC .\nC .y\nS 554 5.7.1 spam\n" NEXT,
		 TWO,
		 .results = "c@d: 550 no\ne@f: 554 5.7.1 spam\no@p: 250 too\n"},
		{.name = "503 to the last chunk is no word about BDAT",
		 .script = START GO "C BDAT 9 LAST\nC \nC .\nC .y\nS 503 5.5.1 no\n" NEXT,
		 TWO,
		 .results = "c@d: 550 no\ne@f: 503 5.5.1 no\no@p: 250 too\n"},
		{.name = "every recipient, and the chunk too",
		 .script = START "S 250 ok\nS 550 no\nS 450 wait\nS 503 none\n" NEXT,
		 TWO,
		 .results = "c@d: 550 no\ne@f: 450 wait\no@p: 250 too\n"},
		{.name = "every recipient, the chunk is taken",
		 .script = START "S 250 ok\nS 550 no\nS 450 wait\nS 250 got\n" NEXT,
		 TWO,
		 .results = "c@d: 550 no\ne@f: 450 wait\no@p: 250 too\n"},
		{.name = "the sender",
		 .script = START "S 550 who\nS 503 no\nS 503 no\nS 503 no\n" NEXT,
		 TWO,
		 .results = "c@d: 550 who\ne@f: 550 who\no@p: 250 too\n"},
	};
	DIALOGUES(rows);
}
END_TEST

START_TEST(cut_off)
{
	static const struct dialogue rows[] = {
		{.name = "BDAT is not known: nothing but a line of ours was sent",
		 .script = START "S 250 ok\nS 550 no\nS 250 ok\nS 502 5.5.2 what\nS 500 what\n",
		 NONE,
		 .results = "c@d: 550 no\ne@f: the server offers CHUNKING and does not take BDAT: "
			    "502 5.5.2 what\nno chunks\n",
		 .end = "the server offers CHUNKING and does not take BDAT: 502 5.5.2 what"},
		{.name = "cannot be read",
		 .script = HELLO,
		 .messages = {{"a@b", {"c@d", "e@f"}, NULL, 0, false, NULL, {NULL}}},
		 .results = "c@d: the message cannot be read now\ne@f: the message cannot be read "
			    "now\n",
		 .end = "the message cannot be read now"},
		{.name = "lost before the first answer: not sent",
		 .script = START "S 250 ok\nS 550 no\nS 250 ok\n! lost gone\n",
		 NONE,
		 .results = "c@d: 550 no\ne@f: gone\n",
		 .end = "gone"},
		{.name = "lost before the last answer: nobody knows",
		 .script = START GO "C BDAT 9 LAST\nC \nC .\nC .y\n! lost gone\n",
		 NONE,
		 .results = "c@d: 550 no\ne@f: gone\nsent all\n",
		 .end = "gone"},
		{.name = "silence before the last answer: nobody knows",
		 .script = START GO "C BDAT 9 LAST\nC \nC .\nC .y\n! timeout\n",
		 NONE,
		 .results = "c@d: 550 no\ne@f: the server did not answer within 10 min: the end of "
			    "data\nsent all\n",
		 .end = "the server did not answer within 10 min: the end of data"},
		{.name = "421 to the last chunk is a refusal",
		 .script = START GO "C BDAT 9 LAST\nC \nC .\nC .y\nS 421 4.3.0 bye\n",
		 NONE,
		 .results = "c@d: 550 no\ne@f: 421 4.3.0 bye\n",
		 .end = "421 4.3.0 bye"},
		{.name = "354 to the last chunk",
		 .script = START GO "C BDAT 9 LAST\nC \nC .\nC .y\nS 354 go\n",
		 NONE,
		 .results = "c@d: 550 no\ne@f: the server answered out of place (to BDAT): 354 go\n"
			    "sent all\n",
		 .end = "the server answered out of place (to BDAT): 354 go"},
		{.name = "354 to BDAT",
		 .script = START "S 250 ok\nS 550 no\nS 250 ok\nS 354 go\n",
		 NONE,
		 .results =
			 "c@d: 550 no\ne@f: the server answered out of place (to BDAT): 354 go\n",
		 .end = "the server answered out of place (to BDAT): 354 go"},
	};
	DIALOGUES(rows);
}
END_TEST

/* ---- a large body by hand: many chunks under way ---- */

struct chunked {
	struct large l;
	size_t content;
	unsigned chunks; /* commands seen */
	bool last;
	size_t in_chunk; /* bytes of it that are still to come */
};

/* Takes what goes out, as a server reads it. */
static void take(struct chunked *k)
{
	struct buf *out = smtp_client_output(k->l.c);
	ck_assert_uint_le(out->cap, SMTP_CLIENT_OUTPUT);
	while (out->len) {
		char line[64] = "";
		size_t n = k->in_chunk < out->len ? k->in_chunk : out->len;
		buf_consume(out, n);
		k->in_chunk -= n;
		k->content += n;
		if (!out->len)
			break;
		const char *lf = memchr(buf_head(out), '\n', out->len);
		ck_assert_ptr_nonnull(lf);
		n = (size_t)(lf - buf_head(out)) + 1;
		ck_assert_uint_lt(n, sizeof line);
		memcpy(line, buf_head(out), n);
		ck_assert_int_eq(sscanf(line, "BDAT %zu", &k->in_chunk), 1);
		ck_assert(!k->last);
		k->last = strstr(line, " LAST") != NULL;
		k->chunks++;
		buf_consume(out, n);
	}
	smtp_client_pump(k->l.c);
}

static void begin(struct chunked *k)
{
	large_begin(&k->l, NULL, "250-CHUNKING\r\n250 PIPELINING\r\n",
		    "250 ok\r\n250 ok\r\n250 got\r\n");
	take(k);
}

START_TEST(many_chunks)
{
	struct chunked k = {.l.left = 1000000};
	begin(&k);
	while (!k.last || k.in_chunk)
		take(&k);
	ck_assert_uint_eq(k.content, 2000000);
	for (unsigned i = 1; i < k.chunks; i++) {
		ck_assert(!k.l.done);
		large_answer(&k.l, "250 ok\r\n");
	}
	ck_assert(k.l.done && k.l.reply.code == 250 && smtp_client_idle(k.l.c));
	ck_assert(!k.l.t.no_chunks);
	smtp_client_destroy(&k.l.c);
}
END_TEST

/* The last chunk finds just room in the output, or just none and waits. */
START_TEST(every_length_round_the_room)
{
	for (size_t n = 32600; n < 32800; n++) {
		struct chunked k = {.l = {.left = n, .odd = n % 2}};
		size_t whole = 2 * n - n % 2;
		begin(&k);
		while (!k.last || k.in_chunk)
			take(&k);
		ck_assert_uint_eq(k.content, whole);
		for (unsigned i = 1; i < k.chunks; i++)
			large_answer(&k.l, "250 ok\r\n");
		ck_assert(k.l.done && k.l.reply.code == 250);
		smtp_client_destroy(&k.l.c);
	}
}
END_TEST

/* The answers to what was under way are waited for, no further chunk is sent, and the first refusal counts. */
START_TEST(refused_half_way)
{
	struct chunked k = {.l.left = 1000000};
	begin(&k);
	take(&k);
	large_answer(&k.l, "552 5.3.4 too big\r\n");
	take(&k);
	unsigned chunks = k.chunks;
	take(&k);
	ck_assert(!k.last && k.chunks == chunks);
	for (unsigned i = 2; i < chunks; i++) {
		ck_assert(!k.l.done);
		large_answer(&k.l, i % 2 ? "503 5.5.1 no\r\n" : "250 ok\r\n");
	}
	ck_assert(k.l.done && smtp_client_idle(k.l.c));
	ck_assert_int_eq(k.l.reply.code, 552);
	smtp_client_destroy(&k.l.c);
}
END_TEST

/* Lost after a refusal: the refusal stands, and nothing was delivered. */
START_TEST(refused_then_lost)
{
	struct chunked k = {.l.left = 50000};
	begin(&k);
	while (!k.last || k.in_chunk)
		take(&k);
	ck_assert_uint_gt(k.chunks, 3);
	large_answer(&k.l, "552 5.3.4 too big\r\n");
	ck_assert(!k.l.done);
	smtp_client_lost(k.l.c, "gone");
	ck_assert(k.l.done && k.l.reply.code == 552 && !k.l.t.sent_all);
	smtp_client_destroy(&k.l.c);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/client_chunks");
	SUITE_CASE(s, "content", content, by_data);
	SUITE_CASE(s, "faults", refused, cut_off);
	SUITE_CASE(s, "large", many_chunks, every_length_round_the_room, refused_half_way,
		   refused_then_lost);
	return s;
}
SUITE_MAIN(suite)
