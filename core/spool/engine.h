/*
 * The engine behind the spool: synchronous, used by the spool thread alone. It keeps rows and knows
 *no rules: what a report makes of a recipient is decided by spool/book.c, so that every engine
 *gives the same answers.
 *
 * A transaction:
 *
 *	            begin                      commit OK
 *	  IDLE ---------------> OPEN ----------------------> IDLE    counts are what was committed
 *	   ^                     |
 *	   |                     | any function, commit too, answers neither OK nor E_NOTFOUND
 *	   |     recover OK      v
 *	   +------------------ LOST    only recover and close may be called
 *
 *   IDLE  What was committed is durable: commit answers OK after the sync, and only then.
 *   OPEN  Every read sees what was written in this transaction.
 *   LOST  The transaction is *doubtful*: its bytes may have reached the log before the sync failed,
 *so the database may say so after a crash or a reopening although nobody was answered OK. This
 *holds for its new messages (numbers above the last good one) and equally for its updates: a
 *delivered recipient, a removed body. Since one transaction is all or nothing, there are but two
 *states that the database can be in: that of the last commit answered OK, or the same with the
 *whole doubtful group on top.
 *
 * recover brings it back to the first, durably, before anything is served:
 *   1. The handle is closed without a checkpoint. No sync is ever tried again on bytes whose sync
 *failed.
 *   2. The engine knows where in the log the doubtful transaction began, because it sees every
 *write (spool/vfs.h). The log is cut there and synced. Everything before is older than the
 *transaction and was synced by commits answered OK; the main file is written by checkpoints alone,
 *never by a transaction.
 *   3. The database is opened afresh and read: its generation (a count that every commit raises by
 *one, in the same transaction) has to be that of the last good commit. If it is not, nothing is
 *served: E_CORRUPT.
 *   4. A transaction that raises the generation is committed: the disk has taken and synced
 *something, so what comes next stands on a sound log. The group is answered after the first try of
 *recover, so that even a crash right after the 4xx finds the log cut. A commit that failed cleanly
 *(disk full) goes the same way: one way, always tested.
 *
 * Bodies above SPOOL_BODY_INLINE are files (spool/body.h); an engine keeps only their names.
 */
#ifndef SMTPGATE_SPOOL_ENGINE_H
#define SMTPGATE_SPOOL_ENGINE_H

#include "spool/chain.h"
#include "spool/message.h"
#include "spool/spool.h"

#define ENGINE_NEVER INT64_MAX /* a next_at: no recipient is waiting */

/* What is counted, stored with each commit. accepted = the sum of states. */
struct engine_counts {
	uint64_t generation;                /* raised by each commit */
	uint64_t last;                      /* highest number given */
	uint64_t accepted;                  /* recipients */
	uint64_t states[SPOOL_STATE_COUNT]; /* recipients */
	uint64_t waiting, held; /* messages: some recipient waits; none does but some is held */
	uint64_t bytes;         /* content of both */
	struct chain_state chain;
};

/* One recipient as the rules see it. */
struct engine_rcpt {
	enum spool_state state;
	unsigned attempts;
	int64_t next_at;
	bool warned;
	uint64_t serial; /* book.c's: the request that named it last */
};

/* A message as the rules see it. */
struct engine_head {
	uint64_t number, size;
	int64_t next_at; /* least of its waiting recipients, ENGINE_NEVER: none */
	int64_t ended;   /* wall ms, 0: lives */
	size_t rcpt_count;
};

/* Words of the last answer; NULL leaves what was. */
struct engine_words {
	const char *rule, *peer, *status, *reason;
};

/* A message's body: data (malloc'd) when it is inline; else its file's name, or already a
 * descriptor (memory twin). */
struct engine_body {
	char *data;
	int fd; /* -1: none */
	char file[BODY_NAME_MAX];
};

enum engine_verdict { ENGINE_TAKE, ENGINE_SKIP, ENGINE_STOP };
/* Called for due's rows in order; must not call the engine. */
typedef enum engine_verdict engine_visit(void *ctx, uint64_t number, int64_t next_at);

struct engine;
struct engine_ops {
	void (*close)(struct engine *e);
	enum result (*begin)(struct engine *e, struct err *err);
	/* Stores counts (generation is the engine's own) and makes all durable. */
	enum result (*commit)(struct engine *e, const struct engine_counts *counts,
			      struct err *err);
	enum result (*recover)(struct engine *e, struct err *err);

	/* Adds m with its number, its recipients as m->rcpts says and its body. */
	enum result (*insert)(struct engine *e, const struct message *m, int64_t next_at,
			      struct err *err);
	/* Whether a message with this maildrop name was accepted before. */
	enum result (*taken)(struct engine *e, const char *name, bool *taken, struct err *err);
	/* E_NOTFOUND: no such message. */
	enum result (*head)(struct engine *e, uint64_t number, struct engine_head *head,
			    struct err *err);
	/* Its recipients, as many as head said, in order. */
	enum result (*rcpts)(struct engine *e, uint64_t number, struct engine_rcpt *rcpts,
			     size_t count, struct err *err);
	enum result (*set_rcpt)(struct engine *e, uint64_t number, size_t rcpt,
				const struct engine_rcpt *now, const struct engine_words *words,
				struct err *err);
	/* The row of one attempt. */
	enum result (*add_attempt)(struct engine *e, uint64_t number, const struct spool_attempt *a,
				   struct err *err);
	/* Stores next_at and ended; with ended set the body's row goes. */
	enum result (*set_head)(struct engine *e, const struct engine_head *head, struct err *err);

	/* Fills the entry (not `claimed`), strings in region; attempts when asked for. */
	enum result (*load)(struct engine *e, uint64_t number, bool attempts, struct region *region,
			    struct spool_entry *entry, struct err *err);
	/* E_NOTFOUND: it has none (any more). `size` is the head's. */
	enum result (*body)(struct engine *e, uint64_t number, struct engine_body *body,
			    struct err *err);
	/* Numbers above `after`, ascending; of living messages only unless `ended`. *count: in:
	 * room, out: found. */
	enum result (*scan)(struct engine *e, uint64_t after, bool ended, uint64_t *numbers,
			    size_t *count, struct err *err);
	/* Visits messages with a waiting recipient by (next_at, number), once for each priority,
	 * urgent first. ENGINE_STOP goes on with the next priority. */
	enum result (*due)(struct engine *e, engine_visit *visit, void *ctx, struct err *err);
	/* The same of those alone whose next_at is later than `beyond`. */
	enum result (*far)(struct engine *e, int64_t beyond, engine_visit *visit, void *ctx,
			   struct err *err);
	/* The lowest number >= from with a waiting recipient and its arrival; E_NOTFOUND. */
	enum result (*oldest)(struct engine *e, uint64_t from, uint64_t *number, int64_t *arrived,
			      struct err *err);
	/* Numbers of messages whose body is a file, above `after`, with the file's name; E_NOTFOUND
	 * at the end. */
	enum result (*next_file)(struct engine *e, uint64_t after, uint64_t *number,
				 char file[BODY_NAME_MAX], struct err *err);
	/* Numbers of messages that ended at or before `before`, those of a maildrop name at or
	 * before before_named. *count: in: room, out: found. */
	enum result (*ended)(struct engine *e, int64_t before, int64_t before_named,
			     uint64_t *numbers, size_t *count, struct err *err);
	/* Forgets a message that has ended. */
	enum result (*drop)(struct engine *e, uint64_t number, struct err *err);
	/* The history's chain: adds a link; reads those above `after`, ascending (*count: in: room, out:
	 * found); takes away those up to `upto`. */
	enum result (*add_link)(struct engine *e, const struct chain_link *l, struct err *err);
	enum result (*links)(struct engine *e, uint64_t after, struct chain_link *links,
			     size_t *count, struct err *err);
	enum result (*cut_links)(struct engine *e, uint64_t upto, struct err *err);
	/* Between transactions: copies a piece of the database into the file `path`, which is begun when
	 * none is. *over: it is all there, as committed now. A failure loses nothing but the copy;
	 * snapshot_end gives it up. E_UNSUPPORTED. */
	enum result (*snapshot_step)(struct engine *e, const char *path, bool *over,
				     struct err *err);
	void (*snapshot_end)(struct engine *e);
	/* Between transactions: moves the log into the main file when it is long, or when the spool
	 * is idle. */
	enum result (*upkeep)(struct engine *e, bool idle, struct err *err);
};

struct engine {
	const struct engine_ops *ops;
	struct engine_counts counts; /* of the last commit */
};

/* Each opens what o->path holds (its lock is taken), or makes it. */
enum result engine_memory_open(struct engine **e, const struct spool_options *o, struct err *err);
enum result engine_sqlite_open(struct engine **e, const struct spool_options *o, struct err *err);
/* Is the database there, and written by a program that is newer than this one? E_VERSION; changes
 * nothing on disk. */
enum result engine_sqlite_check(const struct spool_options *o, struct err *err);

#endif
