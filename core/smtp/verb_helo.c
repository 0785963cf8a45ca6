/* HELO (RFC 5321 4.1.1.1), and what EHLO shares with it. */
#include "smtp/name.h"
#include "smtp/session.h"

#include <string.h>

void smtp_verb_hello(struct smtp_server *s, const char *name, bool extended, smtp_after *after)
{
	struct smtp_reply reply;
	size_t n = strlen(name);
	if (!s->config->helo_any && !smtp_name_is_domain(name, n) &&
	    !smtp_name_is_literal(name, n)) {
		smtp_reply_set(&reply, 501, "5.5.4", "%s",
			       *name ? "Name must be a domain or an address literal"
				     : "Name is missing: HELO your.host.name");
		smtp_session_refuse(s, SMTP_RULE_HELO, &reply);
		return;
	}
	smtp_reply_set(&reply, 250, "", "%s", s->config->hostname);
	enum smtp_verdict verdict =
		s->ops->on_helo ? s->ops->on_helo(s->ctx, name, extended, &reply) : SMTP_DONE;
	smtp_session_settle(s, verdict, &reply, after);
}

static void answered(struct smtp_server *s, struct smtp_reply *reply)
{
	if (!smtp_reply_is(reply, 2)) {
		smtp_session_reply(s, reply);
		return;
	}
	smtp_session_forget(s); /* RFC 5321 4.1.4: as RSET */
	smtp_session_move(s, SMTP_EV_HELLO);
	smtp_session_plain(s, reply);
}

void smtp_verb_helo(struct smtp_server *s, char *args)
{
	smtp_verb_hello(s, args, false, answered);
}
