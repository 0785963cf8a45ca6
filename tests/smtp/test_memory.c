/*
 * smtp with memory that is short: each allocation of a server and a client session fails in turn.
 * Nothing may crash or leak, no transaction may be left without its end, and what was answered
 * stays true.
 */
#include "smtp/client.h"
#include "smtp/server.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

/* The linker sends the library's calls here (--wrap), and Check's: no assertion while one is to
 * fail. */
static long countdown = -1; /* allocations until one fails; below 0: none does */

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t n);

static bool fails(void)
{
	return countdown >= 0 && countdown-- == 0;
}

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t n)
{
	return fails() ? NULL : __real_realloc(old, n);
}

/* ---- server ---- */

struct counts {
	int open, ended, reset;
};

static enum smtp_verdict on_mail(void *ctx, const char *path, uint64_t size, bool eight,
				 const char *asks, struct smtp_reply *reply)
{
	(void)path;
	(void)size;
	(void)eight;
	(void)asks;
	(void)reply;
	((struct counts *)ctx)->open++;
	return SMTP_DONE;
}

static enum smtp_verdict on_end(void *ctx, struct smtp_reply *reply)
{
	(void)reply;
	((struct counts *)ctx)->ended++;
	return SMTP_DONE;
}

static void on_reset(void *ctx)
{
	((struct counts *)ctx)->reset++;
}

/* Whole replies only: the last line is no line of a reply that goes on. */
static void assert_whole_replies(const struct buf *out)
{
	const char *text = buf_head(out);
	size_t last = 0;
	for (size_t i = 0; i + 1 < out->len; i++)
		if (text[i] == '\n')
			last = i + 1;
	ck_assert(!out->len || (text[out->len - 1] == '\n' && text[last + 3] == ' '));
}

/* True when the failure was reached. */
static bool serve(long n)
{
	static const struct smtp_server_ops ops = {
		.on_mail = on_mail, .on_end = on_end, .on_reset = on_reset};
	static const struct smtp_server_config config = {.hostname = "h"};
	static const char dialogue[] =
		"EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n.x\r\n.\r\n"
		"HELP\r\nMAIL FROM:<a@b>\r\nHELP\r\n";
	struct counts counts = {0};
	struct smtp_server *s;
	struct smtp_reply bye;
	countdown = n;
	if (smtp_server_new(&s, &config, &ops, &counts, NULL) != OK) {
		countdown = -1;
		ck_assert_ptr_null(s);
		return true;
	}
	for (size_t at = 0; at < sizeof dialogue - 1; at += 3) /* split lines are held */
		smtp_server_feed(s, dialogue + at,
				 at + 3 < sizeof dialogue ? 3 : sizeof dialogue - 1 - at);
	smtp_server_shut(s, smtp_reply_set(&bye, 421, "4.3.2", "%0900d", 1));
	bool reached = countdown < 0;
	countdown = -1;
	ck_assert(smtp_server_ended(s));
	assert_whole_replies(smtp_server_output(s));
	smtp_server_destroy(&s);
	ck_assert_int_eq(counts.open, counts.ended + counts.reset);
	return reached;
}

START_TEST(server)
{
	long n = 0;
	while (serve(n))
		n++;
	ck_assert_int_ge(n, 4);
}
END_TEST

/* ---- client ---- */

struct message {
	size_t left;
	int done;
};

static ssize_t read_content(void *ctx, char *to, size_t n)
{
	struct message *m = ctx;
	n = n < m->left ? n : m->left;
	memset(to, 'x', n);
	m->left -= n;
	return (ssize_t)n;
}

static void on_done(void *ctx, struct smtp_transaction *t)
{
	(void)t;
	((struct message *)ctx)->done++;
}

static void feed(struct smtp_client *c, const char *text)
{
	for (; *text; text++)
		smtp_client_feed(c, text, 1);
}

static bool deliver(long n, bool chunks)
{
	static const struct smtp_client_ops ops = {.on_done = on_done};
	static const struct smtp_client_config config = {.helo = "me"};
	static const char *const to[] = {"c@d"};
	struct message m = {.left = 100000};
	struct smtp_reply reply;
	struct smtp_transaction t = {.reverse_path = "a@b",
				     .recipients = to,
				     .count = 1,
				     .read = read_content,
				     .ctx = &m,
				     .replies = &reply};
	struct smtp_client *c;
	countdown = n;
	if (smtp_client_new(&c, &config, &ops, &m) != OK) {
		countdown = -1;
		ck_assert_ptr_null(c);
		return true;
	}
	feed(c, chunks ? "220 hi\r\n250-srv\r\n250-CHUNKING\r\n250 PIPELINING\r\n"
		       : "220 hi\r\n250-srv\r\n250 PIPELINING\r\n");
	bool sent = smtp_client_send(c, &t) == OK;
	feed(c, chunks ? "250 ok\r\n250 ok\r\n250 go\r\n" : "250 ok\r\n250 ok\r\n354 go\r\n");
	while (smtp_client_output(c)->len) {
		buf_clear(smtp_client_output(c));
		smtp_client_pump(c);
	}
	for (int i = 0; !m.done && !smtp_client_ended(c) && i < 100; i++)
		feed(c, "250 kept\r\n");
	bool reached = countdown < 0;
	countdown = -1;
	ck_assert_int_eq(m.done, sent);
	ck_assert(!sent || (reply.code == 250) == !smtp_client_ended(c));
	ck_assert(!sent || reply.code != 0 || strcmp(reply.text, "memory is short") == 0);
	ck_assert(reached == smtp_client_ended(c));
	smtp_client_destroy(&c);
	return reached;
}

START_TEST(client)
{
	long n = 0;
	for (int chunks = 0; chunks < 2; chunks++) {
		for (n = 0; deliver(n, chunks);)
			n++;
		ck_assert_int_ge(n, 4);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/memory");
	SUITE_CASE(s, "server", server);
	SUITE_CASE(s, "client", client);
	return s;
}
SUITE_MAIN(suite)
