/*
 * Message data of a server session: from 354 to the reply behind the end of data. Counts the size,
 * passes content on in large runs, and once the message is doomed reads the rest to its true end
 * and throws it away.
 */
#include "smtp/session.h"

static bool is_refused_newline(const struct smtp_server *s)
{
	return s->config->newline == SMTP_NEWLINE_REJECT && (s->data.bare_cr || s->data.bare_lf);
}

static bool is_too_big(const struct smtp_server *s)
{
	return s->config->max_size && s->size > s->config->max_size;
}

static void take_content(void *ctx, const char *bytes, size_t n)
{
	struct smtp_server *s = ctx;
	s->size += n;
	if (s->failed == OK && !is_refused_newline(s) && !is_too_big(s) && s->ops->on_bytes)
		s->failed = s->ops->on_bytes(s->ctx, bytes, n);
}

void smtp_body_begin(struct smtp_server *s, bool chunks)
{
	s->size = 0;
	s->failed = OK;
	smtp_data_init(&s->data, take_content, s);
	s->data.raw = chunks;
	smtp_session_move(s, chunks ? SMTP_EV_CHUNK : SMTP_EV_DATA);
}

static void note_newlines(struct smtp_server *s)
{
	if (s->config->newline != SMTP_NEWLINE_NOTE || !s->ops->on_note)
		return;
	if (s->data.bare_lf)
		s->ops->on_note(s->ctx, "bare LF");
	if (s->data.bare_cr)
		s->ops->on_note(s->ctx, "bare CR");
}

/* A permanent reason goes before a passing one. */
bool smtp_body_doomed(const struct smtp_server *s, struct smtp_reply *reply, enum smtp_rule *rule)
{
	*rule = is_refused_newline(s) ? SMTP_RULE_NEWLINE
		: is_too_big(s)       ? SMTP_RULE_SIZE
				      : SMTP_RULE_NONE;
	if (*rule == SMTP_RULE_NEWLINE)
		smtp_reply_set(reply, 550, "5.6.11",
			       "Message has a bare CR or LF (RFC 5321 2.3.8)");
	else if (*rule == SMTP_RULE_SIZE)
		smtp_reply_set(reply, 552, "5.3.4", "Message exceeds the limit of %llu bytes",
			       (unsigned long long)s->config->max_size);
	else if (s->failed == E_FULL || s->failed == E_NOMEM || s->failed == E_LIMIT)
		smtp_reply_set(reply, 452, "4.3.1", "Not enough room for this message now");
	else if (s->failed != OK)
		smtp_reply_set(reply, 451, "4.3.0", "Message cannot be stored now");
	else
		return false;
	return true;
}

/* All replies but the last, which is the caller's. 421 is said once: it is about the session. */
static void say_all_but_one(struct smtp_server *s, struct smtp_reply *reply)
{
	for (; s->finals > 1 && reply->code != 421 && s->state != SMTP_ENDING; s->finals--)
		smtp_session_one_of(s, reply);
}

static void answered(struct smtp_server *s, struct smtp_reply *reply)
{
	s->transaction = false; /* on_end's answer ends it, whatever it is */
	smtp_session_move(s, SMTP_EV_END);
	say_all_but_one(s, reply);
	smtp_session_reply(s, reply);
}

void smtp_body_finish(struct smtp_server *s)
{
	struct smtp_reply reply;
	enum smtp_rule rule;
	s->messages++;
	s->finals = s->config->lmtp ? s->recipients : 1;
	s->recipients = 0;
	note_newlines(s);
	if (smtp_body_doomed(s, &reply, &rule)) {
		smtp_session_forget(s);
		smtp_session_move(s, SMTP_EV_END);
		say_all_but_one(s, &reply);
		smtp_session_refuse(s, rule, &reply);
		return;
	}
	smtp_reply_set(&reply, 250, "2.0.0", "Ok");
	enum smtp_verdict verdict = s->ops->on_end ? s->ops->on_end(s->ctx, &reply) : SMTP_DONE;
	smtp_session_settle(s, verdict, &reply, answered);
}

size_t smtp_body_feed(struct smtp_server *s, const char *bytes, size_t n)
{
	size_t used = smtp_data_feed(&s->data, bytes, n);
	if (s->data.state == SMTP_DATA_ENDED)
		smtp_body_finish(s);
	return used;
}
