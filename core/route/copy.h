/* Copies of what goes a way (`bcc` of routes): their recipients are added where mail is taken. Pure but for the world's mailboxes. */
#ifndef SMTPGATE_ROUTE_COPY_H
#define SMTPGATE_ROUTE_COPY_H

#include "mail/envelope.h"
#include "route/route.h"

/* Adds, once each, the bcc of every route that a recipient of the envelope goes by. What they go by themselves adds none. OK, E_NOMEM. */
enum result route_copy(const struct route_world *w, const struct route_from *from,
		       struct mail_envelope *e);
/* Is this address the bcc of some route? Reports about it are not for the sender, who does not know of it. */
bool route_is_copy(const struct settings *s, const char *address);

#endif
