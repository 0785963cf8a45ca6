/*
 * AUTH (RFC 4954): carries the messages of a mechanism to the callbacks and back. What they mean is none of ours; Base64 is
 * left as it came. While an exchange is under way every line is the peer's answer, not a command.
 */
#include "base/text.h"
#include "smtp/session.h"

#include <string.h>

/* Is the word one of the mechanisms offered, which are parted by blanks? */
static bool offers(const char *offered, const char *name)
{
	size_t n = strlen(name);
	for (const char *at = offered; *at; at += strcspn(at, " ")) {
		at += strspn(at, " ");
		if (strcspn(at, " ") == n && text_same_n(at, n, name))
			return true;
	}
	return false;
}

static void answered(struct smtp_server *s, struct smtp_reply *reply)
{
	s->authenticating = reply->code == 334;
	if (s->authenticating) { /* a challenge is Base64 alone, no words: RFC 4954 section 4 */
		smtp_session_plain(s, reply);
		return;
	}
	s->authenticated = s->authenticated || smtp_reply_is(reply, 2);
	smtp_session_reply(s, reply);
}

/* True when the command may not be given now; it was refused. */
static bool is_misplaced(struct smtp_server *s, const char *mechanism)
{
	const char *offered = s->config->auth;
	struct smtp_reply reply;
	if (!offered)
		smtp_session_say(s, 502, "5.5.1", "AUTH is not offered here");
	else if (s->authenticated)
		smtp_session_say(s, 503, "5.5.1", "You are logged in already");
	else if (!*mechanism)
		smtp_session_say(s, 501, "5.5.4", "Syntax: AUTH mechanism [initial-response]");
	else if (!*offered)
		smtp_session_refuse(
			s, SMTP_RULE_CLEAR,
			smtp_reply_set(&reply, 538, "5.7.11",
				       "Encryption is required for AUTH: send STARTTLS first"));
	else if (!offers(offered, mechanism))
		smtp_session_say(s, 504, "5.5.4", "This mechanism is not offered");
	else
		return false;
	return true;
}

void smtp_verb_auth(struct smtp_server *s, char *args)
{
	struct smtp_reply reply;
	char *initial = args + strcspn(args, " \t");
	if (*initial)
		*initial++ = '\0';
	initial = text_trim(initial);
	if (is_misplaced(s, args))
		return;
	if (!*initial)
		initial = NULL;
	else if (strcmp(initial, "=") == 0) /* an initial response that is empty */
		*initial = '\0';
	smtp_reply_set(&reply, 454, "4.7.0", "Logging in is not possible now");
	smtp_session_settle(s, s->ops->on_auth(s->ctx, args, initial, &reply), &reply, answered);
}

void smtp_verb_auth_line(struct smtp_server *s, const char *line)
{
	struct smtp_reply reply;
	if (strcmp(line, "*") == 0) {
		s->authenticating = false;
		if (s->ops->on_auth_end)
			s->ops->on_auth_end(s->ctx);
		smtp_session_say(s, 501, "5.7.0", "Cancelled");
		return;
	}
	smtp_reply_set(&reply, 454, "4.7.0", "Logging in is not possible now");
	smtp_session_settle(s, s->ops->on_auth_line(s->ctx, line, &reply), &reply, answered);
}

void smtp_verb_auth_long(struct smtp_server *s)
{
	s->authenticating = false;
	if (s->ops->on_auth_end)
		s->ops->on_auth_end(s->ctx);
	smtp_session_say(s, 500, "5.5.6", "Authentication exchange line is too long");
}
