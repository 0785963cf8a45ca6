/*
 * Torture of a spool on a disk of the user's own: a child takes messages as fast as it can, is killed in the midst by SIGKILL,
 * and what it had answered must be there once, whole. Again and again on one spool.
 *
 * A kill proves the program and the order of its writes; it does not take the power from the disk. So the time of a sync
 * is measured as well: a disk that answers sooner than any medium can write says so by it.
 */
#ifndef SMTPGATE_SPOOL_TORTURE_H
#define SMTPGATE_SPOOL_TORTURE_H

#include "base/result.h"

#include <stdbool.h>
#include <stdint.h>

struct spool_torture {
	const char *path; /* an empty folder, for this alone */
	unsigned kills;
	bool early; /* tests: answers before the commit, a fault that must be found */
	void (*progress)(void *ctx, const struct spool_torture *t); /* after each kill, or NULL */
	void *ctx;

	unsigned killed;   /* out, as the rest: kills so far, each after an answer of its round */
	uint64_t answered; /* messages that were answered */
	uint64_t found;    /* messages that were there afterwards, answered or not */
	uint64_t lost, twice, damaged, unsummed; /* faults; the last: numbers or sums do not fit */
	int64_t sync_us;                         /* median of a write of 4 KiB with its sync */
};

/*
 * Call while the process has one thread: it forks. OK: it ran to the end, the counts say what was found. E_IO, E_FULL,
 * E_TIMEOUT (the disk answers nothing), E_NOMEM: it could not, err says why. What it wrote stays below path.
 */
enum result spool_torture_run(struct spool_torture *t, struct err *err);
/* All faults together. */
uint64_t spool_torture_faults(const struct spool_torture *t);

#endif
