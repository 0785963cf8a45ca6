/*
 * Timers of one thread: a binary heap of embedded nodes. Times are clock_mono milliseconds.
 * Setting, moving and clearing cost O(log n); no timer allocates but for the heap's array.
 */
#ifndef SMTPGATE_BASE_TIMERS_H
#define SMTPGATE_BASE_TIMERS_H

#include "base/result.h"

#include <stddef.h>
#include <stdint.h>

struct timer {
	int64_t due;
	size_t place; /* index in the heap + 1; 0: not set */
	void (*fire)(struct timer *t);
};

struct timers {
	struct timer **heap;
	size_t count, cap;
	int64_t floor; /* while timers_run runs: what is set then is due later than its `now` */
};

void timers_init(struct timers *ts);
/* Frees the heap. Timers still set are forgotten. */
void timers_free(struct timers *ts);
/* Sets or moves a timer; t->fire must be set. OK or E_NOMEM (a timer already set is moved without allocation).
 * Set by a timer that fires, it fires in the next run at the earliest: a timer that renews itself cannot hold the loop. */
enum result timers_set(struct timers *ts, struct timer *t, int64_t due);
/* Clears a timer; one that is not set is fine. */
void timers_clear(struct timers *ts, struct timer *t);
/* Milliseconds until the first is due (0: now), at most `most` (0 or more); `most` when there is none. */
int timers_wait(const struct timers *ts, int64_t now, int most);
/* Fires all that are due at `now`, each cleared before its call. They may set and clear any timer. */
void timers_run(struct timers *ts, int64_t now);

#endif
