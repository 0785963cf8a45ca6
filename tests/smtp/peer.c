/* Runs dialogues over clients: see peer.h. */
#include "smtp/peer.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One run of a dialogue. */
struct run {
	const struct dialogue *d;
	size_t split, chunk; /* where the server's bytes are cut; chunk 0: at split only */
	size_t fed;
	struct smtp_client *c;
	struct buf got, want, results;
	size_t next; /* message */
	struct smtp_transaction t;
	struct smtp_reply replies[PEER_RECIPIENTS];
	size_t at;       /* in its content */
	struct buf *log; /* NULL: none is wanted */
};

static ssize_t read_content(void *ctx, char *to, size_t n)
{
	struct run *r = ctx;
	const char *content = r->d->messages[r->next - 1].content;
	if (!content)
		return -1;
	size_t left = strlen(content) - r->at, most = r->chunk ? r->chunk : n;
	size_t take = left < most ? left : most;
	ck_assert_uint_ge(n, take);
	memcpy(to, content + r->at, take);
	r->at += take;
	return (ssize_t)take;
}

static void write_results(struct run *r)
{
	char line[2048];
	for (size_t i = 0; i < r->t.count; i++)
		ck_assert_int_eq(buf_printf(&r->results, "%s: %s\n", r->t.recipients[i],
					    smtp_reply_print(&r->replies[i], line, sizeof line)),
				 OK);
	if (r->t.sent_all)
		ck_assert_int_eq(buf_puts(&r->results, "sent all\n"), OK);
	if (r->t.no_chunks)
		ck_assert_int_eq(buf_puts(&r->results, "no chunks\n"), OK);
}

static void give_next(struct run *r)
{
	const struct peer_message *m = &r->d->messages[r->next];
	if (r->next == 4 || !m->from)
		return;
	r->next++;
	r->at = 0;
	r->t = (struct smtp_transaction){.reverse_path = m->from,
					 .recipients = m->to,
					 .size = m->size,
					 .eight_bit = m->eight_bit,
					 .asks = m->asks,
					 .asks_of = m->asks ? m->asks_of : NULL,
					 .read = read_content,
					 .ctx = r,
					 .replies = r->replies};
	while (r->t.count < PEER_RECIPIENTS && m->to[r->t.count])
		r->t.count++;
	memset(r->replies, 'x', sizeof r->replies);
	enum result result = smtp_client_send(r->c, &r->t);
	if (result == OK)
		return;
	ck_assert_int_eq(buf_printf(&r->results, "refused %s\n", result_word(result)), OK);
	write_results(r);
	give_next(r);
}

static void on_ready(void *ctx)
{
	struct run *r = ctx;
	ck_assert(smtp_client_idle(r->c));
	give_next(r);
}

static void on_done(void *ctx, struct smtp_transaction *t)
{
	struct run *r = ctx;
	ck_assert_ptr_eq(t, &r->t);
	write_results(r);
	if (smtp_client_idle(r->c))
		give_next(r);
}

static void on_starttls(void *ctx)
{
	struct run *r = ctx;
	ck_assert_int_eq(buf_printf(&r->results, "starttls\n"), OK);
	ck_assert_int_eq(smtp_client_timeout(r->c), 0);
}

static bool auth_begin(void *ctx, const char *offered, struct smtp_client_login *login)
{
	const struct dialogue *d = ((struct run *)ctx)->d;
	static char name[32];
	if (d->offered)
		ck_assert_str_eq(offered, d->offered);
	snprintf(login->why, sizeof login->why, "nothing fits");
	if (*d->login == '-')
		return false;
	size_t n = strcspn(d->login, " ");
	snprintf(name, sizeof name, "%.*s", (int)n, d->login);
	login->mechanism = name;
	login->initial = d->login[n] != '\0';
	if (login->initial)
		ck_assert_int_eq(buf_puts(login->message, d->login + n + 1), OK);
	return true;
}

static bool auth_answer(void *ctx, const char *challenge, size_t n, struct buf *answer)
{
	const struct dialogue *d = ((struct run *)ctx)->d;
	for (const char *at = d->answers ? d->answers : ""; *at;) {
		size_t name = strcspn(at, "="), all = strcspn(at, " ");
		if (name == n && memcmp(at, challenge, n) == 0)
			return buf_append(answer, at + name + 1, all - name - 1) == OK;
		at += all + strspn(at + all, " ");
	}
	return false;
}

static bool auth_done(void *ctx, const struct smtp_reply *reply)
{
	struct run *r = ctx;
	ck_assert_int_eq(buf_printf(&r->results, "login %d\n", reply->code), OK);
	return !r->d->disbelieve;
}

static void on_line(void *ctx, bool out, const char *line, size_t n)
{
	struct run *r = ctx;
	if (r->log)
		ck_assert_int_eq(buf_printf(r->log, "%c %.*s\n", out ? '>' : '<', (int)n, line),
				 OK);
}

static const struct smtp_client_ops ops = {.on_ready = on_ready,
					   .on_starttls = on_starttls,
					   .auth_begin = auth_begin,
					   .auth_answer = auth_answer,
					   .auth_done = auth_done,
					   .on_done = on_done,
					   .on_line = on_line};

static void drain(struct run *r)
{
	struct buf *out = smtp_client_output(r->c);
	while (out->len) {
		size_t n = r->chunk && r->chunk < out->len ? r->chunk : out->len;
		ck_assert_uint_le(out->len, SMTP_CLIENT_OUTPUT);
		ck_assert_int_eq(buf_append(&r->got, buf_head(out), n), OK);
		buf_consume(out, n);
		smtp_client_pump(r->c);
	}
}

static void say(struct run *r, const char *bytes, size_t n)
{
	for (size_t at = 0; at < n;) {
		size_t left = n - at, piece = left;
		if (r->chunk)
			piece = r->chunk < left ? r->chunk : left;
		else if (r->fed < r->split && r->split - r->fed < left)
			piece = r->split - r->fed;
		char *copy = malloc(piece);
		memcpy(copy, bytes + at, piece);
		smtp_client_feed(r->c, copy, piece);
		free(copy);
		drain(r);
		at += piece;
		r->fed += piece;
	}
}

static void act(struct run *r, const char *what)
{
	if (strncmp(what, "lost ", 5) == 0)
		smtp_client_lost(r->c, what + 5);
	else if (strcmp(what, "timeout") == 0)
		smtp_client_timed_out(r->c);
	else if (strcmp(what, "quit") == 0)
		smtp_client_quit(r->c);
	else if (strcmp(what, "secured") == 0)
		smtp_client_secured(r->c);
	else if (strncmp(what, "clear ", 6) == 0)
		ck_assert_str_eq(smtp_client_clear_words(r->c), what + 6);
	else
		ck_abort_msg("%s", what);
	drain(r);
}

static void compare(struct run *r, const char *what, struct buf *got, const char *want)
{
	ck_assert_msg(strcmp(buf_string(got), want) == 0,
		      "%s (split %zu, chunk %zu) %s:\n%s-- wanted:\n%s", r->d->name, r->split,
		      r->chunk, what, buf_string(got), want);
}

static void meet(struct run *r)
{
	compare(r, "said", &r->got, buf_string(&r->want));
	buf_clear(&r->got);
	buf_clear(&r->want);
}

/* One line of the script; neighbouring S lines are one run of bytes. */
static const char *play_line(struct run *r, const char *line, struct buf *server)
{
	const char *lf = strchr(line, '\n');
	int n = (int)(lf - line) - 2;
	if (*line == 'S') {
		ck_assert_int_eq(buf_printf(server, "%.*s\r\n", n, line + 2), OK);
		if (lf[1] != 'S') {
			meet(r);
			say(r, buf_head(server), server->len);
			buf_clear(server);
		}
	} else if (*line == 'C') {
		ck_assert_int_eq(buf_printf(&r->want, "%.*s\r\n", n, line + 2), OK);
	} else {
		char what[128];
		meet(r);
		snprintf(what, sizeof what, "%.*s", n, line + 2);
		act(r, what);
	}
	return lf + 1;
}

static size_t run(const struct dialogue *d, size_t split, size_t chunk, struct buf *log)
{
	struct run *r = calloc(1, sizeof *r);
	struct smtp_client_config config = d->config;
	struct buf server;
	*r = (struct run){.d = d, .split = split, .chunk = chunk, .log = log};
	config.helo = config.helo ? config.helo : "me";
	buf_init(&server, 0);
	ck_assert_int_eq(smtp_client_new(&r->c, &config, &ops, r), OK);
	for (const char *line = d->script; *line;)
		line = play_line(r, line, &server);
	meet(r);
	ck_assert_msg(smtp_client_ended(r->c) == !!d->end, "%s: ended %d", d->name, !d->end);
	if (d->end) {
		char end[1200];
		smtp_reply_print(smtp_client_end_reply(r->c), end, sizeof end);
		ck_assert_msg(strcmp(end, d->end) == 0, "%s: %s", d->name, end);
		ck_assert_int_eq(smtp_client_timeout(r->c), 0);
	}
	smtp_client_destroy(&r->c);
	compare(r, "results", &r->results, d->results ? d->results : "");
	buf_free(&server);
	buf_free(&r->got);
	buf_free(&r->want);
	buf_free(&r->results);
	size_t fed = r->fed;
	free(r);
	return fed;
}

void peer_check(const struct dialogue *d)
{
	size_t n = run(d, 0, 0, NULL);
	for (size_t split = 1; split < n; split++)
		run(d, split, 0, NULL);
	for (size_t chunk = 1; chunk < 4; chunk++)
		run(d, 0, chunk, NULL);
}

void peer_log(const struct dialogue *d, struct buf *log)
{
	run(d, 0, 0, log);
}

void peer_check_all(const struct dialogue *ds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		peer_check(&ds[i]);
}
