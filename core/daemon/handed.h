/* Descriptors that a process gets at its start: those handed over by the service manager, and all others. */
#ifndef SMTPGATE_DAEMON_HANDED_H
#define SMTPGATE_DAEMON_HANDED_H

#include "base/result.h"

#include <smtpgate/transport.h>

#define HANDED_FIRST 3 /* SD_LISTEN_FDS_START */
#define HANDED_MAX 64  /* descriptors taken at most; more are E_LIMIT */

struct handed {
	struct sgt_handed fds[HANDED_MAX];
	size_t count;
	char names[1024]; /* of LISTEN_FDNAMES, cut at its colons */
};

/*
 * Reads LISTEN_FDS, LISTEN_FDNAMES and LISTEN_PID (sd_listen_fds(3)) when they are meant for this process, sets
 * close-on-exec on the descriptors and takes the variables out of the environment, so that no child believes that
 * they are its own. No descriptors: OK and count 0. E_LIMIT; E_RANGE: one of them is not open.
 */
enum result handed_take(struct handed *h, struct err *err);
/* Closes every descriptor above 2 but those handed over; opens 0, 1 and 2 on /dev/null where they are closed, so that
 * no socket ever gets such a number. */
void handed_close_others(const struct handed *h);
/* Raises the limit of open descriptors to what it may be. */
void handed_raise_limit(void);

#endif
