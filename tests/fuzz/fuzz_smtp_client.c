/*
 * smtp/client: a server that says any bytes. The first byte is the size of the pieces; the second
 * chooses the message's content. Held to: output never above its bound and made of CRLF lines, one
 * on_done for each transaction, a code for each recipient, no end of data for a message that cannot
 * be read.
 */
#include "smtp/client.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { COUNT = 3, MESSAGES = 4 };

struct session {
	struct smtp_client *c;
	struct smtp_transaction t;
	struct smtp_reply replies[COUNT];
	unsigned how, given, done;
	size_t left;
	char last;
};

static void check(bool holds)
{
	if (!holds)
		abort();
}

static ssize_t read_content(void *ctx, char *to, size_t n)
{
	static const char pieces[] = "a\r\n.\n\r.\r\n\0.\r\nRSET\r\n.";
	struct session *x = ctx;
	if (x->how & 1 && x->left < 500)
		return -1;
	n = n < x->left ? n : x->left;
	for (size_t i = 0; i < n; i++)
		to[i] = pieces[(x->left - i) * (1 + x->how / 4) % sizeof pieces];
	x->left -= n;
	return (ssize_t)n;
}

static void give(struct session *x)
{
	static const char *const to[COUNT] = {"a@b.example", "\"c d\"@e.example", "evil@x\r\nRSET"};
	static const char *const asks_of[COUNT] = {"NOTIFY=NEVER", "", "ORCPT=rfc822;x"};
	if (x->given == MESSAGES)
		return;
	x->left = x->how & 2 ? 100000 : 100;
	x->t = (struct smtp_transaction){.reverse_path = "",
					 .recipients = to,
					 .count = COUNT,
					 .asks = "RET=HDRS ENVID=x",
					 .asks_of = asks_of,
					 .size = x->left,
					 .eight_bit = x->how & 8,
					 .read = read_content,
					 .ctx = x,
					 .replies = x->replies};
	if (smtp_client_send(x->c, &x->t) == OK)
		x->given++;
}

static void on_ready(void *ctx)
{
	give(ctx);
}

static void on_done(void *ctx, struct smtp_transaction *t)
{
	struct session *x = ctx;
	check(++x->done == x->given && t == &x->t);
	for (int i = 0; i < COUNT; i++)
		check(x->replies[i].code ? x->replies[i].code >= 200
					 : x->replies[i].text[0] != '\0');
	check(!t->sent_all || !(x->how & 1));
	if (smtp_client_idle(x->c))
		give(x);
}

static const struct smtp_client_ops ops = {.on_ready = on_ready, .on_done = on_done};

static void drain(struct session *x)
{
	struct buf *out = smtp_client_output(x->c);
	while (out->len) {
		check(out->len <= SMTP_CLIENT_OUTPUT);
		for (size_t i = 0; i < out->len; i++) {
			check((buf_head(out)[i] == '\n') == (x->last == '\r'));
			x->last = buf_head(out)[i];
		}
		buf_clear(out);
		smtp_client_pump(x->c);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct smtp_client_config config = {.helo = "me"};
	if (n < 2)
		return 0;
	struct session x = {.how = data[1]};
	size_t piece = 1u + data[0];
	check(smtp_client_new(&x.c, &config, &ops, &x) == OK);
	for (size_t at = 2; at < n; at += piece) {
		smtp_client_feed(x.c, (const char *)data + at, piece < n - at ? piece : n - at);
		drain(&x);
	}
	smtp_client_quit(x.c);
	smtp_client_timed_out(x.c);
	smtp_client_lost(x.c, "the peer closed");
	check(x.given == x.done && smtp_client_ended(x.c));
	smtp_client_destroy(&x.c);
	return 0;
}
