/*
 * Calls that fail when told to: file operations, and the database's I/O by its hooks, counted
 * together. Process-wide, because struct file_ops has no context. Any thread.
 */
#ifndef SMTPGATE_TESTS_FAULTY_H
#define SMTPGATE_TESTS_FAULTY_H

#include "base/file.h"

struct vfs_hooks;

/* The system's operations behind the counter. */
const struct file_ops *faulty_files(void);
/* Hooks that count (writes, syncs, truncations; not reads) and fail in the same way. */
const struct vfs_hooks *faulty_hooks(void);
/* From now on: the nth call counted (1: the next) fails with errnum, and `more` calls after it; 0:
 * none fails. */
void faulty_arm(unsigned nth, int errnum, unsigned more);
/* With errnum 0 a write takes half of its bytes, with EINTR none; other calls go through. */
/* Was a sync tried again for the same content after it had failed? */
bool faulty_tried_again(void);
/* Calls counted since faulty_arm. */
unsigned faulty_calls(void);
/* Whether a call has failed since. */
bool faulty_struck(void);

#endif
