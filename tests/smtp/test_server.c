/* smtp/server: greeting, feeding, limits, time, shutting, what the owner may rely on. */
#include "smtp/script.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

#define HI "HELO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"
#define HI_ "250 h\n250 2.1.0 Ok\n250 2.1.5 Ok\n"
#define GO_ "354 End data with <CR><LF>.<CR><LF>\n"

static const struct smtp_server_ops no_ops;
static const struct smtp_server_config plain = {.hostname = "gw.example"};

START_TEST(greeting)
{
	struct smtp_server *s;
	struct smtp_reply no;
	ck_assert_int_eq(smtp_server_new(&s, &plain, &no_ops, NULL, NULL), OK);
	ck_assert_str_eq(buf_string(smtp_server_output(s)), "220 gw.example ESMTP smtpgate\r\n");
	ck_assert(!smtp_server_ended(s));
	smtp_server_destroy(&s);
	ck_assert_ptr_null(s);
	smtp_server_destroy(&s);
	smtp_reply_set(&no, 554, "5.7.1", "Not from there");
	ck_assert_int_eq(smtp_server_new(&s, &plain, &no_ops, NULL, &no), OK);
	ck_assert_str_eq(buf_string(smtp_server_output(s)), "554 Not from there\r\n");
	ck_assert(smtp_server_ended(s));
	ck_assert_uint_eq(smtp_server_feed(s, "NOOP\r\n", 6), 0);
	smtp_server_destroy(&s);
}
END_TEST

/* NULL callbacks accept everything. */
START_TEST(no_callbacks)
{
	static const char in[] = HI "DATA\r\nx\n\r\n.\r\nQUIT\r\n";
	struct smtp_server *s;
	struct smtp_server_config config = {.hostname = "h", .newline = SMTP_NEWLINE_NOTE};
	ck_assert_int_eq(smtp_server_new(&s, &config, &no_ops, NULL, NULL), OK);
	ck_assert_uint_eq(smtp_server_feed(s, in, sizeof in - 1), sizeof in - 1);
	ck_assert_ptr_nonnull(strstr(buf_string(smtp_server_output(s)), "250 2.0.0 Ok\r\n221 "));
	smtp_server_destroy(&s);
}
END_TEST

START_TEST(lines)
{
	char in[3 * SMTP_LINE_MAX], longest[SMTP_LINE_MAX + 16];
	memset(in, 'x', sizeof in);
	memcpy(in + sizeof in - 8, "\r\nNOOP\r\n", 8);
	memset(longest, 'x', sizeof longest);
	memcpy(longest, "NOOP ", 5);
	memcpy(longest + SMTP_LINE_MAX - 2, "\r\n", 2);
	const struct script rows[] = {
		{.name = "too long",
		 .in = in,
		 .n = sizeof in,
		 .out = "500 5.5.2 Line too long\n250 2.0.0 Ok\n"},
		{.name = "the longest", .in = longest, .n = SMTP_LINE_MAX, .out = "250 2.0.0 Ok\n"},
		{.name = "control characters",
		 .in = "NOOP\0\r\nNOOP a\rb\r\n\x7f\r\nNOOP\r\n",
		 .n = 26,
		 .out = "500 5.5.2 Control character in a command\n500 5.5.2 Control character in "
			"a command\n"
			"500 5.5.2 Control character in a command\n250 2.0.0 Ok\n"},
		{.name = "bare LF, reject",
		 .in = "NOOP\nNOOP\r\n",
		 .out = "500 5.5.2 Command must end with CRLF, not with LF\n250 2.0.0 Ok\n"},
		{.name = "bare LF, normalise",
		 .config.newline = SMTP_NEWLINE_NORMALISE,
		 .in = "NOOP\nNOOP\nNOOP\r\n",
		 .out = "250 2.0.0 Ok\n250 2.0.0 Ok\n250 2.0.0 Ok\n",
		 .calls = "note bare LF\n"},
	};
	SCRIPTS(rows);
}
END_TEST

START_TEST(errors)
{
	static const struct script rows[] = {
		{.name = "in a row",
		 .config.max_errors = 3,
		 .in = "X\r\nX\r\nNOOP\r\nX\r\nX\r\nX\r\nNOOP\r\n",
		 .out = "500 5.5.2 Command not recognized\n500 5.5.2 Command not recognized\n250 "
			"2.0.0 Ok\n"
			"500 5.5.2 Command not recognized\n500 5.5.2 Command not recognized\n"
			"500 5.5.2 Command not recognized\n421 4.7.0 h Too many errors\n",
		 .ends = true},
		{.name = "4xx is neither",
		 .config.max_errors = 2,
		 .in = "X\r\nHELO defer\r\nX\r\n",
		 .out = "500 5.5.2 Command not recognized\n450 4.2.0 Wait\n500 5.5.2 Command not "
			"recognized\n"
			"421 4.7.0 h Too many errors\n",
		 .ends = true},
	};
	SCRIPTS(rows);
	struct stage g = {0};
	stage_open(&g);
	for (int i = 0; i < 20; i++) {
		ck_assert(!smtp_server_ended(g.s));
		ck_assert_uint_eq(stage_feed(&g, "X\r\n", 3), 3);
	}
	ck_assert(smtp_server_ended(g.s));
	stage_close(&g);
}
END_TEST

/* A peer that does not read its replies is not read either; nothing is lost. */
START_TEST(output_high)
{
	struct stage g = {0};
	char in[4096 * 6];
	size_t done = 0, replies = 0;
	for (size_t i = 0; i < sizeof in; i += 6)
		memcpy(in + i, "NOOP\r\n", 6);
	stage_open(&g);
	while (done < sizeof in) {
		done += smtp_server_feed(g.s, in + done, sizeof in - done);
		ck_assert_uint_le(smtp_server_output(g.s)->len, SMTP_OUTPUT_HIGH + 64);
		ck_assert(done == sizeof in || smtp_server_output(g.s)->len >= SMTP_OUTPUT_HIGH);
		for (const char *at = stage_output(&g); *at; at++)
			replies += *at == '\n';
	}
	ck_assert_uint_eq(replies, 4096);
	stage_close(&g);
}
END_TEST

START_TEST(time_limits)
{
	struct stage g = {.config = {.timeout_command = 1000, .timeout_data = 700}};
	stage_open(&g);
	ck_assert_int_eq(smtp_server_timeout(g.s), 1000);
	stage_feed(&g, HI "DATA\r\n", strlen(HI) + 6);
	ck_assert_int_eq(smtp_server_timeout(g.s), 700);
	ck_assert(smtp_server_busy(g.s));
	stage_output(&g);
	smtp_server_timed_out(g.s);
	ck_assert(smtp_server_ended(g.s) && !smtp_server_busy(g.s));
	ck_assert_int_eq(smtp_server_timeout(g.s), 1000); /* to take its last reply */
	ck_assert_uint_gt(smtp_server_output(g.s)->len, 0);
	ck_assert_str_eq(buf_string(&g.calls), "helo a\nmail a@b 0 7\nrcpt c@d\ndata\nreset\n");
	smtp_server_timed_out(g.s);
	ck_assert_uint_eq(smtp_server_output(g.s)->len, 0);
	stage_close(&g);

	struct stage standard = {0};
	stage_open(&standard);
	ck_assert_int_eq(smtp_server_timeout(standard.s), 300000);
	stage_feed(&standard, HI "DATA\r\n", strlen(HI) + 6);
	ck_assert_int_eq(smtp_server_timeout(standard.s), 180000);
	smtp_server_timed_out(standard.s);
	ck_assert_str_eq(stage_output(&standard),
			 HI_ GO_ "421 4.4.2 h Timeout, closing the connection\n");
	stage_close(&standard);
}
END_TEST

static void shut(struct stage *g)
{
	struct smtp_reply bye;
	smtp_server_shut(g->s, smtp_reply_set(&bye, 421, "4.3.2", "Going down"));
	smtp_server_shut(g->s, &bye); /* once is enough */
}

START_TEST(shutting)
{
	struct stage g = {0};
	stage_open(&g);
	stage_feed(&g, HI "NO", strlen(HI) + 2);
	shut(&g);
	ck_assert_str_eq(stage_output(&g), HI_ "421 4.3.2 Going down\n");
	ck_assert(smtp_server_ended(g.s));
	ck_assert_str_eq(buf_string(&g.calls), "helo a\nmail a@b 0 7\nrcpt c@d\nreset\n");
	stage_close(&g);

	struct stage in_data = {.later = true};
	stage_open(&in_data);
	stage_feed(&in_data, HI "DATA\r\nx\r\n", strlen(HI) + 9);
	shut(&in_data);
	ck_assert(!smtp_server_ended(in_data.s));
	stage_feed(&in_data, ".\r\nMAIL FROM:<a@b>\r\n", 20);
	ck_assert_str_eq(stage_output(&in_data), HI_ GO_ "250 2.0.0 Ok\n421 4.3.2 Going down\n");
	ck_assert(smtp_server_ended(in_data.s));
	stage_close(&in_data);
}
END_TEST

/* A callback need not know enhanced codes; the reply has one all the same. */
START_TEST(enhanced_code_is_filled_in)
{
	static const int codes[] = {250, 421, 550};
	static const char *const out[] = {"250 2.0.0 x\n", "421 4.0.0 x\n", "550 5.0.0 x\n"};
	for (int i = 0; i < 3; i++) {
		struct stage g = {.later = true};
		stage_open(&g);
		stage_feed(&g, "HELO a\r\n", 8);
		stage_output(&g);
		smtp_server_feed(g.s, "MAIL FROM:<a@b>\r\n", 17);
		smtp_reply_set(&g.answer, codes[i], NULL, "x");
		stage_answer(&g);
		ck_assert_str_eq(stage_output(&g), out[i]);
		stage_close(&g);
	}
}
END_TEST

START_TEST(shutting_while_asked)
{
	struct stage g = {.later = true};
	stage_open(&g);
	ck_assert_uint_eq(smtp_server_feed(g.s, "HELO a\r\nNOOP\r\n", 14), 8);
	shut(&g);
	ck_assert(!smtp_server_ended(g.s));
	stage_answer(&g);
	ck_assert_str_eq(stage_output(&g), "250 h\n421 4.3.2 Going down\n");
	ck_assert(smtp_server_ended(g.s));
	stage_close(&g);
}
END_TEST

/* Destroy tells on_reset of an open transaction, also of one whose end is being stored. */
START_TEST(destroying)
{
	struct stage g = {.later = true};
	struct buf calls;
	stage_open(&g);
	stage_feed(&g, HI "DATA\r\n", strlen(HI) + 6);
	smtp_server_feed(g.s, ".\r\n", 3);
	ck_assert(g.waiting && smtp_server_busy(g.s));
	smtp_server_timed_out(g.s); /* it is our turn: nothing happens */
	ck_assert(!smtp_server_ended(g.s));
	smtp_server_destroy(&g.s);
	calls = g.calls;
	ck_assert_str_eq(buf_string(&calls), "helo a\nmail a@b 0 7\nrcpt c@d\ndata\nend\nreset\n");
	g.calls = calls;
	stage_close(&g);
}
END_TEST

static void note_line(void *ctx, bool out, const char *line, size_t n)
{
	ck_assert_int_eq(buf_printf(ctx, "%c %.*s\n", out ? '<' : '>', (int)n, line), OK);
}

START_TEST(lines_for_the_log)
{
	static const struct smtp_server_ops ops = {.on_line = note_line};
	static const char in[] =
		"EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nsecret\r\n.\r\n";
	struct buf log;
	struct smtp_server *s;
	buf_init(&log, 0);
	ck_assert_int_eq(smtp_server_new(&s, &plain, &ops, &log, NULL), OK);
	smtp_server_feed(s, in, sizeof in - 1);
	ck_assert_str_eq(
		buf_string(&log),
		"< 220 gw.example ESMTP smtpgate\n> EHLO a\n< 250-gw.example\n< 250-PIPELINING\n"
		"< 250-SIZE 0\n< 250-8BITMIME\n< 250-SMTPUTF8\n< 250-CHUNKING\n< 250-DSN\n< 250 "
		"ENHANCEDSTATUSCODES\n> MAIL "
		"FROM:<a@b>\n"
		"< 250 2.1.0 Ok\n> RCPT TO:<c@d>\n< 250 2.1.5 Ok\n> DATA\n"
		"< 354 End data with <CR><LF>.<CR><LF>\n< 250 2.0.0 Ok\n");
	smtp_server_destroy(&s);
	buf_free(&log);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/server");
	SUITE_CASE(s, "greeting", greeting, no_callbacks, enhanced_code_is_filled_in);
	SUITE_CASE(s, "limits", lines, errors, output_high);
	SUITE_CASE(s, "time", time_limits);
	SUITE_CASE(s, "end", shutting, shutting_while_asked, destroying);
	SUITE_CASE(s, "log", lines_for_the_log);
	return s;
}
SUITE_MAIN(suite)
