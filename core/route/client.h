/* The client of a message against lists of networks: for core/route only. */
#ifndef SMTPGATE_ROUTE_CLIENT_H
#define SMTPGATE_ROUTE_CLIENT_H

#include "conf/settings.h"

#include <stdbool.h>

/* Is the client (IP as text) in the list? NULL, "" and what is no IP (a network without IP, a local
 * program) is only in a list that has `all`. */
bool route_client_fits(const struct conf_nets *nets, const char *client);

#endif
