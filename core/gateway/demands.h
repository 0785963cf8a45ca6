/* What the sender of a message demands of the way that it goes (mail/asks.h). */
#ifndef SMTPGATE_GATEWAY_DEMANDS_H
#define SMTPGATE_GATEWAY_DEMANDS_H

#include "gateway/link.h"
#include "gateway/queue.h"

/*
 * Why this server, or the way to it, is not what the sender demands, in words; NULL: it is. REQUIRETLS (RFC 8689 4.2.1) holds on every
 * way but that into a mailbox of ours. MX records that nobody has signed may lead anywhere, to a server with a good certificate too.
 */
const char *demands_unmet(const struct delivery *d, const struct link *l);

#endif
