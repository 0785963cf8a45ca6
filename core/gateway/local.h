/* Local delivery: a group of recipients of one postoffice into their Maildirs, in a thread of the pool `disks`. */
#ifndef SMTPGATE_GATEWAY_LOCAL_H
#define SMTPGATE_GATEWAY_LOCAL_H

#include "gateway/queue.h"

/* queue_delivered follows. E_LIMIT: the pool takes no more now. */
enum result local_start(struct queue *q, struct delivery *d, struct err *err);
/* Makes each postoffice's folder and its admin mailbox, but for format = mmff, whose put program does, and for one of the settings `old`
 * (NULL at start) whose share is away. What cannot be made is logged: mail for it waits. */
void local_make_admins(const struct settings *s, const struct settings *old);

#endif
