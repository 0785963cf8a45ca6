/*
 * What every verb of a server session shares: asking callbacks, sending replies, counting errors,
 * ending. Owns nothing of its own. A reply that cannot be queued for want of memory ends the
 * session: the peer sees the connection close.
 */
#include "smtp/session.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

void smtp_session_move(struct smtp_server *s, enum smtp_event event)
{
	s->state = smtp_state_after(s->state, event);
}

void smtp_session_forget(struct smtp_server *s)
{
	bool open = s->transaction;
	s->transaction = false;
	s->recipients = 0;
	if (open && s->ops->on_reset)
		s->ops->on_reset(s->ctx);
}

static void close_session(struct smtp_server *s)
{
	smtp_session_move(s, SMTP_EV_CLOSE);
	smtp_session_forget(s);
}

/* Tells on_line the lines that were appended to the output behind `from`. */
static void show(const struct smtp_server *s, size_t from)
{
	const char *at = buf_head(&s->out) + from, *end = buf_head(&s->out) + s->out.len;
	while (at < end) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		s->ops->on_line(s->ctx, true, at, (size_t)(lf - at) - 1);
		at = lf + 1;
	}
}

static void emit(struct smtp_server *s, const struct smtp_reply *reply, bool with_status)
{
	assert(reply->code >= 200 && reply->code <= 599);
	size_t from = s->out.len;
	if (smtp_reply_format(&s->out, reply, with_status) != OK) {
		s->out.len = from; /* part of a reply is worse than none */
		close_session(s);
		return;
	}
	if (s->ops->on_line)
		show(s, from);
}

void smtp_session_plain(struct smtp_server *s, const struct smtp_reply *reply)
{
	emit(s, reply, false);
}

static bool too_many_errors(struct smtp_server *s, int code)
{
	if (code / 100 == 2 || code / 100 == 3)
		s->errors = 0;
	if (code / 100 == 5)
		s->errors++;
	return s->errors >= (s->config->max_errors ? s->config->max_errors : SMTP_MAX_ERRORS);
}

void smtp_session_one_of(struct smtp_server *s, struct smtp_reply *reply)
{
	int class = reply->code / 100;
	if (!reply->status[0] && class != 3)
		snprintf(reply->status, sizeof reply->status, "%d.0.0", class);
	emit(s, reply, true);
}

void smtp_session_reply(struct smtp_server *s, struct smtp_reply *reply)
{
	smtp_session_one_of(s, reply);
	if (reply->code == 421)
		close_session(s);
	else if (s->state != SMTP_ENDING && too_many_errors(s, reply->code))
		smtp_session_end(s, "4.7.0", "Too many errors");
}

void smtp_session_say(struct smtp_server *s, int code, const char *status, const char *words)
{
	struct smtp_reply reply;
	smtp_session_reply(s, smtp_reply_set(&reply, code, status, "%s", words));
}

void smtp_session_refused(struct smtp_server *s, enum smtp_rule rule,
			  const struct smtp_reply *reply)
{
	if (rule != SMTP_RULE_NONE && s->ops->on_refused)
		s->ops->on_refused(s->ctx, rule, reply);
}

void smtp_session_refuse(struct smtp_server *s, enum smtp_rule rule, struct smtp_reply *reply)
{
	smtp_session_refused(s, rule, reply);
	smtp_session_reply(s, reply);
}

void smtp_session_end(struct smtp_server *s, const char *status, const char *words)
{
	struct smtp_reply reply;
	smtp_session_reply(
		s, smtp_reply_set(&reply, 421, status, "%s %s", s->config->hostname, words));
}

void smtp_session_settle(struct smtp_server *s, enum smtp_verdict verdict, struct smtp_reply *reply,
			 smtp_after *after)
{
	if (verdict == SMTP_LATER)
		s->after = after;
	else
		after(s, reply);
}

void smtp_session_note(struct smtp_server *s, enum smtp_note note)
{
	static const char *const words[] = {
		[SMTP_NOTE_BARE_LF] = "bare LF",
		[SMTP_NOTE_BRACKETS] = "path without brackets",
		[SMTP_NOTE_BLANK] = "blank before a path",
		[SMTP_NOTE_INJECTION] = "injection: bytes came with STARTTLS, they were dropped",
	};
	if (s->noted & 1u << note)
		return;
	s->noted |= 1u << note;
	if (s->ops->on_note)
		s->ops->on_note(s->ctx, words[note]);
}
