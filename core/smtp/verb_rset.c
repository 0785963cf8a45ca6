/* RSET (RFC 5321 4.1.1.5). */
#include "smtp/session.h"

void smtp_verb_rset(struct smtp_server *s, char *args)
{
	(void)args;
	smtp_session_forget(s);
	smtp_session_move(s, SMTP_EV_RESET);
	smtp_session_say(s, 250, "2.0.0", "Ok");
}
