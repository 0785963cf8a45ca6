/*
 * What `smtpgate probe` finds of the host's own network, for the modules over kernel sockets: the device that connections leave
 * by, its addresses, whether another host has one of them too, and the gateway.
 *
 * Reads /proc/net and asks the kernel; where this process may (CAP_NET_RAW) it asks the network by ARP. Changes nothing.
 */
#ifndef SMTPGATE_SUPPORT_HOSTPROBE_H
#define SMTPGATE_SUPPORT_HOSTPROBE_H

#include "support/ipaddr.h"

#define hostprobe SUPPORT(hostprobe)

/*
 * device: the one that the settings name, "" for that of the source, of the default route, or the first that is up.
 * source: own address of the settings, or NULL. The rest is probe's of struct sgt_module.
 */
void hostprobe(const char *device, const struct ipaddr *source, int limit_ms,
	       void (*fn)(void *ctx, const struct sgt_finding *finding), void *ctx);

#endif
