/* Runs scripts over server sessions: see script.h. */
#include "smtp/script.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void flush_content(struct stage *g)
{
	if (!g->content.len)
		return;
	ck_assert_int_eq(buf_append(&g->calls, "<", 1), OK);
	ck_assert_int_eq(buf_append(&g->calls, buf_head(&g->content), g->content.len), OK);
	ck_assert_int_eq(buf_append(&g->calls, ">\n", 2), OK);
	buf_clear(&g->content);
}

#define TOLD(g, ...)                                                                \
	do {                                                                        \
		flush_content(g);                                                   \
		if (!(g)->quiet)                                                    \
			ck_assert_int_eq(buf_printf(&(g)->calls, __VA_ARGS__), OK); \
	} while (0)

static enum smtp_verdict verdict(struct stage *g, struct smtp_reply *reply)
{
	if (!g->later)
		return SMTP_DONE;
	g->answer = *reply;
	g->waiting = true;
	memset(reply, 'x', sizeof *reply); /* nobody may look at it any more */
	return SMTP_LATER;
}

static void decide(const char *path, struct smtp_reply *reply)
{
	if (strstr(path, "reject"))
		smtp_reply_set(reply, 550, "5.7.1", "No");
	if (strstr(path, "defer"))
		smtp_reply_set(reply, 450, "4.2.0", "Wait");
	if (strstr(path, "close"))
		smtp_reply_set(reply, 421, "4.3.2", "Bye");
}

static enum smtp_verdict on_helo(void *ctx, const char *helo, bool extended,
				 struct smtp_reply *reply)
{
	TOLD((struct stage *)ctx, "%s %s\n", extended ? "ehlo" : "helo", helo);
	decide(helo, reply);
	return verdict(ctx, reply);
}

static enum smtp_verdict on_starttls(void *ctx, struct smtp_reply *reply)
{
	TOLD((struct stage *)ctx, "starttls\n");
	return verdict(ctx, reply);
}

static enum smtp_verdict on_mail(void *ctx, const char *path, uint64_t size, bool eight,
				 const char *asks, struct smtp_reply *reply)
{
	struct stage *g = ctx;
	TOLD(g, "mail %s %llu %d%s%s\n", path, (unsigned long long)size, eight ? 8 : 7,
	     *asks ? " " : "", asks);
	snprintf(g->sender, sizeof g->sender, "%s", path);
	g->failed = false;
	decide(path, reply);
	return verdict(g, reply);
}

static enum smtp_verdict on_rcpt(void *ctx, const char *path, const char *asks,
				 struct smtp_reply *reply)
{
	TOLD((struct stage *)ctx, "rcpt %s%s%s\n", path, *asks ? " " : "", asks);
	decide(path, reply);
	return verdict(ctx, reply);
}

static enum smtp_verdict on_data(void *ctx, struct smtp_reply *reply)
{
	struct stage *g = ctx;
	TOLD(g, "data\n");
	if (strstr(g->sender, "nodata"))
		smtp_reply_set(reply, 452, "4.3.1", "Full");
	return verdict(g, reply);
}

static enum result on_bytes(void *ctx, const char *bytes, size_t n)
{
	struct stage *g = ctx;
	ck_assert_msg(!g->failed, "content after on_bytes had failed");
	g->failed = strstr(g->sender, "full") || strstr(g->sender, "ioerr");
	if (g->failed)
		return strstr(g->sender, "full") ? E_FULL : E_IO;
	return buf_append(&g->content, bytes, n);
}

static enum smtp_verdict on_end(void *ctx, struct smtp_reply *reply)
{
	struct stage *g = ctx;
	TOLD(g, "end\n");
	if (strstr(g->sender, "noend"))
		smtp_reply_set(reply, 554, "5.6.0", "Bad");
	return verdict(g, reply);
}

static void on_reset(void *ctx)
{
	struct stage *g = ctx;
	buf_clear(&g->content);
	TOLD(g, "reset\n");
}

/* "ok" logs in, "more" and what is empty is asked again, else it is wrong. */
static enum smtp_verdict judge(struct stage *g, const char *said, struct smtp_reply *reply)
{
	if (!said || !*said)
		smtp_reply_set(reply, 334, "", "%s", said ? "" : "Q2hhbGxlbmdl");
	else if (strcmp(said, "more") == 0)
		smtp_reply_set(reply, 334, "", "TW9yZQ==");
	else if (strcmp(said, "ok") == 0)
		smtp_reply_set(reply, 235, "2.7.0", "Welcome");
	else
		smtp_reply_set(reply, 535, "5.7.8", "Wrong");
	return verdict(g, reply);
}

static enum smtp_verdict on_auth(void *ctx, const char *mechanism, const char *initial,
				 struct smtp_reply *reply)
{
	TOLD((struct stage *)ctx, "auth %s %s\n", mechanism, initial ? initial : "-");
	return judge(ctx, initial, reply);
}

static enum smtp_verdict on_auth_line(void *ctx, const char *line, struct smtp_reply *reply)
{
	TOLD((struct stage *)ctx, "answer %s\n", line);
	return judge(ctx, line, reply);
}

static void on_auth_end(void *ctx)
{
	TOLD((struct stage *)ctx, "cancelled\n");
}

static void on_note(void *ctx, const char *what)
{
	TOLD((struct stage *)ctx, "note %s\n", what);
}

static void on_refused(void *ctx, enum smtp_rule rule, const struct smtp_reply *reply)
{
	static const char *const rules[] = {"none",       "helo",     "brackets", "newline", "size",
					    "recipients", "starttls", "login",    "clear"};
	TOLD((struct stage *)ctx, "refused %s %d\n", rules[rule], reply->code);
}

const struct smtp_server_ops stage_ops = {
	.on_helo = on_helo,
	.on_starttls = on_starttls,
	.on_mail = on_mail,
	.on_rcpt = on_rcpt,
	.on_data = on_data,
	.on_bytes = on_bytes,
	.on_end = on_end,
	.on_reset = on_reset,
	.on_auth = on_auth,
	.on_auth_line = on_auth_line,
	.on_auth_end = on_auth_end,
	.on_note = on_note,
	.on_refused = on_refused,
};

void stage_open(struct stage *g)
{
	if (!g->config.hostname)
		g->config.hostname = "h";
	buf_init(&g->calls, 0);
	buf_init(&g->content, 0);
	ck_assert_int_eq(smtp_server_new(&g->s, &g->config, &stage_ops, g, NULL), OK);
	buf_clear(smtp_server_output(g->s));
}

void stage_close(struct stage *g)
{
	smtp_server_destroy(&g->s);
	buf_free(&g->calls);
	buf_free(&g->content);
}

void stage_answer(struct stage *g)
{
	ck_assert(g->waiting);
	ck_assert_int_eq(smtp_server_timeout(g->s), 0);
	g->waiting = false;
	smtp_server_answer(g->s, &g->answer);
}

/* The owner makes TLS at once. */
static void secured(struct stage *g)
{
	if (!smtp_server_securing(g->s))
		return;
	TOLD(g, "secured\n");
	ck_assert_uint_eq(smtp_server_feed(g->s, "x", 1), 0);
	ck_assert_int_eq(smtp_server_timeout(g->s), 0);
	smtp_server_secured(g->s);
}

size_t stage_feed(struct stage *g, const char *bytes, size_t n)
{
	size_t done = 0, used;
	do {
		/* a copy of its own size: what is read beyond is seen */
		char *copy = malloc(n - done ? n - done : 1);
		memcpy(copy, bytes + done, n - done);
		used = smtp_server_feed(g->s, copy, n - done);
		free(copy);
		done += used;
		if (g->waiting)
			ck_assert_uint_eq(smtp_server_feed(g->s, "x", 1), 0);
		while (g->waiting)
			stage_answer(g);
		secured(g);
	} while (used && done < n);
	return done;
}

const char *stage_output(struct stage *g)
{
	static char text[65536];
	struct buf *out = smtp_server_output(g->s);
	size_t to = 0;
	for (size_t i = 0; i < out->len && to + 1 < sizeof text; i++) {
		char c = buf_head(out)[i];
		bool crlf = c == '\r' && i + 1 < out->len && buf_head(out)[i + 1] == '\n';
		ck_assert_msg(c != '\n' || (i && buf_head(out)[i - 1] == '\r'), "bare LF goes out");
		ck_assert_msg(c != '\r' || crlf, "bare CR goes out");
		if (!crlf)
			text[to++] = c;
	}
	text[to] = '\0';
	buf_clear(out);
	return text;
}

/* chunk 0: two pieces, the first of `split` bytes. */
static void run(const struct script *x, size_t split, size_t chunk, bool later)
{
	struct stage g = {.config = x->config, .later = later};
	size_t n = x->n ? x->n : strlen(x->in);
	stage_open(&g);
	for (size_t at = 0; at < n && !smtp_server_ended(g.s);) {
		size_t piece = chunk ? chunk : at < split ? split : n - at;
		at += stage_feed(&g, x->in + at, piece < n - at ? piece : n - at);
	}
	flush_content(&g);
	const char *out = stage_output(&g), *calls = buf_string(&g.calls);
	ck_assert_msg(strcmp(out, x->out) == 0,
		      "%s (split %zu, chunk %zu, later %d):\n%s-- wanted:\n%s", x->name, split,
		      chunk, later, out, x->out);
	ck_assert_msg(!x->calls || strcmp(calls, x->calls) == 0,
		      "%s (split %zu, chunk %zu, later %d) calls:\n%s-- wanted:\n%s", x->name,
		      split, chunk, later, calls, x->calls ? x->calls : "");
	ck_assert_msg(smtp_server_ended(g.s) == x->ends, "%s: ended %d", x->name, !x->ends);
	stage_close(&g);
}

void script_check(const struct script *x)
{
	size_t n = x->n ? x->n : strlen(x->in);
	for (int later = 0; later < 2; later++) {
		for (size_t split = 0; split < n; split++)
			run(x, split, 0, later);
		for (size_t chunk = 1; chunk < 4; chunk++)
			run(x, 0, chunk, later);
	}
}

void script_check_all(const struct script *scripts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		script_check(&scripts[i]);
}
