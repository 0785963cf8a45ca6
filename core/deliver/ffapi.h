/*
 * The FFAPI programs of a postoffice (get, put) run by the gateway, and what both ways share: is the postoffice there, and is it our turn.
 */
#ifndef SMTPGATE_DELIVER_FFAPI_H
#define SMTPGATE_DELIVER_FFAPI_H

#include "base/spawn.h"

struct ffapi {
	const char *command; /* words by blanks; a program of ours is looked for beside us first */
	const char *postoffice;     /* PATH of -dPATH */
	const char *const *options; /* further words, NULL at the end */
	const char *file;
	int64_t limit; /* ms */
	const atomic_bool *stop;
	const struct clock *clock;
};
/*
 * Runs it. OK: it ended with 0. E_STATE: with another status, err has it and its words; else as spawn_run. ran (may be NULL) gets its
 * status.
 */
enum result ffapi_run(const struct ffapi *f, int *status, struct err *err);

/* Is the postoffice there? An empty mount point is none. */
bool ffapi_there(const char *path);
/* The folder PATH/smtp into folder (PATH_MAX bytes), made when the postoffice is there without it. E_NOTFOUND: it is not there: an empty mount point
 * is none. */
enum result ffapi_find(const char *path, char *folder, struct err *err);

/*
 * Takes the lock FOLDER/NAME, so that gateways of one postoffice take turns; waits `wait` ms at most. E_BUSY: another has it;
 * E_CANCELLED: stop. The lock goes with *fd (ffapi_unlock), or with the process.
 */
enum result ffapi_lock(const char *folder, const char *name, int64_t wait, const atomic_bool *stop,
		       const struct clock *clock, int *fd, struct err *err);
void ffapi_unlock(int *fd);

#endif
