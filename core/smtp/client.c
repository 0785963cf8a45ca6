/*
 * A client as its owner sees it: see client.h. The states are rows: whom a reply is given to, how
 * long it may take, what for. Owns the output and a split reply line. Memory that is short ends the
 * connection.
 */
#include "smtp/client.h"
#include "base/text.h"
#include "smtp/dialogue.h"
#include "smtp/path.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE ((int64_t)60000)
#define LIMIT(field, minutes) offsetof(struct smtp_client_config, field), (minutes)*MINUTE

static void idle_answered(struct smtp_client *c, const struct smtp_reply *reply)
{
	smtp_client_misfit(c, reply, "unasked");
}

static const struct {
	void (*answered)(struct smtp_client *c, const struct smtp_reply *reply);
	size_t limit;     /* where in config its time limit stands */
	int64_t standard; /* when that is 0; RFC 5321 4.5.3.2 */
	const char *what; /* is awaited; NULL: nothing */
} rows[SMTP_CLIENT_STATE_COUNT] = {
	[SMTP_CLIENT_GREETING] = {smtp_client_greeted, LIMIT(timeout_greeting, 5), "the greeting"},
	[SMTP_CLIENT_EHLO] = {smtp_client_ehlo_answered, LIMIT(timeout_command, 5), "EHLO"},
	[SMTP_CLIENT_HELO] = {smtp_client_helo_answered, LIMIT(timeout_command, 5), "HELO"},
	[SMTP_CLIENT_STARTTLS] = {smtp_client_starttls_answered, LIMIT(timeout_command, 5),
				  "STARTTLS"},
	[SMTP_CLIENT_SECURING] = {NULL, 0, 0, NULL}, /* the handshake has a limit of its own */
	[SMTP_CLIENT_AUTH] = {smtp_client_auth_answered, LIMIT(timeout_command, 5), "AUTH"},
	[SMTP_CLIENT_IDLE] = {idle_answered, 0, 0, NULL},
	[SMTP_CLIENT_ENVELOPE] = {smtp_client_envelope_answered, LIMIT(timeout_command, 5),
				  "MAIL or RCPT"},
	[SMTP_CLIENT_DATA] = {smtp_client_envelope_answered, LIMIT(timeout_data, 2), "DATA"},
	[SMTP_CLIENT_BODY] = {smtp_client_body_answered, LIMIT(timeout_block, 3),
			      "a block of content"},
	[SMTP_CLIENT_FINAL] = {smtp_client_final_answered, LIMIT(timeout_final, 10),
			       "the end of data"},
	[SMTP_CLIENT_QUITTING] = {smtp_client_quit_answered, LIMIT(timeout_command, 5), "QUIT"},
	[SMTP_CLIENT_ENDED] = {NULL, 0, 0, NULL},
};

enum result smtp_client_new(struct smtp_client **to, const struct smtp_client_config *config,
			    const struct smtp_client_ops *ops, void *ctx)
{
	struct smtp_client *c = calloc(1, sizeof *c);
	*to = c;
	if (!c)
		return E_NOMEM;
	c->config = *config;
	c->ops = ops;
	c->ctx = ctx;
	buf_init(&c->out, SMTP_CLIENT_OUTPUT);
	buf_init(&c->first, SMTP_CLIENT_OUTPUT / 2);
	buf_init(&c->chunk, SMTP_CLIENT_OUTPUT);
	smtp_line_init(&c->line, SMTP_REPLY_LINE);
	return OK;
}

void smtp_client_destroy(struct smtp_client **at)
{
	struct smtp_client *c = *at;
	if (!c)
		return;
	smtp_client_fail(c, "the connection was given up");
	smtp_line_free(&c->line);
	buf_free(&c->out);
	buf_free(&c->chunk);
	buf_wipe(&c->first);
	buf_free(&c->first);
	free(c);
	*at = NULL; /* last: the callbacks above may use it */
}

static enum result put_line(struct smtp_client *c, const char *line, size_t n)
{
	char *to = c->out.len + n + 2 <= SMTP_CLIENT_OUTPUT ? buf_reserve(&c->out, n + 2) : NULL;
	if (!to) {
		if (c->out.len + n + 2 > SMTP_CLIENT_OUTPUT)
			return E_LIMIT;
		smtp_client_fail(c, "memory is short");
		return E_NOMEM;
	}
	memcpy(to, line, n);
	memcpy(to + n, "\r\n", 2);
	buf_grew(&c->out, n + 2);
	return OK;
}

enum result smtp_client_command(struct smtp_client *c, const char *line, size_t n)
{
	enum result r = put_line(c, line, n);
	if (r == OK && c->ops->on_line)
		c->ops->on_line(c->ctx, true, line, n);
	return r;
}

enum result smtp_client_secret(struct smtp_client *c, const char *line, size_t n, const char *shown)
{
	enum result r = put_line(c, line, n);
	if (r == OK && c->ops->on_line)
		c->ops->on_line(c->ctx, true, shown, strlen(shown));
	return r;
}

/* Ends the connection; what is open gets `reply`, and the output is dropped: nothing of it may be
 * sent any more. */
static void end(struct smtp_client *c, const struct smtp_reply *reply, bool unanswered)
{
	if (c->state == SMTP_CLIENT_ENDED)
		return;
	if (c->t) {
		c->t->sent_all = unanswered && c->state == SMTP_CLIENT_FINAL && c->accepted &&
				 !c->chunk_refused;
		smtp_result_open(c->t, c->ended, reply);
	}
	smtp_result_copy(&c->end, reply);
	c->state = SMTP_CLIENT_ENDED;
	buf_clear(&c->out);
	if (c->t)
		smtp_result_done(c);
}

void smtp_client_fail(struct smtp_client *c, const char *format, ...)
{
	struct smtp_reply reply;
	va_list ap;
	smtp_reply_set(&reply, 0, "", "%s", "");
	va_start(ap, format);
	vsnprintf(reply.text, sizeof reply.text, format, ap);
	va_end(ap);
	end(c, &reply, true);
}

void smtp_client_end(struct smtp_client *c, const struct smtp_reply *reply)
{
	struct smtp_reply kept = *reply;
	end(c, &kept, false);
}

void smtp_client_misfit(struct smtp_client *c, const struct smtp_reply *reply, const char *where)
{
	char words[256];
	smtp_client_fail(c, "the server answered out of place (%s): %s", where,
			 smtp_reply_print(reply, words, sizeof words));
}

/* A whole reply. 421 ends the connection wherever it comes (RFC 5321 3.8). */
static void take_reply(struct smtp_client *c)
{
	struct smtp_reply reply = c->reply;
	smtp_reply_set(&c->reply, 0, "", "%s", "");
	c->lines = 0;
	c->replies++;
	if (reply.code == 421 && c->state != SMTP_CLIENT_QUITTING)
		smtp_client_end(c, &reply);
	else
		rows[c->state].answered(c, &reply);
}

/* Challenges are no secret, but what they ask for may be told by them: they stay out of the log. */
static void show_line(struct smtp_client *c, const char *text, size_t n)
{
	bool challenge = c->state == SMTP_CLIENT_AUTH && n > 4 && memcmp(text, "334 ", 4) == 0;
	if (c->ops->on_line)
		c->ops->on_line(c->ctx, false, challenge ? "334 ***" : text, challenge ? 7 : n);
}

static void take_line(struct smtp_client *c, const char *text, size_t n)
{
	show_line(c, text, n);
	enum result r = smtp_reply_parse_line(&c->reply, text, n);
	if (r == E_SYNTAX) {
		smtp_client_fail(c, "the server sent what is no SMTP reply: %.*s",
				 n < 80 ? (int)n : 80, text);
		return;
	}
	if (c->state == SMTP_CLIENT_EHLO && c->lines && n > 4)
		smtp_offer_take(&c->offer, text + 4, n - 4);
	if (++c->lines > SMTP_REPLY_LINES)
		smtp_client_fail(c, "the server sent a reply of more than %d lines",
				 SMTP_REPLY_LINES);
	else if (r == OK)
		take_reply(c);
}

void smtp_client_feed(struct smtp_client *c, const char *bytes, size_t n)
{
	size_t used;
	for (size_t at = 0; at < n && c->state != SMTP_CLIENT_ENDED; at += used) {
		if (c->state == SMTP_CLIENT_SECURING) {
			smtp_client_fail(c, "injection: bytes came with the answer to STARTTLS, "
					    "before TLS was there; they were dropped");
			return;
		}
		switch (smtp_line_take(&c->line, bytes + at, n - at, &used)) {
		case SMTP_LINE_MORE:
			break;
		case SMTP_LINE_WHOLE:
		case SMTP_LINE_LONG: /* its head holds the code and more words than are kept */
			take_line(c, c->line.text, c->line.n);
			break;
		case SMTP_LINE_NOMEM:
			smtp_client_fail(c, "memory is short");
			break;
		}
	}
}

void smtp_client_lost(struct smtp_client *c, const char *why)
{
	smtp_client_fail(c, "%s", why);
}

struct buf *smtp_client_output(struct smtp_client *c)
{
	return &c->out;
}

void smtp_client_pump(struct smtp_client *c)
{
	if (c->state == SMTP_CLIENT_ENVELOPE)
		smtp_client_envelope_send(c);
	else if (c->state == SMTP_CLIENT_BODY)
		smtp_client_body_send(c);
}

enum result smtp_client_send(struct smtp_client *c, struct smtp_transaction *t)
{
	struct smtp_reply reply;
	assert(t->count);
	if (c->state != SMTP_CLIENT_IDLE)
		return E_STATE;
	if (c->offer.size_limit && t->size > c->offer.size_limit) {
		smtp_reply_set(&reply, 552, "5.3.4",
			       "Message of %llu bytes exceeds the next server's limit of %llu",
			       (unsigned long long)t->size,
			       (unsigned long long)c->offer.size_limit);
		smtp_result_all(t, &reply);
		return E_LIMIT;
	}
	if (!smtp_path_sendable(t->reverse_path)) {
		smtp_reply_set(&reply, 553, "5.1.7", "Sender's address cannot be carried by SMTP");
		smtp_result_all(t, &reply);
		return E_SYNTAX;
	}
	if (!c->offer.utf8 && (t->utf8 || smtp_client_is_wide(t->reverse_path))) {
		smtp_reply_set(&reply, 553, "5.6.7",
			       "%s is not ASCII, and the next server does not offer SMTPUTF8",
			       t->utf8 ? "The header" : "The sender's address");
		smtp_result_all(t, &reply);
		return E_SYNTAX;
	}
	smtp_client_envelope_begin(c, t);
	return OK;
}

bool smtp_client_idle(const struct smtp_client *c)
{
	return c->state == SMTP_CLIENT_IDLE;
}

void smtp_client_quit(struct smtp_client *c)
{
	c->quit_wanted = true;
	if (c->state == SMTP_CLIENT_IDLE && smtp_client_command(c, "QUIT", 4) == OK)
		c->state = SMTP_CLIENT_QUITTING;
}

bool smtp_client_ended(const struct smtp_client *c)
{
	return c->state == SMTP_CLIENT_ENDED;
}

const struct smtp_reply *smtp_client_end_reply(const struct smtp_client *c)
{
	return &c->end;
}

int64_t smtp_client_timeout(const struct smtp_client *c)
{
	int64_t limit;
	if (!rows[c->state].what)
		return 0;
	memcpy(&limit, (const char *)&c->config + rows[c->state].limit, sizeof limit);
	return limit ? limit : rows[c->state].standard;
}

uint64_t smtp_client_replies(const struct smtp_client *c)
{
	return c->replies;
}

void smtp_client_timed_out(struct smtp_client *c)
{
	char limit[24];
	if (rows[c->state].what)
		smtp_client_fail(c, "the server did not answer within %s: %s",
				 text_duration(smtp_client_timeout(c), limit, sizeof limit),
				 rows[c->state].what);
}

const char *smtp_client_clear_words(const struct smtp_client *c)
{
	return c->secure ? "" : c->clear;
}

bool smtp_client_login_failed(const struct smtp_client *c)
{
	return c->login_failed;
}

bool smtp_client_offers_require_tls(const struct smtp_client *c)
{
	return c->offer.require_tls;
}

uint64_t smtp_client_size_limit(const struct smtp_client *c)
{
	return c->offer.size_limit;
}

const struct smtp_limits *smtp_client_limits(const struct smtp_client *c)
{
	return &c->offer.limits;
}
