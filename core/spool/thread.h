/*
 * The spool's inside, shared by its files:
 *   spool.c     opening, closing, recovery at start
 *   thread.c    the spool thread: groups, commits, the way back from a lost transaction
 *   submit.c    submit and update          (called in the requester's thread up to the posting)
 *   claim.c     due
 *   operator.c  list, act, totals
 *   snapshot.c  a copy of the running spool
 *   verify.c    verify: the history's chain against its rows
 *   jumps.c     jumps of the wall clock
 *   side.c      the side thread: syncs bodies that are files before their transaction, removes them
 *after
 *
 *	requester --post--> [side thread: body files synced, in place] --post--> spool thread
 *--done--> requester
 *
 * The spool thread:
 *
 *	IDLE --requests--> SERVING --commit OK--> IDLE, each answered
 *	                      | failure of engine or memory
 *	                      v
 *	                   BROKEN --recover OK--> IDLE          tried at once, before the group is
 *answered, then after 0.1 s, 0.2 s, ... 5 s; requests get E_IO meanwhile
 *
 * A group of reports alone (updates: nobody's answer hangs on them) waits for up to report_wait for a
 * message that is submitted, and shares its sync; else the next submit would wait for theirs.
 *
 * A refusal (a wrong number, a name taken) is found before anything is written, so it never harms
 *its group.
 */
#ifndef SMTPGATE_SPOOL_THREAD_H
#define SMTPGATE_SPOOL_THREAD_H

#include "spool/bell.h"
#include "spool/book.h"
#include "spool/draft.h"
#include "spool/jumps.h"

#include <pthread.h>

struct scan;  /* operator.c */
struct check; /* verify.c */

struct spool {
	struct spool_options o;
	char *path, *version; /* what o's point to */
	struct bodies bodies;
	struct draft_kit drafts;
	int lock; /* -1: none */
	struct jumps jumps;

	/* the spool thread's */
	struct engine *engine;
	struct book book;
	bool open;                       /* a transaction is */
	bool ending;                     /* close was called */
	enum result lost;                /* the open group's failure, OK: none */
	bool broken;                     /* recover has not succeeded yet */
	struct err trouble;              /* of the last failure */
	int backoff;                     /* ms until recover is tried again */
	int64_t retry_at, purge_at;      /* mono ms */
	struct task *answers, **last;    /* served; to be answered once the group has ended */
	struct task *totals;             /* the same, of totals: filled after all others */
	size_t answered, reports;        /* requests in the open group, reports among them */
	size_t added;                    /* messages in the open transaction */
	uint64_t commits, synced;        /* group commit's yield */
	struct scan *scans;              /* lists and actions that are going on */
	struct spool_snapshot *snapshot; /* that is being made */
	struct check *checks;            /* of the chain, that are going on */
	bool purging;                    /* the last bite of the history was full */
	bool busy;                       /* something was written since the log was last moved */
	struct inbox inbox;
	struct bell bell;
	pthread_t thread;

	/* the side thread's */
	struct inbox side;
	struct bell side_bell;
	pthread_t side_thread;
	bool side_ending;
};

#define ENGINE(s, function, ...) ((s)->engine->ops->function((s)->engine, __VA_ARGS__))

/* ---- thread.c: for functions that serve a request, in the spool thread ---- */

void *spool_thread(void *spool);
/* OK, or why nothing can be served now: E_IO while broken, the group's failure once it is lost. */
enum result spool_ready(struct spool *s, struct err *err);
/* Opens the transaction when it is not open. A failure loses the group. */
enum result spool_write_begin(struct spool *s, struct err *err);
/* A failure of the engine or of memory (not a refusal): the group is lost. Returns r, also when it
 * is OK. */
enum result spool_failed(struct spool *s, enum result r, const struct err *err);
/* The request was served with this result; `settle` (may be NULL) runs once the group has ended,
 * with the final result in the request: it takes back what the request did to memory when that is
 * not OK. */
void spool_answer(struct spool *s, struct spool_request *q, enum result r,
		  void (*settle)(struct task *t));
/* The same for what only reports: its sync may wait for another's. */
void spool_answer_report(struct spool *s, struct spool_request *q, enum result r,
			 void (*settle)(struct task *t));
/* Answers at once, from any thread, without the group. */
void spool_reply(struct spool_request *q, enum result r);
/* Posts a request to the spool thread. */
void spool_post(struct spool *s, struct spool_request *q, void (*serve)(struct task *t));

/* ---- operator.c ---- */

/* One bite of each list and action that is going on. */
void operator_bites(struct spool *s);
/* The group is lost, or the spool ends: those that go on are answered so. */
void operator_fail(struct spool *s, enum result r);
void operator_totals(struct spool *s);
/* Every waiting message is held (at start, before the thread runs). */
enum result operator_hold_all(struct spool *s, const char *reason, struct err *err);

/* ---- verify.c ---- */

/* One bite of each check of the chain that is going on; and their end, as operator_fail. */
void verify_bites(struct spool *s);
void verify_fail(struct spool *s, enum result r);

/* ---- snapshot.c ---- */

/* A piece of the snapshot that is being made; between groups. */
void snapshot_bite(struct spool *s);
/* Gives it up: the spool ends. */
void snapshot_stop(struct spool *s);
/* At start: holds everything when SPOOL/restored is there, then removes that. */
enum result snapshot_hold_restored(struct spool *s, struct err *err);

/* ---- claim.c ---- */

/* The message in memory with its content. E_CORRUPT: its body is gone or cannot be opened. */
enum result claim_load(struct spool *s, uint64_t number, struct spool_message **out,
		       struct err *err);
/* Holds every waiting recipient of a message for a reason of ours. */
enum result claim_set_aside(struct spool *s, uint64_t number, const char *reason, struct err *err);

/* ---- side.c ---- */

void *side_thread(void *spool);
/* Both threads have ended: does what is left to remove. */
void side_finish(struct spool *s);
/* Posts a request whose `task.run` is set: it goes on to the spool thread once `files` were put in
 * place. */
struct side_work {
	struct task task;
	struct spool *spool;
	struct spool_request *request; /* NULL: only removes `remove` */
	struct message **messages;     /* those with a file are put in place */
	size_t count;
	enum result result;
	struct err err;
	struct book_file *remove;
};
/* Takes the work (malloc'd). */
void side_post(struct spool *s, struct side_work *w);
/* Removes files in the side thread; takes the list. */
void side_remove(struct spool *s, struct book_file *files);
/* Removes the file of a message that was not accepted, when it has one. */
void side_discard(struct spool *s, const struct message *m);

#endif
