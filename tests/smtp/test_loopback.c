/*
 * smtp client against smtp server, their bytes cross-fed in pieces of random size: what is read on
 * one side arrives on the other byte for byte, and every recipient gets its own answer.
 */
#include "smtp/client.h"
#include "smtp/server.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct wire {
	struct smtp_server *s;
	struct smtp_client *c;
	struct smtp_transaction t;
	const char *content;
	size_t n, at;
	struct buf arrived;
	size_t recipients; /* that reached on_rcpt */
	bool later, waiting, done;
	struct smtp_reply answer;
	uint64_t seed;
};

static unsigned pick(struct wire *w, unsigned below)
{
	w->seed = w->seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(w->seed >> 33) % below;
}

/* ---- the server's side ---- */

static enum smtp_verdict maybe_later(struct wire *w, const struct smtp_reply *reply)
{
	if (!w->later || pick(w, 2))
		return SMTP_DONE;
	w->answer = *reply;
	w->waiting = true;
	return SMTP_LATER;
}

static enum smtp_verdict on_mail(void *ctx, const char *path, uint64_t size, bool eight,
				 const char *asks, struct smtp_reply *reply)
{
	struct wire *w = ctx;
	(void)eight;
	(void)asks;
	ck_assert_str_eq(path, w->t.reverse_path);
	ck_assert_uint_eq(size, w->t.size);
	return maybe_later(w, reply);
}

static enum smtp_verdict on_rcpt(void *ctx, const char *path, const char *asks,
				 struct smtp_reply *reply)
{
	struct wire *w = ctx;
	(void)asks;
	ck_assert_str_eq(path, w->t.recipients[w->recipients++]);
	if (strstr(path, "bad"))
		smtp_reply_set(reply, 550, "5.1.1", "No %s", path);
	if (strstr(path, "busy"))
		smtp_reply_set(reply, 450, "4.2.1", "Wait\n%s", path);
	return maybe_later(w, reply);
}

static enum result on_bytes(void *ctx, const char *bytes, size_t n)
{
	return buf_append(&((struct wire *)ctx)->arrived, bytes, n);
}

static enum smtp_verdict on_end(void *ctx, struct smtp_reply *reply)
{
	smtp_reply_set(reply, 250, "2.0.0", "kept");
	return maybe_later(ctx, reply);
}

static const struct smtp_server_ops server_ops = {
	.on_mail = on_mail, .on_rcpt = on_rcpt, .on_bytes = on_bytes, .on_end = on_end};

/* ---- the client's side ---- */

static ssize_t read_content(void *ctx, char *to, size_t n)
{
	struct wire *w = ctx;
	size_t left = w->n - w->at;
	n = n < left ? n : left;
	if (n > 1 && pick(w, 2))
		n = 1 + pick(w, (unsigned)n);
	memcpy(to, w->content + w->at, n);
	w->at += n;
	return (ssize_t)n;
}

static void on_done(void *ctx, struct smtp_transaction *t)
{
	(void)t;
	((struct wire *)ctx)->done = true;
}

static const struct smtp_client_ops client_ops = {.on_done = on_done};

/* ---- the wire ---- */

/* Carries some bytes each way; false when nothing moved. */
static bool carry(struct wire *w, unsigned most)
{
	struct buf *up = smtp_client_output(w->c), *down = smtp_server_output(w->s);
	size_t n = up->len ? 1 + pick(w, most) : 0;
	n = n < up->len ? n : up->len;
	size_t used = n ? smtp_server_feed(w->s, buf_head(up), n) : 0;
	buf_consume(up, used);
	smtp_client_pump(w->c);
	if (w->waiting && !used) {
		w->waiting = false;
		smtp_server_answer(w->s, &w->answer);
		used = 1;
	}
	n = down->len ? 1 + pick(w, most) : 0;
	n = n < down->len ? n : down->len;
	if (n) {
		char *copy = malloc(n);
		memcpy(copy, buf_head(down), n);
		buf_consume(down, n);
		smtp_client_feed(w->c, copy, n);
		free(copy);
	}
	return used || n;
}

static const struct smtp_server_config config = {.hostname = "h", .max_errors = 1000000};

static void connect_wire(struct wire *w)
{
	const struct smtp_client_config client_config = {.helo = "me", .no_chunks = w->seed % 2};
	buf_init(&w->arrived, 0);
	ck_assert_int_eq(smtp_server_new(&w->s, &config, &server_ops, w, NULL), OK);
	ck_assert_int_eq(smtp_client_new(&w->c, &client_config, &client_ops, w), OK);
	while (!smtp_client_idle(w->c))
		ck_assert(carry(w, 100));
}

static void cut_wire(struct wire *w)
{
	smtp_client_quit(w->c);
	while (!smtp_client_ended(w->c))
		ck_assert(carry(w, 100));
	ck_assert(smtp_server_ended(w->s));
	smtp_client_destroy(&w->c);
	smtp_server_destroy(&w->s);
	buf_free(&w->arrived);
}

static void send_one(struct wire *w, const char *const *to, size_t count,
		     struct smtp_reply *replies, unsigned most)
{
	w->t = (struct smtp_transaction){.reverse_path = "a@b.example",
					 .recipients = to,
					 .count = count,
					 .size = w->n,
					 .read = read_content,
					 .ctx = w,
					 .replies = replies};
	w->at = w->recipients = 0;
	w->done = false;
	buf_clear(&w->arrived);
	ck_assert_int_eq(smtp_client_send(w->c, &w->t), OK);
	while (!w->done)
		ck_assert(carry(w, most));
}

/* The same bytes, but for a last line end that was missing. */
static void assert_arrived(struct wire *w, const char *content, size_t n, unsigned most)
{
	static const char *const to[] = {"c@d.example"};
	struct smtp_reply reply;
	w->content = content;
	w->n = n;
	send_one(w, to, 1, &reply, most);
	ck_assert_int_eq(reply.code, 250);
	bool ended = !n || (n > 1 && memcmp(content + n - 2, "\r\n", 2) == 0);
	ck_assert_uint_eq(w->arrived.len, n + (ended ? 0 : 2));
	ck_assert(!n || memcmp(buf_head(&w->arrived), content, n) == 0);
	ck_assert(ended || memcmp(buf_head(&w->arrived) + n, "\r\n", 2) == 0);
}

START_TEST(contents)
{
	static const char *const texts[] = {"",
					    ".",
					    "..",
					    ".\r\n",
					    "\r\n",
					    "\r\n.\r\n",
					    "\r\n\r\n.",
					    "no end",
					    "\x80\xff\xfe",
					    "a\r\n..\r\n...\r\n.b\r\nc.\r\n.",
					    "QUIT\r\n.\r\nRSET\r\n"};
	for (unsigned most = 1; most < 9; most++) {
		struct wire w = {.seed = most, .later = most % 2};
		connect_wire(&w);
		for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
			assert_arrived(&w, texts[i], strlen(texts[i]), most);
		cut_wire(&w);
	}
}
END_TEST

/* Random lines of dots, letters and 8-bit bytes; a NUL anywhere but at the start of a line. */
static size_t fill(struct wire *w, char *to, size_t max)
{
	static const char bytes[] = {'.', 'a', '\x80', '\xff', ' ', '\0', '-', '\x1a'};
	size_t n = 0, target = pick(w, (unsigned)max - 2);
	while (n < target) {
		bool start = !n || to[n - 1] == '\n';
		char c = bytes[pick(w, sizeof bytes)];
		to[n++] = c || !start ? c : '.';
		if (!pick(w, 5)) {
			to[n++] = '\r';
			to[n++] = '\n';
		}
	}
	return n;
}

START_TEST(random_contents)
{
	char text[3000];
	struct wire w = {.seed = 42, .later = true};
	connect_wire(&w);
	for (int i = 0; i < 500; i++) {
		size_t n = fill(&w, text, sizeof text);
		assert_arrived(&w, text, n, 1 + pick(&w, 200));
	}
	cut_wire(&w);
}
END_TEST

START_TEST(one_mebibyte)
{
	size_t n = 1 << 20;
	char *text = malloc(n);
	struct wire w = {.seed = 7};
	for (size_t i = 0; i < n; i++)
		text[i] = i % 77 == 75   ? '\r'
			  : i % 77 == 76 ? '\n'
			  : i % 77 == 0  ? '.'
					 : (char)(i * 31 | 0x81);
	connect_wire(&w);
	for (int i = 0; i < 5; i++)
		assert_arrived(&w, text, n - (size_t)i, 65536);
	cut_wire(&w);
	free(text);
}
END_TEST

enum { MANY = 1000 };

static int kind_of(size_t i, int mix)
{
	return mix == 0 ? 0 : mix == 1 ? 1 : (int)(i * 7 / 3 % 3);
}

static void assert_mix(struct wire *w, char (*names)[32], const char **to,
		       struct smtp_reply *replies, int mix)
{
	static const char *const kinds[] = {"good", "bad", "busy"};
	static const int codes[] = {250, 550, 450};
	for (size_t i = 0; i < MANY; i++) {
		snprintf(names[i], 32, "%s%zu@d.example", kinds[kind_of(i, mix)], i);
		to[i] = names[i];
	}
	w->content = "x\r\n";
	w->n = 3;
	send_one(w, to, MANY, replies, 5000);
	ck_assert_uint_eq(w->recipients, MANY);
	ck_assert_uint_eq(w->arrived.len, mix == 1 ? 0 : 3);
	for (size_t i = 0; i < MANY; i++) {
		ck_assert_int_eq(replies[i].code, codes[kind_of(i, mix)]);
		ck_assert_ptr_nonnull(strstr(replies[i].text, kind_of(i, mix) ? names[i] : "kept"));
	}
}

/* All good, all refused, mixed: on one connection, again and again. */
START_TEST(thousand_recipients)
{
	char(*names)[32] = calloc(MANY, sizeof *names);
	const char **to = calloc(MANY, sizeof *to);
	struct smtp_reply *replies = calloc(MANY, sizeof *replies);
	struct wire w = {.seed = 3, .later = true};
	connect_wire(&w);
	for (int i = 0; i < 6; i++)
		assert_mix(&w, names, to, replies, i % 3);
	cut_wire(&w);
	free(names);
	free(to);
	free(replies);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/loopback");
	SUITE_CASE(s, "content", contents, random_contents, one_mebibyte);
	SUITE_CASE(s, "recipients", thousand_recipients);
	return s;
}
SUITE_MAIN(suite)
