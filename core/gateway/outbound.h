/*
 * Outgoing SMTP on one lane: jobs, the hosts they may go to, and connections kept between jobs.
 *
 * A job (one group of recipients of one message), in the lane's thread:
 *
 *	            kept connection                                        on_done
 *	  START ------------------------------------------> SENDING -------------------> DONE (posted to the queue)
 *	    | none            addresses      connected         ^  \ the kept connection was dead: once
 *	    v                                                  |   v
 *	  RESOLVE(MX) -> HOSTS -> RESOLVE(A, AAAA) -> DIAL -> HELLO
 *	                   ^                          |        |
 *	                   +--------------------------+--------+  this host failed: the next one
 *	                   none left -> DONE, not connected
 */
#ifndef SMTPGATE_GATEWAY_OUTBOUND_H
#define SMTPGATE_GATEWAY_OUTBOUND_H

#include "gateway/queue.h"
#include "gateway/vendor.h"

struct outbound;

/* The main thread, before the lane is started. NULL: no memory. */
struct outbound *outbound_new(struct lane *l);
/* After the lane's stack has ended: no job and no connection is left. NULL is fine. */
void outbound_destroy(struct outbound **o);

/* Main thread: starts the job of a group; queue_delivered follows. E_STATE: the TCP/IP is down. */
enum result outbound_start(struct queue *q, struct delivery *d, struct err *err);
/* The lane's thread: says QUIT to connections that do nothing (the gateway stops). */
void outbound_quiet(struct outbound *o);
/* The lane's thread: drops all connections; jobs end as failed. */
void outbound_abort(struct outbound *o);

#endif
