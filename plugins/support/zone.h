/*
 * Names of zones, the eth0 in fe80::1%eth0: which of a network's devices a link-local address is of.
 *
 * zone.c knows those of the host's network. A module whose network is another one's compiles a file of its own instead
 * (SUPPORT_SOCKETS_BARE in support.am).
 */
#ifndef SMTPGATE_SUPPORT_ZONE_H
#define SMTPGATE_SUPPORT_ZONE_H

#include "support/prefix.h"

#include <net/if.h>

#define zone_index SUPPORT(zone_index)
#define zone_name SUPPORT(zone_name)

/* The index of a device, or 0: there is none of this name. */
unsigned zone_index(const char *name);
/* The name of a device, or NULL: there is none of this index. Returns out. */
const char *zone_name(unsigned index, char out[IF_NAMESIZE]);

#endif
