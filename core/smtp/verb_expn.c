/* EXPN (RFC 5321 4.1.1.7): known and not done, so that lists stay private. */
#include "smtp/session.h"

void smtp_verb_expn(struct smtp_server *s, char *args)
{
	(void)args;
	smtp_session_say(s, 502, "5.5.1", "Command not implemented");
}
