/* Room on the spool's disk: looked at once a second, asked at every MAIL. */
#ifndef SMTPGATE_GATEWAY_DISK_H
#define SMTPGATE_GATEWAY_DISK_H

#include "gateway/internal.h"

/* Looks again. [main] */
void disk_look(struct gateway *g);
/* Why a message of this priority and size (0: unknown) cannot be taken now, in words for the client; NULL: it can. Below
 * [queue] disk_min only urgent ones are taken, below disk_min_urgent none. Any thread. */
const char *disk_refuses(struct gateway *g, const struct settings *s, enum mail_priority priority,
			 uint64_t size);

#endif
