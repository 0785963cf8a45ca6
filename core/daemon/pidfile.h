/* The file with the process number: locked while the gateway runs, removed at its end. */
#ifndef SMTPGATE_DAEMON_PIDFILE_H
#define SMTPGATE_DAEMON_PIDFILE_H

#include "base/result.h"

struct pidfile {
	int fd; /* -1: none */
	char path[1024];
};
#define PIDFILE_NONE     \
	{                \
		.fd = -1 \
	}

/* Makes and locks the file, empty (an old one whose owner is gone is taken over). E_BUSY names the process that
 * holds it. Symbolic links are not followed. Call after the last fork. */
enum result pidfile_take(struct pidfile *p, const char *path, struct err *err);
/* Writes the number of this process: the start succeeded. */
enum result pidfile_write(struct pidfile *p, struct err *err);
/* Removes and unlocks it; where the folder forbids that (rights were dropped), leaves it empty. */
void pidfile_drop(struct pidfile *p);

#endif
