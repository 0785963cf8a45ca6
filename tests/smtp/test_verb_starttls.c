/* smtp/verb_starttls: what is offered, refused and forgotten; what is demanded before it; injections. */
#include "smtp/script.h"
#include "support/suite.h"

#include <string.h>

#define OFFERED .config.starttls = SMTP_STARTTLS_OFFERED
#define REQUIRED .config.starttls = SMTP_STARTTLS_REQUIRED
#define EHLO_CLEAR                                                                            \
	"250-h\n250-PIPELINING\n250-SIZE "                                                    \
	"0\n250-8BITMIME\n250-SMTPUTF8\n250-CHUNKING\n250-DSN\n250-ENHANCEDSTATUSCODES\n250 " \
	"STARTTLS\n"
#define EHLO_BARE                                                    \
	"250-h\n250-PIPELINING\n250-SIZE "                           \
	"0\n250-8BITMIME\n250-SMTPUTF8\n250-CHUNKING\n250-DSN\n250 " \
	"ENHANCEDSTATUSCODES\n"
#define EHLO_SECURE                                                  \
	"250-h\n250-PIPELINING\n250-SIZE "                           \
	"0\n250-8BITMIME\n250-SMTPUTF8\n250-CHUNKING\n250-DSN\n250-" \
	"ENHANCEDSTATUSCODES\n250 REQUIRETLS\n"

START_TEST(refusals)
{
	static const struct script rows[] = {
		{.name = "not offered",
		 .in = "EHLO a\r\nSTARTTLS\r\n",
		 .out = EHLO_BARE "502 5.5.1 STARTTLS is not offered here\n"},
		{.name = "there from the start",
		 OFFERED,
		 .config.secure = true,
		 .in = "EHLO a\r\nSTARTTLS\r\n",
		 .out = EHLO_SECURE "503 5.5.1 TLS is there already\n"},
		{.name = "before EHLO",
		 OFFERED,
		 .in = "STARTTLS\r\n",
		 .out = "503 5.5.1 Send HELO or EHLO first\n"},
		{.name = "argument",
		 OFFERED,
		 .in = "HELO a\r\nSTARTTLS now\r\n",
		 .out = "250 h\n501 5.5.4 This command takes no argument\n"},
		{.name = "within a message",
		 OFFERED,
		 .in = "HELO a\r\nMAIL FROM:<a@b>\r\nSTARTTLS\r\n",
		 .out = "250 h\n250 2.1.0 Ok\n503 5.5.1 Not within a message: send RSET first\n"},
	};
	SCRIPTS(rows);
}
END_TEST

START_TEST(required)
{
	static const struct script rows[] = {
		{.name = "nothing of mail before it",
		 REQUIRED,
		 .in = "MAIL FROM:<a@b>\r\nEHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"
		       "VRFY c\r\nNOOP\r\nRSET\r\nQUIT\r\n",
		 .out = "530 5.7.0 Send STARTTLS first\n" EHLO_CLEAR
			"530 5.7.0 Send STARTTLS first\n530 5.7.0 Send STARTTLS first\n"
			"530 5.7.0 Send STARTTLS first\n530 5.7.0 Send STARTTLS first\n"
			"250 2.0.0 Ok\n250 2.0.0 Ok\n221 2.0.0 h closing the connection\n",
		 .ends = true},
		{.name = "help names it",
		 REQUIRED,
		 .in = "HELP\r\n",
		 .out = "214 2.0.0 Commands: RCPT MAIL DATA BDAT EHLO HELO AUTH QUIT RSET NOOP "
			"VRFY "
			"EXPN "
			"HELP STARTTLS\n"},
		{.name = "mail where TLS came first",
		 REQUIRED,
		 .config.secure = true,
		 .in = "HELO a\r\nMAIL FROM:<a@b>\r\n",
		 .out = "250 h\n250 2.1.0 Ok\n"},
	};
	SCRIPTS(rows);
}
END_TEST

START_TEST(secured)
{
	static const struct script rows[] = {
		{.name = "answered",
		 OFFERED,
		 .in = "EHLO a\r\nSTARTTLS\r\n",
		 .out = EHLO_CLEAR "220 2.0.0 Ready to start TLS\n",
		 .calls = "ehlo a\nstarttls\nsecured\n"},
	};
	SCRIPTS(rows);
}
END_TEST

/* Everything that was said before it is forgotten (RFC 3207 4.2). */
START_TEST(the_session_begins_anew)
{
	for (int later = 0; later < 2; later++) {
		struct stage g = {OFFERED, .later = later};
		stage_open(&g);
		stage_feed(&g, "EHLO a\r\nSTARTTLS\r\n", 18);
		ck_assert_str_eq(stage_output(&g), EHLO_CLEAR "220 2.0.0 Ready to start TLS\n");
		stage_feed(&g, "MAIL FROM:<a@b>\r\nEHLO a\r\nMAIL FROM:<a@b>\r\n", 42);
		ck_assert_str_eq(stage_output(&g), "503 5.5.1 Send HELO or EHLO first\n" EHLO_SECURE
						   "250 2.1.0 Ok\n");
		stage_close(&g);
	}
}
END_TEST

START_TEST(injection)
{
	for (size_t behind = 1; behind < 6; behind++) {
		struct stage g = {OFFERED};
		stage_open(&g);
		stage_feed(&g, "EHLO a\r\n", 8);
		stage_output(&g);
		stage_feed(&g, "STARTTLS\r\nNOOP\r\n", 10 + behind);
		ck_assert_str_eq(stage_output(&g),
				 "503 5.5.1 Bytes came with STARTTLS, before TLS was there\n");
		ck_assert(smtp_server_ended(g.s));
		ck_assert_ptr_nonnull(strstr(buf_string(&g.calls), "note injection: "));
		ck_assert_ptr_null(strstr(buf_string(&g.calls), "starttls\n"));
		stage_close(&g);
	}
}
END_TEST

/* The gateway stops while TLS is being made: 421 is said within TLS. */
START_TEST(shut_while_securing)
{
	struct smtp_reply bye;
	struct smtp_server *s;
	static const struct smtp_server_config config = {.hostname = "h",
							 .starttls = SMTP_STARTTLS_OFFERED};
	static const struct smtp_server_ops none = {0};
	ck_assert_int_eq(smtp_server_new(&s, &config, &none, NULL, NULL), OK);
	smtp_server_feed(s, "EHLO a\r\nSTARTTLS\r\n", 18);
	buf_clear(smtp_server_output(s));
	smtp_server_shut(s, smtp_reply_set(&bye, 421, "4.3.2", "%s", "Bye"));
	smtp_server_timed_out(s);
	ck_assert_uint_eq(smtp_server_output(s)->len, 0);
	smtp_server_secured(s);
	ck_assert_uint_gt(smtp_server_output(s)->len, 0);
	ck_assert(smtp_server_ended(s));
	smtp_server_destroy(&s);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/verb_starttls");
	SUITE_CASE(s, "STARTTLS", refusals, required, secured, the_session_begins_anew, injection,
		   shut_while_securing);
	return s;
}
SUITE_MAIN(suite)
