/* DATA (RFC 5321 4.1.1.4) up to its 354; the content is body.c's. */
#include "smtp/session.h"

static void answered(struct smtp_server *s, struct smtp_reply *reply)
{
	if (reply->code == 354)
		smtp_body_begin(s, false);
	smtp_session_reply(s, reply);
}

void smtp_server_go_on(struct smtp_reply *reply)
{
	smtp_reply_set(reply, 354, "", "End data with <CR><LF>.<CR><LF>");
}

void smtp_verb_data(struct smtp_server *s, char *args)
{
	(void)args;
	struct smtp_reply reply;
	smtp_server_go_on(&reply);
	enum smtp_verdict verdict = s->ops->on_data ? s->ops->on_data(s->ctx, &reply) : SMTP_DONE;
	smtp_session_settle(s, verdict, &reply, answered);
}
