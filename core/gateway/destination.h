/*
 * A destination: a postoffice, a smart host or a domain's MX, with its line of groups, its limits and its back-off.
 *
 *	        group, room                    result about the message
 *	 IDLE ---------------> BUSY (jobs) --------------------------------> IDLE / next group
 *	                         |  no server could be reached
 *	                         v
 *	                       RESTING until wait_until: its line goes back to the spool, new groups too
 *	                         |  time over, a message is due
 *	                         v
 *	                       PROBING: one job at a time until one reaches a server
 *
 * Groups line up by priority. A server's word that it has too much makes the limits smaller (throttle.h).
 *
 * So one dead destination costs one attempt a wave, holds no memory, and never delays another. A slow one, or one whose jobs hang, may
 * hold a share of it: when there is no more, what stands behind that goes back to the spool (destinations_relieve).
 */
#ifndef SMTPGATE_GATEWAY_DESTINATION_H
#define SMTPGATE_GATEWAY_DESTINATION_H

#include "gateway/queue.h"

struct destinations; /* all of them, by key */

struct destinations *destinations_new(struct queue *q);
void destinations_destroy(struct destinations **ds);
/* The destination with this key, made when new; NULL when memory is short. */
struct destination *destinations_get(struct destinations *ds, const char *key);
/* The group of `a` that is being filled for this destination, if it was the last message to use it. */
struct delivery *destination_open_group(struct destination *d, const struct active *a);
void destination_set_open_group(struct destination *d, const struct active *a, struct delivery *g);
/* Has it failed for so long that this route's fallback is taken? Not for one group at a time, which looks whether it is back. */
bool destination_given_up(const struct destination *d, const struct conf_route *route);
/* Takes a group: starts a job, lines it up, or postpones it. */
void destination_add(struct destination *d, struct delivery *g);
/* A job of this destination ended: what follows from it for the destination. Returns 0, or the wall ms until which it
 * rests now. Then, when the group is gone, destination_next lets the line go on. */
int64_t destination_ended(struct destination *d, const struct delivery *g);
/* The same when it was not the destination's fault: the TCP/IP of its route was lost. */
void destination_left(struct destination *d);
/* Wall ms when that TCP/IP may be back. */
int64_t destination_vendor_back(const struct destination *d, const struct delivery *g);
void destination_next(struct destination *d);
/* Forgets back-offs, and lets what waits in the lines be routed anew: the settings may be others. */
void destinations_flush(struct destinations *ds);
/* The wall clock was put forward by so many ms (back: less than 0): rests and failures last as long as they would have. */
void destinations_clock_jumped(struct destinations *ds, int64_t skip);
/* Puts every line back to the spool; running jobs go on. */
void destinations_drain(struct destinations *ds, const char *reason);
/* Memory is short: of a line that will last for long only so much stays. Room comes with the outcome of the rest. */
void destinations_relieve(struct destinations *ds, size_t bytes, size_t count);
/* Drops destinations that have been idle for an hour. */
void destinations_tidy(struct destinations *ds);
enum result destinations_status(struct destinations *ds, struct region *region,
				struct gateway_status *out);
const char *destination_key(const struct destination *d);

#endif
