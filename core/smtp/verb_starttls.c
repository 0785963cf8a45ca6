/*
 * STARTTLS (RFC 3207). After 220 the engine takes no input until its owner says that TLS is open (smtp_server_secured);
 * then the session begins anew. Bytes that came behind the command were sent before TLS was there, by whoever was in
 * between: they are never obeyed (CVE-2011-0411).
 */
#include "smtp/session.h"

static void answered(struct smtp_server *s, struct smtp_reply *reply)
{
	if (reply->code == 220)
		smtp_session_move(s, SMTP_EV_STARTTLS);
	smtp_session_reply(s, reply);
}

static void refuse_injection(struct smtp_server *s)
{
	smtp_session_note(s, SMTP_NOTE_INJECTION);
	smtp_session_say(s, 503, "5.5.1", "Bytes came with STARTTLS, before TLS was there");
	smtp_session_move(s, SMTP_EV_CLOSE);
	smtp_session_forget(s);
}

void smtp_verb_starttls(struct smtp_server *s, char *args)
{
	struct smtp_reply reply;
	(void)args;
	if (s->secure) {
		smtp_session_say(s, 503, "5.5.1", "TLS is there already");
	} else if (s->config->starttls == SMTP_STARTTLS_OFF) {
		smtp_session_say(s, 502, "5.5.1", "STARTTLS is not offered here");
	} else if (s->more) {
		refuse_injection(s);
	} else {
		smtp_reply_set(&reply, 220, "2.0.0", "Ready to start TLS");
		enum smtp_verdict verdict =
			s->ops->on_starttls ? s->ops->on_starttls(s->ctx, &reply) : SMTP_DONE;
		smtp_session_settle(s, verdict, &reply, answered);
	}
}
