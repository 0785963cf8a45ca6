/*
 * How long to wait before the next try of what failed: the first wait, then twice the one before, to a longest. Pure: whoever
 * tries has the clock.
 */
#ifndef SMTPGATE_BASE_BACKOFF_H
#define SMTPGATE_BASE_BACKOFF_H

#include <stdint.h>

struct backoff {
	int64_t first, most; /* ms, above 0; a first that is longer than most stays as it is */
	int64_t wait;        /* the last one; 0: none yet, or begun anew */
};

/* The wait before the next try, in ms. */
int64_t backoff_next(struct backoff *b);
/* What was tried has worked: the next wait is the first again. */
void backoff_reset(struct backoff *b);

#endif
