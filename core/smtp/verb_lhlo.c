/* LHLO (RFC 2033 4.1): in LMTP what EHLO is in SMTP, with the same answer but for CHUNKING. */
#include "smtp/session.h"

void smtp_verb_lhlo(struct smtp_server *s, char *args)
{
	smtp_verb_ehlo(s, args);
}
