/* Delivery into a postoffice of Microsoft Mail: a group of recipients of one, in a thread of the pool `disks` (deliver/office_put.h). */
#ifndef SMTPGATE_GATEWAY_PUT_H
#define SMTPGATE_GATEWAY_PUT_H

#include "gateway/queue.h"

/* queue_delivered follows. E_LIMIT: the pool takes no more now. */
enum result put_start(struct queue *q, struct delivery *d, struct err *err);

/* Did the translator die of this message at an earlier attempt? */
bool put_died_before(const struct delivery *d);

#endif
