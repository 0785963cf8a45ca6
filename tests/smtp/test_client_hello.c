/* smtp/client_hello: greeting, EHLO and what is offered, HELO, QUIT. */
#include "smtp/dialogue.h"
#include "smtp/peer.h"
#include "support/suite.h"

#include <string.h>

START_TEST(beginning)
{
	static const struct dialogue rows[] = {
		{.name = "EHLO", .script = "S 220 hi\nC EHLO me\nS 250-srv\nS 250 PIPELINING\n"},
		{.name = "long greeting",
		 .script = "S 220-a\nS 220-b\nS 220 c\nC EHLO me\nS 250 srv\n"},
		{.name = "HELO",
		 .script =
			 "S 220 hi\nC EHLO me\nS 502-what\nS 502 is that\nC HELO me\nS 250 srv\n"},
		{.name = "refused", .script = "S 554 5.7.1 go away\n", .end = "554 5.7.1 go away"},
		{.name = "busy", .script = "S 421 4.3.2 later\n", .end = "421 4.3.2 later"},
		{.name = "refused later",
		 .script = "S 220 hi\nC EHLO me\nS 450 4.7.0 greylisted\n",
		 .end = "450 4.7.0 greylisted"},
		{.name = "HELO refused",
		 .script = "S 220 hi\nC EHLO me\nS 550 no\nC HELO me\nS 550 5.7.1 no\n",
		 .end = "550 5.7.1 no"},
		{.name = "354 as greeting",
		 .script = "S 354 go\n",
		 .end = "the server answered out of place (as its greeting): 354 go"},
		{.name = "354 to EHLO",
		 .script = "S 220 hi\nC EHLO me\nS 354 go\n",
		 .end = "the server answered out of place (to EHLO): 354 go"},
		{.name = "354 to HELO",
		 .script = "S 220 hi\nC EHLO me\nS 500 x\nC HELO me\nS 354 go\n",
		 .end = "the server answered out of place (to HELO): 354 go"},
		{.name = "garbage",
		 .script = "S SSH-2.0-OpenSSH\n",
		 .end = "the server sent what is no SMTP reply: SSH-2.0-OpenSSH"},
		{.name = "lost",
		 .script = "S 220 hi\nC EHLO me\n! lost the peer closed\n",
		 .end = "the peer closed"},
		{.name = "silence",
		 .script = "! timeout\n",
		 .end = "the server did not answer within 5 min: the greeting"},
		{.name = "421 to EHLO",
		 .script = "S 220 hi\nC EHLO me\nS 421 bye\n",
		 .end = "421 bye"},
	};
	DIALOGUES(rows);
}
END_TEST

#define HELLO "S 220 hi\nC EHLO me\nS 250-srv\nS 250 STARTTLS\n"
#define NEEDED .config.tls = SMTP_TLS_NEEDED
#define IF_OFFERED .config.tls = SMTP_TLS_IF_OFFERED

START_TEST(starttls)
{
	static const struct dialogue rows[] = {
		{.name = "secured",
		 NEEDED,
		 .script =
			 HELLO "C STARTTLS\nS 220 go\n! secured\nC EHLO me\nS 250 srv\n! clear \n",
		 .results = "starttls\n"},
		{.name = "offered again within TLS",
		 IF_OFFERED,
		 .script = HELLO "C STARTTLS\nS 220 go\n! secured\nC EHLO me\nS 250 STARTTLS\n",
		 .results = "starttls\n"},
		{.name = "not wanted", .script = HELLO},
		{.name = "not offered",
		 IF_OFFERED,
		 .script = "S 220 hi\nC EHLO me\nS 250 srv\n"
			   "! clear the server does not offer STARTTLS\n"},
		{.name = "refused",
		 IF_OFFERED,
		 .script = HELLO "C STARTTLS\nS 454 4.7.0 not now\n"
				 "! clear the server refused STARTTLS: 454 4.7.0 not now\n"},
		{.name = "needed, not offered",
		 NEEDED,
		 .script = "S 220 hi\nC EHLO me\nS 250 srv\n",
		 .end = "the route wants TLS, and the server does not offer STARTTLS"},
		{.name = "needed, no EHLO",
		 NEEDED,
		 .script = "S 220 hi\nC EHLO me\nS 500 what\nC HELO me\nS 250 srv\n",
		 .end = "the route wants TLS, and the server does not offer STARTTLS"},
		{.name = "needed, refused",
		 NEEDED,
		 .script = HELLO "C STARTTLS\nS 554 never\n",
		 .end = "the route wants TLS, and the server refused STARTTLS: 554 never"},
		{.name = "injection",
		 IF_OFFERED,
		 .script = HELLO "C STARTTLS\nS 220 go\nS 250 forged\n",
		 .results = "starttls\n",
		 .end = "injection: bytes came with the answer to STARTTLS, before TLS was there; "
			"they were dropped"},
		{.name = "354",
		 NEEDED,
		 .script = HELLO "C STARTTLS\nS 354 go\n",
		 .end = "the server answered out of place (to STARTTLS): 354 go"},
		{.name = "silence",
		 NEEDED,
		 .script = HELLO "C STARTTLS\n! timeout\n",
		 .end = "the server did not answer within 5 min: STARTTLS"},
	};
	DIALOGUES(rows);
}
END_TEST

START_TEST(quitting)
{
	static const struct dialogue rows[] = {
		{.name = "QUIT",
		 .script = "S 220 hi\nC EHLO me\nS 250 srv\n! quit\nC QUIT\nS 221 bye\n",
		 .end = "the connection was ended by QUIT"},
		{.name = "QUIT unanswered",
		 .script = "S 220 hi\nC EHLO me\nS 250 srv\n! quit\nC QUIT\n! timeout\n",
		 .end = "the server did not answer within 5 min: QUIT"},
		{.name = "QUIT and closed",
		 .script =
			 "S 220 hi\nC EHLO me\nS 250 srv\n! quit\nC QUIT\n! lost the peer closed\n",
		 .end = "the peer closed"},
		{.name = "QUIT before ready",
		 .script = "S 220 hi\nC EHLO me\n! quit\nS 250 srv\nC QUIT\nS 421 bye\n",
		 .end = "the connection was ended by QUIT"},
		{.name = "421 while idle",
		 .script = "S 220 hi\nC EHLO me\nS 250 srv\nS 421 4.4.2 idle too long\n",
		 .end = "421 4.4.2 idle too long"},
		{.name = "unasked",
		 .script = "S 220 hi\nC EHLO me\nS 250 srv\nS 250 Ok\n",
		 .end = "the server answered out of place (unasked): 250 Ok"},
		{.name = "nothing is awaited",
		 .script = "S 220 hi\nC EHLO me\nS 250 srv\n! timeout\n"},
	};
	DIALOGUES(rows);
}
END_TEST

START_TEST(offers)
{
	static const struct {
		const char *line;
		struct smtp_offer want;
	} rows[] = {
		{"PIPELINING", {.pipelining = true}},
		{"pipelining", {.pipelining = true}},
		{"PIPELINING2", {0}},
		{"8BITMIME", {.eight_bit = true}},
		{"SIZE", {.size = true}},
		{"SIZE 0", {.size = true}},
		{"SIZE 1234", {.size = true, .size_limit = 1234}},
		{"SIZE=1234", {.size = true, .size_limit = 1234}},
		{"SIZE 99999999999999999999", {.size = true, .size_limit = UINT64_MAX}},
		{"SIZE x", {.size = true}},
		{"", {0}},
		{"AUTH PLAIN", {0}},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct smtp_offer got = {0};
		smtp_offer_take(&got, rows[i].line, strlen(rows[i].line));
		ck_assert_msg(got.pipelining == rows[i].want.pipelining &&
				      got.size == rows[i].want.size &&
				      got.eight_bit == rows[i].want.eight_bit &&
				      got.size_limit == rows[i].want.size_limit,
			      "%s", rows[i].line);
	}
	struct smtp_offer got = {0};
	char longest[4096];
	memset(longest, 'A', sizeof longest);
	smtp_offer_take(&got, longest, sizeof longest);
	ck_assert(!got.pipelining);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/client_hello");
	SUITE_CASE(s, "begin", beginning, starttls, offers);
	SUITE_CASE(s, "end", quitting);
	return s;
}
SUITE_MAIN(suite)
