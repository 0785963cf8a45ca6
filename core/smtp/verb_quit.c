/* QUIT (RFC 5321 4.1.1.10). */
#include "smtp/session.h"

void smtp_verb_quit(struct smtp_server *s, char *args)
{
	(void)args;
	struct smtp_reply reply;
	smtp_reply_set(&reply, 221, "2.0.0", "%s closing the connection", s->config->hostname);
	smtp_session_forget(s);
	smtp_session_move(s, SMTP_EV_CLOSE);
	smtp_session_reply(s, &reply);
}
