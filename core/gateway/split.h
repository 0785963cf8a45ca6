/*
 * Splitting a message: each recipient that is due is decided by the routes and put into the group of its destination, or into
 * an outcome when it needs no journey. Main thread only.
 */
#ifndef SMTPGATE_GATEWAY_SPLIT_H
#define SMTPGATE_GATEWAY_SPLIT_H

#include "gateway/destination.h"
#include "gateway/outcome.h"

struct split {
	struct queue *q;
	struct destinations *destinations;
	struct active *a;
	struct settings *settings;
	struct delivery *groups; /* out: a list; a->outstanding counts them, and the outcome */
	struct outcome *outcome; /* out: what is decided without a job; NULL: nothing */
};

/* Recipient number i. False: no memory, it is in no group. */
bool split_rcpt(struct split *s, const struct route_world *world, size_t i);
void split_group_free(struct delivery *d);

#endif
