/*
 * What the tests of core/transport share: stacks over the in-memory transport, run in the test's own thread with a clock
 * that the test moves, and a user of connections that writes down what happens to it.
 */
#ifndef SMTPGATE_TESTS_TWIN_H
#define SMTPGATE_TESTS_TWIN_H

#include "mem.h"
#include "transport/conn.h"
#include "transport/listener.h"
#include "transport/stack.h"

struct twin {
	struct instance *instance;
	struct stack *stack;
	unsigned ups, downs;
	struct sgt_error why; /* of the last on_down */
	/* set before twin_up: called from on_up */
	enum sgt_result (*on_up)(struct twin *t, struct sgt_error *error);
	struct listener *listener;
	void *user;
};

/* A stack named `name` with one own address on a network; more settings as "key=value", NULL-terminated, may be NULL.
 * clock NULL: the system's. Aborts where it cannot be made. */
void twin_make(struct twin *t, const char *name, const char *network, const char *address,
	       const char *const *settings, const struct clock *clock);
/* prepare and start in this thread; must succeed. */
void twin_up(struct twin *t);
/* Turns both (b may be NULL) so often without waiting. */
void twin_turns(struct twin *a, struct twin *b, unsigned turns);
void twin_end(struct twin *t);
extern const struct stack_ops twin_ops; /* ctx: struct twin */

/* A user of a connection that keeps what it is told. */
struct seen {
	struct conn *conn;
	unsigned connected, offers, sent, eofs, timeouts, errors, closed;
	struct sgt_error error;
	char text[65536]; /* what came */
	size_t len;
	size_t take; /* bytes taken of one offer; 0: all */
	bool echo;   /* writes back what came */
	bool close_on_eof;
	bool close_on_error;
};
extern const struct conn_ops seen_ops;

/* Opens a listener at address; each connection is taken by the next of `seen` (an array of count). */
struct acceptor {
	struct seen *seen;
	size_t count, at;
};
void acceptor_open(struct twin *t, const char *address, struct acceptor *a);

#endif
