/* smtp/client: what the owner may rely on: bounds of replies, time limits, the log, calls at the
 * wrong moment. */
#include "smtp/client.h"
#include "smtp/dialogue.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

struct owner {
	struct smtp_client *c;
	struct smtp_transaction t;
	struct smtp_reply reply;
	const char *to;
	struct buf log;
	int ready, done;
};

static ssize_t read_nothing(void *ctx, char *to, size_t n)
{
	(void)ctx;
	(void)to;
	(void)n;
	return 0;
}

static void on_ready(void *ctx)
{
	((struct owner *)ctx)->ready++;
}

static void on_done(void *ctx, struct smtp_transaction *t)
{
	(void)t;
	((struct owner *)ctx)->done++;
}

static void on_line(void *ctx, bool out, const char *line, size_t n)
{
	struct owner *o = ctx;
	ck_assert_int_eq(buf_printf(&o->log, "%c %.*s\n", out ? '>' : '<', (int)n, line), OK);
}

static const struct smtp_client_ops ops = {
	.on_ready = on_ready, .on_done = on_done, .on_line = on_line};

static void feed(struct owner *o, const char *text)
{
	smtp_client_feed(o->c, text, strlen(text));
}

static void start(struct owner *o, const struct smtp_client_config *config)
{
	*o = (struct owner){.to = "c@d"};
	o->t = (struct smtp_transaction){.reverse_path = "a@b",
					 .recipients = &o->to,
					 .count = 1,
					 .read = read_nothing,
					 .replies = &o->reply};
	ck_assert_int_eq(smtp_client_new(&o->c, config, &ops, o), OK);
}

static void stop(struct owner *o)
{
	smtp_client_destroy(&o->c);
	ck_assert_ptr_null(o->c);
	smtp_client_destroy(&o->c);
	buf_free(&o->log);
}

static const struct smtp_client_config plain = {.helo = "me"};

/* A server that never ends its reply is left; one that says much in one line is not. */
START_TEST(replies_are_bounded)
{
	struct owner o;
	char line[8192];
	start(&o, &plain);
	memset(line, 'x', sizeof line);
	memcpy(line, "220 ", 4);
	for (int i = 0; i < 100; i++)
		smtp_client_feed(o.c, line, i ? sizeof line - 8 : sizeof line);
	ck_assert_uint_le(o.c->line.held.cap, 4096);
	feed(&o, "\r\n");
	ck_assert_int_eq(o.c->state, SMTP_CLIENT_EHLO);
	for (int i = 0; i < SMTP_REPLY_LINES; i++) {
		ck_assert(!smtp_client_ended(o.c));
		feed(&o, "250-x\r\n");
	}
	feed(&o, "250-x\r\n");
	ck_assert(smtp_client_ended(o.c));
	ck_assert_str_eq(smtp_client_end_reply(o.c)->text,
			 "the server sent a reply of more than 1000 lines");
	stop(&o);
}
END_TEST

START_TEST(time_limits)
{
	static const struct smtp_client_config config = {"me", SMTP_TLS_OFF, 1,     2,    3, 4,
							 5,    false,        false, false};
	static const int64_t standard[] = {300000, 300000, 120000, 180000, 600000};
	for (int own = 0; own < 2; own++) {
		struct owner o;
		start(&o, own ? &config : &plain);
		int64_t limits[6];
		limits[0] = smtp_client_timeout(o.c);
		feed(&o, "220 x\r\n");
		limits[1] = smtp_client_timeout(o.c);
		feed(&o, "250 x\r\n");
		ck_assert_int_eq(smtp_client_timeout(o.c), 0);
		ck_assert_int_eq(smtp_client_send(o.c, &o.t), OK);
		feed(&o, "250 x\r\n250 x\r\n");
		limits[2] = smtp_client_timeout(o.c);
		feed(&o, "354 x\r\n");
		limits[4] = smtp_client_timeout(o.c);
		feed(&o, "250 x\r\n");
		ck_assert_int_eq(o.done, 1);
		smtp_client_quit(o.c);
		ck_assert_int_eq(smtp_client_timeout(o.c), limits[1]);
		for (int i = 0; i < 5; i++)
			if (i != 3) /* the block's: see test_client_body */
				ck_assert_int_eq(limits[i], own ? i + 1 : standard[i]);
		stop(&o);
	}
}
END_TEST

START_TEST(protocol_log)
{
	struct owner o;
	start(&o, &plain);
	feed(&o, "220 x\r\n250-x\r\n250 SIZE 5000\r\n");
	ck_assert_int_eq(o.ready, 1);
	ck_assert_uint_eq(smtp_client_size_limit(o.c), 5000);
	ck_assert_int_eq(smtp_client_send(o.c, &o.t), OK);
	feed(&o, "250 x\r\n250 x\r\n354 x\n250 x\r\n");
	ck_assert_str_eq(
		buf_string(&o.log),
		"< 220 x\n> EHLO me\n< 250-x\n< 250 SIZE 5000\n> MAIL FROM:<a@b>\n< 250 x\n"
		"> RCPT TO:<c@d>\n< 250 x\n> DATA\n< 354 x\n< 250 x\n");
	stop(&o);
}
END_TEST

START_TEST(wrong_moment)
{
	struct owner o;
	start(&o, &plain);
	ck_assert_int_eq(smtp_client_send(o.c, &o.t), E_STATE);
	feed(&o, "220 x\r\n250 x\r\n");
	ck_assert_int_eq(smtp_client_send(o.c, &o.t), OK);
	ck_assert_int_eq(smtp_client_send(o.c, &o.t), E_STATE);
	smtp_client_lost(o.c, "gone");
	smtp_client_lost(o.c, "again");
	ck_assert_int_eq(o.done, 1);
	ck_assert_str_eq(o.reply.text, "gone");
	ck_assert_int_eq(smtp_client_send(o.c, &o.t), E_STATE);
	ck_assert_str_eq(smtp_client_end_reply(o.c)->text, "gone");
	smtp_client_timed_out(o.c);
	smtp_client_quit(o.c);
	ck_assert_uint_eq(smtp_client_output(o.c)->len, 0);
	stop(&o);
	ck_assert_int_eq(o.done, 1);
}
END_TEST

/* Answers to questions that were not asked yet are taken for nothing. */
START_TEST(ahead_of_its_questions)
{
	struct owner o;
	start(&o, &plain);
	feed(&o, "220 x\r\n250 x\r\n");
	ck_assert_int_eq(smtp_client_send(o.c, &o.t), OK);
	feed(&o, "250 x\r\n250 x\r\n250 x\r\n250 x\r\n");
	ck_assert(smtp_client_ended(o.c));
	ck_assert_int_eq(o.reply.code, 0);
	ck_assert(!o.t.sent_all);
	stop(&o);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/client");
	SUITE_CASE(s, "bounds", replies_are_bounded, time_limits);
	SUITE_CASE(s, "owner", protocol_log, wrong_moment, ahead_of_its_questions);
	return s;
}
SUITE_MAIN(suite)
