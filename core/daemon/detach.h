/*
 * `run --daemon`: the process that the user started waits for the result of the one that stays.
 *
 *	parent  fork ---- waits at the pipe ----------------- exits with the status it read
 *	child       \-- setsid, fork -- starts up -- detach_done(0) -- 0, 1, 2 to /dev/null -- runs on
 *
 * A child that ends without a word makes the parent exit with EXIT_FAILED.
 */
#ifndef SMTPGATE_DAEMON_DETACH_H
#define SMTPGATE_DAEMON_DETACH_H

#include "base/result.h"

struct detach {
	int pipe; /* -1: not detached */
};
#define DETACH_NONE        \
	{                  \
		.pipe = -1 \
	}

/* Forks. In the child: OK, with a new session, folder / and umask 027; what it writes to standard error still reaches the
 * user. In the parent: does not return, but exits with what the child says. E_...: nothing was forked. */
enum result detach_start(struct detach *d, struct err *err);
/* Tells the parent how the start went. After status 0 the standard descriptors are on /dev/null. Does nothing when not
 * detached, or the second time. */
void detach_done(struct detach *d, int status);

#endif
