/*
 * smtp/server: a whole session of any bytes. The first byte chooses the settings, the second the
 * size of the pieces. Held to: content is CRLF lines, calls come in order, every message has one
 * end, output is CRLF lines of at most 512 bytes, and the same bytes in one piece say the same.
 */
#include "mail/asks.h"
#include "smtp/server.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct session {
	struct smtp_server_config config;
	struct smtp_server *s;
	bool later, waiting;
	bool mail, data;
	char last; /* byte of content */
	struct smtp_reply answer;
	struct buf said;
};

static void check(bool holds)
{
	if (!holds)
		abort();
}

static enum smtp_verdict verdict(struct session *x, const struct smtp_reply *reply)
{
	x->answer = *reply;
	x->waiting = x->later;
	return x->later ? SMTP_LATER : SMTP_DONE;
}

static enum smtp_verdict on_helo(void *ctx, const char *helo, bool extended,
				 struct smtp_reply *reply)
{
	struct session *x = ctx;
	(void)extended;
	check(x->config.helo_any || *helo);
	return verdict(x, reply);
}

static enum smtp_verdict on_mail(void *ctx, const char *path, uint64_t size, bool eight,
				 const char *asks, struct smtp_reply *reply)
{
	struct session *x = ctx;
	struct mail_asks a;
	(void)eight;
	check(mail_asks_parse(asks, &a) == OK);
	check(!x->mail && (!x->config.max_size || size <= x->config.max_size));
	check(!*path || x->config.brackets_optional || strchr(path, '@'));
	x->mail = true;
	return verdict(x, reply);
}

static enum smtp_verdict on_rcpt(void *ctx, const char *path, const char *asks,
				 struct smtp_reply *reply)
{
	struct session *x = ctx;
	struct mail_asks_rcpt a;
	check(mail_asks_rcpt_parse(asks, &a) == OK);
	check(x->mail && *path);
	if (strstr(path, "no"))
		smtp_reply_set(reply, 550, "5.1.1", "No such user: %s", path);
	return verdict(x, reply);
}

static enum smtp_verdict on_data(void *ctx, struct smtp_reply *reply)
{
	struct session *x = ctx;
	check(x->mail && !x->data);
	x->data = true;
	x->last = '\n';
	return verdict(x, reply);
}

static enum result on_bytes(void *ctx, const char *bytes, size_t n)
{
	struct session *x = ctx;
	check(x->data && n > 0);
	for (size_t i = 0; i < n; i++) {
		check((bytes[i] == '\n') == (x->last == '\r'));
		x->last = bytes[i];
	}
	return OK;
}

static enum smtp_verdict on_end(void *ctx, struct smtp_reply *reply)
{
	struct session *x = ctx;
	check(x->mail && x->data && x->last == '\n');
	x->mail = x->data = false;
	return verdict(x, reply);
}

static void on_reset(void *ctx)
{
	struct session *x = ctx;
	check(x->mail || x->waiting);
	x->mail = x->data = false;
}

static void on_note(void *ctx, const char *what)
{
	(void)ctx;
	check(*what);
}

/* Asks again as long as lines are of odd length; 8 letters are right. */
static enum smtp_verdict on_auth_line(void *ctx, const char *line, struct smtp_reply *reply)
{
	struct session *x = ctx;
	size_t n = strlen(line);
	check(x->config.auth && !x->mail);
	if (n % 2)
		smtp_reply_set(reply, 334, "", "%.*s", n < 100 ? (int)n : 100, line);
	else
		smtp_reply_set(reply, n == 8 ? 235 : 535, n == 8 ? "2.7.0" : "5.7.8", "Done");
	return verdict(x, reply);
}

static enum smtp_verdict on_auth(void *ctx, const char *mechanism, const char *initial,
				 struct smtp_reply *reply)
{
	check(*mechanism);
	return on_auth_line(ctx, initial ? initial : "x", reply);
}

static const struct smtp_server_ops ops = {
	.on_helo = on_helo,
	.on_mail = on_mail,
	.on_rcpt = on_rcpt,
	.on_data = on_data,
	.on_bytes = on_bytes,
	.on_end = on_end,
	.on_reset = on_reset,
	.on_auth = on_auth,
	.on_auth_line = on_auth_line,
	.on_note = on_note,
};

static void take_output(struct session *x)
{
	struct buf *out = smtp_server_output(x->s);
	size_t line = 0;
	for (size_t i = 0; i < out->len; i++) {
		char c = buf_head(out)[i];
		check(++line <= 512 && (c == '\r' || c == '\n' || (c >= ' ' && c < 127)));
		check((c == '\n') == (i && buf_head(out)[i - 1] == '\r'));
		if (c == '\n')
			line = 0;
	}
	check(line == 0 && buf_append(&x->said, buf_head(out), out->len) == OK);
	buf_clear(out);
}

static void play(struct session *x, unsigned how, const char *bytes, size_t n, size_t piece)
{
	x->config = (struct smtp_server_config){
		.hostname = "h.example",
		.max_size = how & 1 ? 64 : 0,
		.max_recipients = how & 2 ? 2 : 0,
		.auth = how & 256 ? "PLAIN LOGIN" : NULL,
		.auth_required = how & 512,
		.newline = (enum smtp_newline)(how / 4 % 3),
		.helo_any = how & 16,
		.brackets_optional = how & 32,
		.max_transactions = how & 64 ? 1 : 0,
	};
	buf_init(&x->said, 0);
	check(smtp_server_new(&x->s, &x->config, &ops, x, NULL) == OK);
	for (size_t at = 0; at < n && !smtp_server_ended(x->s);) {
		at += smtp_server_feed(x->s, bytes + at, piece < n - at ? piece : n - at);
		while (x->waiting) {
			x->waiting = false;
			smtp_server_answer(x->s, &x->answer);
		}
		take_output(x);
	}
	smtp_server_timed_out(x->s);
	take_output(x);
	check(smtp_server_ended(x->s) && !x->mail);
	smtp_server_destroy(&x->s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < 2)
		return 0;
	struct session whole = {0}, pieces = {.later = data[0] & 128};
	unsigned how = data[0] | (data[1] & 0xc0u) << 2;
	play(&whole, how, (const char *)data + 2, n - 2, n);
	play(&pieces, how, (const char *)data + 2, n - 2, 1u + (data[1] & 0x3f));
	check(whole.said.len == pieces.said.len &&
	      memcmp(buf_head(&whole.said), buf_head(&pieces.said), whole.said.len) == 0);
	buf_free(&whole.said);
	buf_free(&pieces.said);
	return 0;
}
