/* NOOP (RFC 5321 4.1.1.9): its argument is not looked at. */
#include "smtp/session.h"

void smtp_verb_noop(struct smtp_server *s, char *args)
{
	(void)args;
	smtp_session_say(s, 250, "2.0.0", "Ok");
}
