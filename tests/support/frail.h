/*
 * A disk that fails on demand: the decorator of struct file_ops. It counts every call and lets the n-th fail; it also
 * remembers them in order, so that a test can see what was synced before what.
 *
 *	for (unsigned i = 1; frail_fail_at(i, EIO), file_replace(frail_ops(), ...) != OK; i++)
 *		...the old file or the new one is there...
 */
#ifndef SMTPGATE_TESTS_FRAIL_H
#define SMTPGATE_TESTS_FRAIL_H

#include "base/file.h"

/* The operations to hand to what is tested; the system's own do the work. One thread. */
const struct file_ops *frail_ops(void);
/* The n-th call from now fails with errnum (1: the next; 0: none). Forgets the calls so far. A close that "fails" still
 * closes; a write that fails with errnum 0 takes one byte less than it could (a short write). */
void frail_fail_at(unsigned n, int errnum);
/* The calls since frail_fail_at: "openat write fsync close renameat ...". */
const char *frail_calls(void);

#endif
