/*
 * Jumps of the wall clock: by how much it was put forward or back, and when, so that nothing is given up for the time that a clock
 * skipped. What waits has the time it came; between that and now the clock may have been put right by years (a machine
 * without a battery starts in 1970), wrong by days, or the machine slept.
 *
 * The wall clock is compared with the monotonic one at each look. A change of SPOOL_CLOCK_JUMP or more is a jump; less, and what a
 * clock drifts, is none. Jumps are kept in SPOOL/clock, one a line, "NUMBER BEFORE SKIP": the highest number taken by then, what
 * the clock said, and by how many ms it was put forward (back: negative). A jump while nobody looked (the gateway is
 * down) cannot be known.
 *
 * Owns the list, behind a lock: the spool thread and the router look. Fails: what cannot be written is known until the end of the
 * process; it is tried again. At most JUMPS_MOST are known, the oldest goes first.
 */
#ifndef SMTPGATE_SPOOL_JUMPS_H
#define SMTPGATE_SPOOL_JUMPS_H

#include "base/clock.h"
#include "base/file.h"
#include "spool/spool.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define JUMPS_MOST 64

struct jump {
	uint64_t number; /* the last message that was taken before it */
	int64_t before;  /* wall ms when it happened, by the clock as it was */
	int64_t skip;    /* ms */
};

struct jumps {
	pthread_mutex_t lock;
	const struct clock *clock;
	const struct file_ops *files;
	char *path;     /* of the file; NULL: none is kept */
	int64_t offset; /* wall minus monotonic ms at the last look */
	uint64_t last;  /* highest number known */
	struct jump list[JUMPS_MOST];
	size_t count;
	bool unsaved;
};

/* Reads the file in the folder `path` (NULL: none is kept). A line that is none is left out. E_NOMEM, and the disk's. */
enum result jumps_open(struct jumps *j, const struct clock *clock, const struct file_ops *files,
		       const char *path, struct err *err);
void jumps_close(struct jumps *j);
/* Looks at the clocks; `last`: the highest number by now. Writes the file when there is news. The spool thread. */
void jumps_look(struct jumps *j, uint64_t last);
/* By how many ms the clock was put forward since this message came: `arrived` plus that is when it came by the clock of now. Looks first. */
int64_t jumps_skipped(struct jumps *j, uint64_t number, int64_t arrived);
/* Wall ms: what ended then or before it has been kept for `keep` ms, the time that was skipped left out. */
int64_t jumps_cutoff(struct jumps *j, int64_t keep);

#endif
