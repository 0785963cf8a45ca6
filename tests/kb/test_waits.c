/* Q131150, Q129140, Q105289: the original hung, its reads and writes having no limit. Every moment in which we wait for a peer has one. */
#include "smtp/client.h"
#include "smtp/script.h"
#include "support/suite.h"

#include <string.h>

#define MOST 600000 /* ms: RFC 5321 4.5.3.2 asks for no more */

START_TEST(Q131150_Q129140_every_word_of_a_client_has_a_limit)
{
	static const char *const words[] = {"",          "EH",
					    "LO me\r\n", "MAIL FROM:<a@b>\r\n",
					    "RCPT",      " TO:<c@d>\r\n",
					    "DATA\r\n",  "Subject: x\r\n",
					    "\r\nx\r",   "\n.",
					    "\r\n",      "NOOP\r\n",
					    "QUIT\r\n"};
	struct stage g = {0};
	stage_open(&g);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		stage_feed(&g, words[i], strlen(words[i]));
		ck_assert_int_gt(smtp_server_timeout(g.s), 0);
		ck_assert_int_le(smtp_server_timeout(g.s), MOST);
	}
	smtp_server_timed_out(g.s);
	ck_assert(smtp_server_ended(g.s));
	stage_close(&g);
}
END_TEST

static ssize_t read_content(void *ctx, char *to, size_t n)
{
	bool *given = ctx;
	ck_assert_uint_gt(n, 3);
	if (*given)
		return 0;
	*given = true;
	memcpy(to, "x\r\n", 3);
	return 3;
}

static void on_ready(void *ctx)
{
	(void)ctx;
}

static void on_done(void *ctx, struct smtp_transaction *t)
{
	(void)t;
	*(bool *)ctx = true;
}

/* A server that stays silent after so many of its words; the client gives it up, and the message has an answer. */
static void silent_after(size_t words)
{
	static const char *const said[] = {"220 x\r\n", "250 x\r\n", "250 x\r\n", "250 x\r\n",
					   "354 x\r\n"};
	static const struct smtp_client_ops ops = {.on_ready = on_ready, .on_done = on_done};
	const struct smtp_client_config config = {.helo = "me"};
	const char *const recipients[] = {"c@d"};
	struct smtp_reply reply;
	bool done = false, given = false;
	struct smtp_transaction t = {.reverse_path = "a@b",
				     .recipients = recipients,
				     .count = 1,
				     .read = read_content,
				     .ctx = &given,
				     .replies = &reply};
	struct smtp_client *c;
	ck_assert_int_eq(smtp_client_new(&c, &config, &ops, &done), OK);
	for (size_t i = 0; i < words; i++) {
		smtp_client_feed(c, said[i], strlen(said[i]));
		if (i == 1)
			ck_assert_int_eq(smtp_client_send(c, &t), OK);
		smtp_client_pump(c);
	}
	ck_assert_int_gt(smtp_client_timeout(c), 0);
	ck_assert_int_le(smtp_client_timeout(c), MOST);
	smtp_client_timed_out(c);
	ck_assert(smtp_client_ended(c));
	ck_assert(done == (words > 1));
	smtp_client_destroy(&c);
}

START_TEST(Q131150_Q105289_a_silent_server_is_given_up)
{
	for (size_t words = 0; words <= 5; words++)
		silent_after(words);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("kb/waits");
	SUITE_CASE(s, "waits", Q131150_Q129140_every_word_of_a_client_has_a_limit,
		   Q131150_Q105289_a_silent_server_is_given_up);
	return s;
}
SUITE_MAIN(suite)
