/*
 * Encapsulated messages (translate/capsule.h) that come in for XXENC at a domain of a postoffice, in a thread of the pool: opened by the
 * translator, and put into the maildrop anew for those of its recipients who are behind that domain, and nobody else. From there each goes
 * the way of all mail: nothing can be reached by it that the sender could not write to.
 */
#ifndef SMTPGATE_GATEWAY_UNPACK_H
#define SMTPGATE_GATEWAY_UNPACK_H

#include "gateway/queue.h"

/* Is the group one of XXENC? */
bool unpack_wanted(const struct delivery *d);
/* queue_delivered follows. E_LIMIT: the pool takes no more now. */
enum result unpack_start(struct queue *q, struct delivery *d, struct err *err);

#endif
