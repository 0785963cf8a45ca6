/*
 * The cable of a worker: from the TAP device of its private network to the Ethernet outside (support/wire.h), frame by
 * frame. A frame that the Ethernet has no room for waits, and TAP with it: the private stack slows down by itself. What the
 * device does not take is lost, as frames may be. Linked into the helper alone.
 */
#ifndef SMTPGATE_NVL_CABLE_H
#define SMTPGATE_NVL_CABLE_H

#include "nvl/nvl_talk.h"

#include <poll.h>

#define NVL_CABLE_FDS 2 /* what nvl_cable_wait fills */

struct nvl_cable;

/* Plugs it in, by the network and with the rights of this process. NULL: why says what stands in the way. */
struct nvl_cable *nvl_cable_open(const char *network, struct nvl_word *why);
void nvl_cable_close(struct nvl_cable **cable);
/* From now on the frames are this TAP device's, or this SOCK_SEQPACKET socket's; -1: nobody's, as at first. */
void nvl_cable_join(struct nvl_cable *cable, int tap);
/* What is to be waited for. */
void nvl_cable_wait(struct nvl_cable *cable, struct pollfd p[NVL_CABLE_FDS]);
/* Carries what is there, for a bounded turn. false: the Ethernet is lost, and why says how. */
bool nvl_cable_pump(struct nvl_cable *cable, const struct pollfd p[NVL_CABLE_FDS],
		    struct nvl_word *why);

#endif
