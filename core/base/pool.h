/*
 * A small pool of threads for slow work (local delivery, password hashes). Work and its result travel as one
 * task: `work` runs in the pool, then the task is posted to the inbox it came from, where `done` runs. Threads are
 * started as jobs need them, and stay.
 */
#ifndef SMTPGATE_BASE_POOL_H
#define SMTPGATE_BASE_POOL_H

#include "base/inbox.h"
#include "base/result.h"

struct pool;

struct job {
	struct task task; /* the pool's */
	struct inbox *answer_to;
	void (*work)(
		struct job *j); /* in a thread of the pool; may block within its own time limits */
	void (*done)(struct job *j); /* in the thread of answer_to; frees the job */
};

/* threads: 1..1024, at most so many; most: jobs waiting or running at a time. E_NOMEM, or as its first thread cannot be started. */
enum result pool_new(struct pool **p, unsigned threads, size_t most, struct err *err);
/* E_LIMIT when `most` jobs are in the pool: nothing was taken, try later. */
enum result pool_run(struct pool *p, struct job *j);
/* Jobs waiting or running. */
size_t pool_load(struct pool *p);
/* Finishes every job taken so far (their done still has to be run by draining the inboxes), ends the threads. */
void pool_destroy(struct pool **p);

#endif
