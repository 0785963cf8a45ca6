/* VRFY (RFC 5321 3.5.3): tells nobody who lives here. */
#include "smtp/session.h"

void smtp_verb_vrfy(struct smtp_server *s, char *args)
{
	if (*args)
		smtp_session_say(s, 252, "2.0.0",
				 "Cannot verify, but will take mail and try to deliver");
	else
		smtp_session_say(s, 501, "5.5.4", "Syntax: VRFY address");
}
