/*
 * What a destination has taught us of how much it takes: fewer connections at a time, fewer messages a minute than the route
 * allows. Learned from answers (refusal.h), forgotten bit by bit as long as it does not complain again. Pure: times are
 * monotonic ms that come in. Cannot fail.
 *
 *	connections: one less than were open; one more every 10 minutes, until the route's own limit is reached
 *	rate:        three quarters of what went in the minute before; a quarter more every 10 minutes, gone at four times that
 */
#ifndef SMTPGATE_GATEWAY_THROTTLE_H
#define SMTPGATE_GATEWAY_THROTTLE_H

#include <stdint.h>

#define THROTTLE_EASE_MS (int64_t)600000
#define THROTTLE_WINDOW_MS (int64_t)60000

struct throttle {
	unsigned connections; /* at most; 0: nothing learned */
	int64_t connections_ease;
	unsigned rate; /* messages in a window; 0: nothing learned */
	unsigned rate_first;
	int64_t rate_ease;
	int64_t window;        /* when it began */
	unsigned used, before; /* messages in this window, and in the one before */
	int64_t not_before;    /* nothing goes before; 0: at once */
};

/* The server would not have another connection; `open` others are open to it. */
void throttle_too_many(struct throttle *t, unsigned open, int64_t now);
/* The server would not have another message yet: a pause of so long, then fewer. */
void throttle_too_fast(struct throttle *t, int64_t pause, int64_t now);
/* How many connections may be open, given the route's limit. */
unsigned throttle_connections(struct throttle *t, unsigned most, int64_t now);
/* Takes one message's worth. Returns now when it may go, else the moment from which it may be asked again. */
int64_t throttle_take(struct throttle *t, int64_t now);

#endif
