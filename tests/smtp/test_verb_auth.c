/* smtp/verb_auth: exchanges of several lines, what is refused and when, and that no log sees what was sent. */
#include "smtp/script.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

#define HELLO "EHLO a\r\n"
#define HELLO_OUT                                                                                  \
	"250-h\n250-PIPELINING\n250-SIZE "                                                         \
	"0\n250-8BITMIME\n250-SMTPUTF8\n250-CHUNKING\n250-DSN\n250-ENHANCEDSTATUSCODES\n250 AUTH " \
	"LOGIN PLAIN\n"
#define OFFERED                       \
	{                             \
		.auth = "LOGIN PLAIN" \
	}
#define REQUIRED                                             \
	{                                                    \
		.auth = "LOGIN PLAIN", .auth_required = true \
	}

START_TEST(dialogues)
{
	static const struct script rows[] = {
		{.name = "initial response",
		 .config = OFFERED,
		 .in = HELLO "AUTH plain ok\r\nAUTH PLAIN ok\r\n",
		 .out = HELLO_OUT "235 2.7.0 Welcome\n503 5.5.1 You are logged in already\n",
		 .calls = "ehlo a\nauth plain ok\n"},
		{.name = "asked twice",
		 .config = OFFERED,
		 .in = HELLO "AUTH LOGIN\r\nmore\r\nok\r\nNOOP\r\n",
		 .out = HELLO_OUT
		 "334 Q2hhbGxlbmdl\n334 TW9yZQ==\n235 2.7.0 Welcome\n250 2.0.0 Ok\n",
		 .calls = "ehlo a\nauth LOGIN -\nanswer more\nanswer ok\n"},
		{.name = "an answer that looks like a command",
		 .config = OFFERED,
		 .in = HELLO "AUTH LOGIN\r\nQUIT\r\nNOOP\r\n",
		 .out = HELLO_OUT "334 Q2hhbGxlbmdl\n535 5.7.8 Wrong\n250 2.0.0 Ok\n",
		 .calls = "ehlo a\nauth LOGIN -\nanswer QUIT\n"},
		{.name = "empty initial response, empty challenge, empty answer",
		 .config = OFFERED,
		 .in = HELLO "AUTH PLAIN =\r\n\r\nok\r\n",
		 .out = HELLO_OUT "334 \n334 \n235 2.7.0 Welcome\n",
		 .calls = "ehlo a\nauth PLAIN \nanswer \nanswer ok\n"},
		{.name = "cancelled",
		 .config = OFFERED,
		 .in = HELLO "AUTH LOGIN\r\n*\r\nAUTH PLAIN ok\r\n",
		 .out = HELLO_OUT "334 Q2hhbGxlbmdl\n501 5.7.0 Cancelled\n235 2.7.0 Welcome\n",
		 .calls = "ehlo a\nauth LOGIN -\ncancelled\nauth PLAIN ok\n"},
		{.name = "not offered",
		 .in = "EHLO a\r\nAUTH PLAIN ok\r\n",
		 .out = "250-h\n250-PIPELINING\n250-SIZE "
			"0\n250-8BITMIME\n250-SMTPUTF8\n250-CHUNKING\n250-DSN\n250 "
			"ENHANCEDSTATUSCODES\n"
			"502 5.5.1 AUTH is not offered here\n",
		 .calls = "ehlo a\n"},
		{.name = "only under TLS",
		 .config = {.auth = ""},
		 .in = "EHLO a\r\nAUTH PLAIN ok\r\n",
		 .out = "250-h\n250-PIPELINING\n250-SIZE "
			"0\n250-8BITMIME\n250-SMTPUTF8\n250-CHUNKING\n250-DSN\n250 "
			"ENHANCEDSTATUSCODES\n"
			"538 5.7.11 Encryption is required for AUTH: send STARTTLS first\n",
		 .calls = "ehlo a\nrefused clear 538\n"},
		{.name = "unknown, missing, part of a name",
		 .config = OFFERED,
		 .in = HELLO "AUTH CRAM-MD5\r\nAUTH\r\nAUTH LOG\r\n",
		 .out = HELLO_OUT
		 "504 5.5.4 This mechanism is not offered\n501 5.5.4 Syntax: AUTH "
		 "mechanism [initial-response]\n504 5.5.4 This mechanism is not offered\n"},
		{.name = "before hello, within a message",
		 .config = OFFERED,
		 .in = "AUTH PLAIN ok\r\nHELO a\r\nMAIL FROM:<a@b> AUTH=<>\r\nAUTH PLAIN ok\r\n",
		 .out = "503 5.5.1 Send HELO or EHLO first\n250 h\n250 2.1.0 Ok\n"
			"503 5.5.1 AUTH is not allowed within a message\n"},
		{.name = "required",
		 .config = REQUIRED,
		 .in = HELLO
		 "MAIL FROM:<a@b>\r\nAUTH PLAIN wrong\r\nMAIL FROM:<a@b>\r\nAUTH PLAIN ok\r\n"
		 "MAIL FROM:<a@b>\r\n",
		 .out = HELLO_OUT "530 5.7.0 Authentication required\n535 5.7.8 Wrong\n530 5.7.0 "
				  "Authentication required\n235 2.7.0 Welcome\n250 2.1.0 Ok\n"},
	};
	SCRIPTS(rows);
}
END_TEST

START_TEST(a_line_that_is_too_long_ends_the_exchange)
{
	char line[SMTP_LINE_MAX + 10];
	struct stage g = {.config = OFFERED};
	memset(line, 'x', sizeof line);
	memcpy(line + sizeof line - 2, "\r\n", 2);
	stage_open(&g);
	stage_feed(&g, HELLO "AUTH LOGIN\r\n", sizeof HELLO "AUTH LOGIN\r\n" - 1);
	stage_output(&g);
	stage_feed(&g, line, sizeof line);
	stage_feed(&g, "NOOP\r\n", 6);
	ck_assert_str_eq(stage_output(&g),
			 "500 5.5.6 Authentication exchange line is too long\n250 2.0.0 Ok\n");
	stage_close(&g);
}
END_TEST

START_TEST(guessing_ends_the_session)
{
	struct stage g = {.config = OFFERED};
	g.config.max_errors = 3;
	stage_open(&g);
	stage_feed(&g, HELLO, sizeof HELLO - 1);
	for (int i = 0; i < 3; i++)
		stage_feed(&g, "AUTH PLAIN wrong\r\n", 18);
	ck_assert(smtp_server_ended(g.s));
	stage_close(&g);
}
END_TEST

/* ---- what [log] protocol sees ---- */

static char seen[1024];

static void on_line(void *ctx, bool out, const char *line, size_t n)
{
	(void)ctx;
	size_t have = strlen(seen);
	if (!out)
		snprintf(seen + have, sizeof seen - have, "%.*s|", (int)n, line);
}

static enum smtp_verdict say_more(void *ctx, const char *mechanism, const char *initial,
				  struct smtp_reply *reply)
{
	(void)ctx;
	(void)mechanism;
	(void)initial;
	smtp_reply_set(reply, 334, "", "TW9yZQ==");
	return SMTP_DONE;
}

static enum smtp_verdict say_yes(void *ctx, const char *line, struct smtp_reply *reply)
{
	(void)ctx;
	(void)line;
	smtp_reply_set(reply, 235, "2.7.0", "Welcome");
	return SMTP_DONE;
}

START_TEST(no_log_sees_what_was_sent)
{
	static const struct smtp_server_ops ops = {
		.on_auth = say_more, .on_auth_line = say_yes, .on_line = on_line};
	static const struct smtp_server_config config = {.hostname = "h", .auth = "PLAIN"};
	static const char in[] =
		HELLO "auth PLAIN c2VjcmV0\r\nc2VjcmV0\r\nAUTH PLAIN\tc2VjcmV0\r\nNOOP\r\n";
	struct smtp_server *s;
	ck_assert_int_eq(smtp_server_new(&s, &config, &ops, NULL, NULL), OK);
	ck_assert_uint_eq(smtp_server_feed(s, in, sizeof in - 1), sizeof in - 1);
	ck_assert_str_eq(seen, "EHLO a|auth PLAIN ***|***|AUTH PLAIN ***|NOOP|");
	smtp_server_destroy(&s);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/verb_auth");
	SUITE_CASE(s, "AUTH", dialogues, a_line_that_is_too_long_ends_the_exchange,
		   guessing_ends_the_session, no_log_sees_what_was_sent);
	return s;
}
SUITE_MAIN(suite)
