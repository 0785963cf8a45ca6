/* Whether those who are told of trouble can be reached: mail to them that finds no way would lie held, and nobody would know. */
#ifndef SMTPGATE_GATEWAY_REACH_H
#define SMTPGATE_GATEWAY_REACH_H

#include "conf/settings.h"

#include <stdbool.h>

/* Would a report to this address go anywhere? Any thread, reads the aliases and looks for mailboxes; err says why not. */
bool reach_ok(const struct settings *s, const char *address, struct err *err);
/* Tells of each of `admin` of [gateway], `to` and `heartbeat_to` of [notify] that cannot be reached, once an address; err has the
 * remedy as well. The same thread as above. */
void reach_look(const struct settings *s, void (*tell)(void *ctx, const struct err *err),
		void *ctx);

#endif
