/* The host's default route, as /proc/net tells it: over which device, by which gateway. Pure but for reading those files. */
#ifndef SMTPGATE_SUPPORT_HOSTROUTE_H
#define SMTPGATE_SUPPORT_HOSTROUTE_H

#include "support/ipaddr.h"

#include <net/if.h>
#include <stdio.h>

#define hostroute_find SUPPORT(hostroute_find)
#define hostroute_read4 SUPPORT(hostroute_read4)
#define hostroute_read6 SUPPORT(hostroute_read6)

struct hostroute {
	char device[IF_NAMESIZE]; /* "": there is none */
	bool has_gateway;         /* else everything is reached on the device itself */
	struct ipaddr gateway;
	unsigned long metric;
};

/* The best default route, IPv4 before IPv6; of one device only when it is not "". False: there is none. */
bool hostroute_find(const char *device, struct hostroute *out);
/* The same from a file of the form of /proc/net/route and /proc/net/ipv6_route. */
bool hostroute_read4(FILE *f, const char *device, struct hostroute *out);
bool hostroute_read6(FILE *f, const char *device, struct hostroute *out);

#endif
