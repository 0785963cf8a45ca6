/*
 * A server session as its owner sees it: see server.h. Owns the output and a split command line.
 * Memory that is short ends the session.
 */
#include "smtp/server.h"

#include "base/text.h"
#include "smtp/session.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void greet(struct smtp_server *s, const struct smtp_reply *refusal)
{
	struct smtp_reply greeting;
	if (!refusal)
		refusal = smtp_reply_set(&greeting, 220, "", "%s %s smtpgate", s->config->hostname,
					 s->config->lmtp ? "LMTP" : "ESMTP");
	smtp_session_plain(s, refusal);
	if (refusal->code != 220)
		smtp_session_move(s, SMTP_EV_CLOSE);
}

enum result smtp_server_new(struct smtp_server **to, const struct smtp_server_config *config,
			    const struct smtp_server_ops *ops, void *ctx,
			    const struct smtp_reply *greeting)
{
	struct smtp_server *s = calloc(1, sizeof *s);
	*to = s;
	if (!s)
		return E_NOMEM;
	s->config = config;
	s->ops = ops;
	s->ctx = ctx;
	s->secure = config->secure;
	buf_init(&s->out, 0); /* bounded by SMTP_OUTPUT_HIGH and one command's replies */
	smtp_line_init(&s->line, SMTP_LINE_MAX);
	greet(s, greeting);
	if (s->out.len)
		return OK;
	smtp_server_destroy(to);
	return E_NOMEM;
}

void smtp_server_destroy(struct smtp_server **at)
{
	struct smtp_server *s = *at;
	if (!s)
		return;
	smtp_session_forget(s);
	smtp_line_free(&s->line);
	buf_free(&s->out);
	free(s->shut);
	free(s->chunk.refusal);
	free(s);
	*at = NULL; /* last: the callbacks above may use it */
}

/* A command line: no NUL, CR or other control character in it, ended as the policy wants. */
static bool is_command(struct smtp_server *s, const char *text, size_t n)
{
	struct smtp_reply reply;
	for (size_t i = 0; i < n; i++)
		if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 127) {
			smtp_session_say(s, 500, "5.5.2", "Control character in a command");
			return false;
		}
	if (!s->line.bare)
		return true;
	if (s->config->newline == SMTP_NEWLINE_REJECT) {
		smtp_reply_set(&reply, 500, "5.5.2", "Command must end with CRLF, not with LF");
		smtp_session_refuse(s, SMTP_RULE_NEWLINE, &reply);
		return false;
	}
	smtp_session_note(s, SMTP_NOTE_BARE_LF);
	return true;
}

/* What a login sends is nobody's to read: "AUTH PLAIN ***" and "***". */
static void show_line(struct smtp_server *s, const char *text, size_t n)
{
	char line[64];
	size_t word = 5; /* the text is n bytes and no string */
	if (!s->ops->on_line)
		return;
	while (word < n && !strchr(" \t", text[word]))
		word++;
	if (s->authenticating) {
		s->ops->on_line(s->ctx, false, "***", 3);
	} else if (n > 5 && word < n && text_same_n(text, 5, "AUTH ")) {
		int shown =
			snprintf(line, sizeof line, "%.*s ***", word < 40 ? (int)word : 40, text);
		s->ops->on_line(s->ctx, false, line, (size_t)shown);
	} else {
		s->ops->on_line(s->ctx, false, text, n);
	}
}

static void run_line(struct smtp_server *s, const char *text, size_t n)
{
	char line[SMTP_LINE_MAX + 1];
	show_line(s, text, n);
	if (!is_command(s, text, n))
		return;
	memcpy(line, text, n);
	line[n] = '\0';
	if (s->authenticating)
		smtp_verb_auth_line(s, line);
	else
		smtp_verbs_run(s, line);
}

static void run_long(struct smtp_server *s)
{
	show_line(s, s->line.text, s->line.n);
	if (s->authenticating)
		smtp_verb_auth_long(s);
	else
		smtp_session_say(s, 500, "5.5.2", "Line too long");
}

static size_t take_line(struct smtp_server *s, const char *bytes, size_t n)
{
	size_t used;
	switch (smtp_line_take(&s->line, bytes, n, &used)) {
	case SMTP_LINE_MORE:
		break;
	case SMTP_LINE_WHOLE:
		s->more = used < n;
		run_line(s, s->line.text, s->line.n);
		break;
	case SMTP_LINE_LONG:
		run_long(s);
		break;
	case SMTP_LINE_NOMEM:
		smtp_session_end(s, "4.3.0", "Memory is short");
		break;
	}
	return used;
}

/* Between commands a wish to end is fulfilled. */
static void end_if_asked(struct smtp_server *s)
{
	if (!s->shutting || s->after || s->state == SMTP_DATA || s->state == SMTP_CHUNKS ||
	    s->state == SMTP_SECURING || s->state == SMTP_ENDING)
		return;
	if (s->shut)
		smtp_session_reply(s, s->shut);
	else
		smtp_session_end(s, "4.3.2", "Closing the connection");
	smtp_session_move(s, SMTP_EV_CLOSE); /* also after another code than 421 */
	smtp_session_forget(s);
}

static bool takes_input(const struct smtp_server *s)
{
	return s->state != SMTP_ENDING && s->state != SMTP_SECURING && !s->after &&
	       s->out.len < SMTP_OUTPUT_HIGH;
}

size_t smtp_server_feed(struct smtp_server *s, const char *bytes, size_t n)
{
	size_t done = 0;
	while (done < n && takes_input(s)) {
		if (s->chunk.left)
			done += smtp_chunk_feed(s, bytes + done, n - done);
		else if (s->state == SMTP_DATA)
			done += smtp_body_feed(s, bytes + done, n - done);
		else
			done += take_line(s, bytes + done, n - done);
		end_if_asked(s);
	}
	return done;
}

void smtp_server_answer(struct smtp_server *s, const struct smtp_reply *answer)
{
	assert(s->after);
	smtp_after *after = s->after;
	struct smtp_reply reply = *answer;
	s->after = NULL;
	after(s, &reply);
	end_if_asked(s);
}

bool smtp_server_securing(const struct smtp_server *s)
{
	return s->state == SMTP_SECURING;
}

void smtp_server_secured(struct smtp_server *s)
{
	s->secure = true;
	s->authenticated = false; /* RFC 3207 section 4.2: nothing of before counts */
	smtp_session_move(s, SMTP_EV_SECURED);
	end_if_asked(s);
}

struct buf *smtp_server_output(struct smtp_server *s)
{
	return &s->out;
}

bool smtp_server_ended(const struct smtp_server *s)
{
	return s->state == SMTP_ENDING;
}

int64_t smtp_server_timeout(const struct smtp_server *s)
{
	int64_t command = s->config->timeout_command, data = s->config->timeout_data;
	if (s->after || s->state == SMTP_SECURING)
		return 0; /* the handshake has a limit of its own */
	if (s->state == SMTP_DATA || s->chunk.left)
		return data ? data : SMTP_TIMEOUT_DATA;
	return command ? command : SMTP_TIMEOUT_COMMAND;
}

void smtp_server_timed_out(struct smtp_server *s)
{
	if (s->state == SMTP_ENDING)
		buf_clear(&s->out); /* the peer does not take its last replies */
	else if (!s->after && s->state != SMTP_SECURING)
		smtp_session_end(s, "4.4.2", "Timeout, closing the connection");
}

void smtp_server_shut(struct smtp_server *s, const struct smtp_reply *reply)
{
	if (s->shutting)
		return;
	s->shutting = true;
	s->shut = malloc(sizeof *s->shut);
	if (s->shut)
		*s->shut = *reply;
	end_if_asked(s);
}

bool smtp_server_busy(const struct smtp_server *s)
{
	return s->transaction;
}
