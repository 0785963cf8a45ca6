/* The client of a message or a session against lists of networks. */
#ifndef SMTPGATE_ROUTE_CLIENT_H
#define SMTPGATE_ROUTE_CLIENT_H

#include "conf/settings.h"

#include <stdbool.h>

/* Is the client (IP as text) in the list? NULL, "" and what is no IP (a network without IP, a local
 * program) is only in a list that has `all`. */
bool route_client_fits(const struct conf_nets *nets, const char *client);
/* The profile of a client at a listener: of those that name it the first in the file (*named), else that of the listener. */
const struct conf_profile *route_client_profile(const struct settings *s,
						const struct conf_listen *listen,
						const char *client, bool *named);

#endif
