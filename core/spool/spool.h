/*
 * The spool: where a message is safe. Its contract, in the order of a message's life:
 *
 *   draft     bytes of a message that is still arriving; nothing of it survives a crash.
 *   submit    draft + envelope become message number N, waiting, in one transaction, synced. Only its `done` with
 *             OK may be answered with 250. Any other result: nothing is kept, not even after a crash.
 *   claim     a submitted or due message is handed to the router, which works on it until it is updated.
 *             Claims are memory only: after a crash every message is unclaimed.
 *   update    what became of recipients, and new messages (bounces) that this causes, in one transaction: a
 *             recipient is never bounced without its report being in the spool, nor twice.
 *   end       when no recipient is waiting or held, the body is removed; number, envelope, attempts, hash stay in the
 *             history for `keep`.
 *
 * Numbers are 1, 2, 3 ... without gaps, given in the transaction that accepts.
 *
 * Threads: one spool thread owns the engine. Every request below is posted to it from any thread, requests that wait
 * are served in one transaction (group commit), and `done` runs in the requester's inbox. A failed commit fails each
 * request of its group; fsync is never tried again; the spool is `broken`, reopens itself, durably removes what was
 * doubtful, and serves again (see facts in spool/engine.h).
 *
 * Engines (memory twin, SQLite) implement spool/engine.h; nothing outside core/spool knows which one runs.
 */
#ifndef SMTPGATE_SPOOL_SPOOL_H
#define SMTPGATE_SPOOL_SPOOL_H

#include "base/clock.h"
#include "base/file.h"
#include "base/inbox.h"
#include "base/result.h"
#include "mail/envelope.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct spool;
struct spool_draft;
struct vfs_hooks; /* spool/vfs.h */

#define SPOOL_ID_MAX 24                 /* "m18446744073709551615" and NUL */
#define SPOOL_BODY_INLINE (256u * 1024) /* larger bodies are files beside the database */

enum spool_engine { SPOOL_MEMORY, SPOOL_SQLITE };

struct spool_options {
	enum spool_engine engine;
	const char *path;    /* folder; unused by the memory twin */
	int64_t keep;        /* ms that ended messages stay in the history */
	bool restart_hold;   /* every waiting message comes up held */
	const char *version; /* program version, written into the lock file */
	const struct clock *clock;
	const struct file_ops *files; /* NULL: file_system() */
	int report_wait; /* ms that updates may wait for a submit to share its sync; 0: they do not */
	const struct vfs_hooks *hooks; /* tests: sees and fails the database's I/O; else NULL */
};

/*
 * Opens and locks the spool, recovers, starts its thread. E_BUSY: another process holds it (err names pid, host and
 * since when). E_VERSION: written by a newer program; nothing was touched. E_DENIED, E_IO, E_CORRUPT as they are.
 * Call after the last fork: POSIX locks do not survive one.
 */
enum result spool_open(struct spool **s, const struct spool_options *o, struct err *err);
/* Serves what was requested so far, ends the thread, unlocks. Every `done` was posted before it returns. */
void spool_close(struct spool **s);

/* ---- messages ---- */

/* X(name, word) The states of a recipient. */
#define SPOOL_STATE_LIST(X)             \
	X(SPOOL_WAITING, "waiting")     \
	X(SPOOL_HELD, "held")           \
	X(SPOOL_DELIVERED, "delivered") \
	X(SPOOL_BOUNCED, "bounced")     \
	X(SPOOL_EXPIRED, "expired")     \
	X(SPOOL_REMOVED, "removed")

enum spool_state {
#define SPOOL_STATE_ENUM(name, word) name,
	SPOOL_STATE_LIST(SPOOL_STATE_ENUM)
#undef SPOOL_STATE_ENUM
		SPOOL_STATE_COUNT
};
const char *spool_state_word(enum spool_state s);

struct spool_rcpt {
	const char *address;
	const char *asks; /* of the sender for it (mail/asks.h); "" */
	enum spool_state state;
	unsigned attempts;
	int64_t next_at;    /* wall ms of the next attempt while waiting */
	bool warned;        /* its delay report was sent */
	const char *rule;   /* route or postoffice of the last decision, "" before any */
	const char *peer;   /* who answered last, "mx1.example.net [192.0.2.1]", "" before any */
	const char *status; /* enhanced status code of the last answer, "4.4.1", "" before any */
	const char *reason; /* words of the last answer or of the hold */
};

/* A message in memory: immutable but for its count of holders. */
struct spool_message {
	uint64_t number;
	char id[SPOOL_ID_MAX];         /* "m42" */
	struct mail_envelope envelope; /* its recipients[i] is rcpts[i].address */
	struct spool_rcpt *rcpts;
	size_t rcpt_count;
	uint64_t size;    /* bytes of content, CRLF lines */
	char hash[65];    /* SHA-256 of the content, hex */
	const char *data; /* whole content when size <= SPOOL_BODY_INLINE, else NULL: */
	int fd;           /* ... a descriptor to read at any offset, else -1 */
	struct region *region;
	unsigned refs;              /* atomic */
	struct spool_message *next; /* for whoever has it claimed */
};
struct spool_message *spool_message_ref(struct spool_message *m);
/* The last holder frees it (any thread). Clears the pointer. */
void spool_message_unref(struct spool_message **m);
/* Reads content at offset, without moving anything: bytes read (0 at the end) or -1 with errno. Any thread. */
ssize_t spool_message_read(const struct spool_message *m, uint64_t offset, void *to, size_t n);

/* ---- drafts: any one thread at a time; writes go to memory, above SPOOL_BODY_INLINE to a file (page cache) ---- */

enum result spool_draft_new(struct spool *s, struct spool_draft **d, struct err *err);
/* Content as it will be sent: CRLF lines, no dot stuffing. E_FULL, E_IO, E_NOMEM; then only abort helps. */
enum result spool_draft_write(struct spool_draft *d, const void *bytes, size_t n);
uint64_t spool_draft_size(const struct spool_draft *d);
/* Throws it away. NULL is fine. */
void spool_draft_abort(struct spool_draft **d);

/* ---- requests ----
 * Embed one, fill `answer_to` and `done` and the inputs, give it away by its call; in done (in the thread of
 * answer_to) read result, err and outputs; then it is yours again. Inputs must stay valid until done. */
struct spool_request {
	struct task task;    /* the spool's */
	struct spool *spool; /* the spool's */
	struct inbox *answer_to;
	void (*done)(struct spool_request *q);
	enum result result;
	struct err err;
};

struct spool_submit {
	struct spool_request q;
	struct spool_draft *draft; /* taken, whatever the result */
	const struct mail_envelope *envelope;
	const char *hold;              /* not NULL: every recipient is held for this reason */
	struct spool_message *message; /* out: one reference, claimed */
};
void spool_submit(struct spool *s, struct spool_submit *q);

/* What became of one recipient at one attempt. */
struct spool_change {
	uint64_t number;
	size_t rcpt; /* index */
	enum spool_state state;
	int64_t next_at; /* when state is SPOOL_WAITING */
	bool attempted;  /* counts as an attempt and is kept as a row of the history */
	bool warned;     /* sets the flag */
	const char *rule, *peer, *status, *reason; /* NULL leaves what was */
	const char *sent_hash; /* SHA-256 of what was sent, when delivered; may be NULL */
	/* As whom it was sent, where that was another: in the envelope, in From. May be NULL. */
	const char *sent_sender, *sent_from;
};

/* A message that a change causes: a bounce or a delay report. */
struct spool_new {
	struct mail_envelope *envelope;
	const void *data; /* content */
	size_t size;
	uint64_t number;               /* out */
	struct spool_message *message; /* the spool's */
};

struct spool_update {
	struct spool_request q;
	const struct spool_change *changes;
	size_t change_count;
	struct spool_new *news;
	size_t new_count;
	const uint64_t *unclaim; /* messages that the router is done with for now */
	size_t unclaim_count;
};
/* All or nothing. New messages are not claimed: they become due at once (see spool_due). */
void spool_update(struct spool *s, struct spool_update *q);

/*
 * By how many ms the wall clock was put forward (back: less than 0) since the message came (spool/jumps.h). Its
 * age is that much less than its arrival says. Any thread.
 */
int64_t spool_skipped(struct spool *s, const struct spool_message *m);
#define SPOOL_CLOCK_JUMP 60000 /* ms: what a clock does that is less is no jump */

struct spool_due {
	struct spool_request q;
	int64_t now; /* wall ms */
	int64_t beyond; /* wall ms: due also is what was to wait for longer, for the clock was put back; 0: nothing is */
	size_t limit; /* messages at most */
	size_t bytes; /* of content in memory, about at most; one message comes in any case; 0: no bound */
	struct spool_message **
		messages; /* out: claimed, a reference each; the array is malloc'd, the caller frees it */
	size_t count;
	int64_t next; /* out: when the next unclaimed one is due, INT64_MAX: none */
};
/* Claims what is due: waiting recipients with next_at <= now of messages that are not claimed; urgent first. */
void spool_due(struct spool *s, struct spool_due *q);

/* ---- the operator's view ---- */

struct spool_filter {
	const uint64_t *numbers; /* these only, or NULL */
	size_t number_count;
	const char *from, *to; /* address, @domain or domain; case ignored; NULL: any */
	const char *rule;      /* last decision's route or postoffice */
	const char *error;     /* words in the reason, case ignored */
	const char *client;    /* IP or network (CIDR); NULL: any */
	int64_t since, until;  /* arrival, wall ms; 0: any */
	bool all;              /* with no other field set: everything; guards actions */
	bool ended;            /* list: look in the history too */
};

struct spool_attempt {
	int64_t at;
	size_t rcpt;
	unsigned nth; /* of this recipient, from 1 */
	enum spool_state state;
	const char *rule, *peer, *status, *reason;
	const char *sent_hash, *sent_sender, *sent_from;
};

/* A message as `queue show` and `history` print it; strings in `region` of the request. */
struct spool_entry {
	uint64_t number;
	struct mail_envelope envelope;
	struct spool_rcpt *rcpts;
	size_t rcpt_count;
	uint64_t size;
	char hash[65];
	bool claimed;  /* being worked on now */
	bool body;     /* its content is still in the spool */
	int64_t ended; /* wall ms, 0 while it lives */
	/* Of a list: ms that the clock was put forward (back: negative) since it came. It came at envelope.arrived + skipped by
	 * the clock as it goes now. */
	int64_t skipped;
	struct spool_attempt *attempts; /* only when asked for */
	size_t attempt_count;
};

struct spool_list {
	struct spool_request q;
	struct spool_filter filter;
	bool attempts;               /* fill them */
	uint64_t after;              /* numbers above this only: for the next page */
	size_t limit;                /* entries at most */
	struct region *region;       /* out: owned by the caller from done on */
	struct spool_entry *entries; /* out, by number */
	size_t count;
};
void spool_list(struct spool *s, struct spool_list *q);

enum spool_action { SPOOL_HOLD, SPOOL_RELEASE, SPOOL_REMOVE, SPOOL_RETRY };
struct spool_act {
	struct spool_request q;
	enum spool_action action;
	struct spool_filter filter; /* an empty one without `all` matches nothing: E_RANGE */
	const char *reason;         /* of hold and remove: who asked */
	int64_t now;
	size_t matched; /* out: messages changed */
};
/* hold: waiting -> held. release: held -> waiting, due now. remove: waiting or held -> removed. retry: waiting -> due
 * now. A claimed message is changed too; what the router then reports of a removed or held recipient: delivered
 * stands, a deferral does not bring it back. `to`, `rule` and `error` of the filter choose recipients: only those are
 * changed, the others of the message stay. A great many messages are changed in several transactions. */
void spool_act(struct spool *s, struct spool_act *q);

struct spool_totals {
	struct spool_request q;
	uint64_t accepted;                  /* recipients ever taken ... */
	uint64_t states[SPOOL_STATE_COUNT]; /* ... = the sum of these, at every moment */
	uint64_t messages_accepted;         /* highest number */
	uint64_t messages_waiting, messages_held;
	uint64_t bytes; /* content of what waits or is held */
	int64_t oldest; /* arrival of the oldest waiting message by the clock of now, wall ms, 0: none */
	bool broken;        /* a commit failed and it has not come back yet; err says */
	struct err trouble; /* while broken */
	uint64_t commits, synced_messages; /* group commit's yield */
};
void spool_totals(struct spool *s, struct spool_totals *q);

/*
 * Checks the chain of the history (spool/chain.h) against its rows, from the oldest link that is left to the newest.
 * What is said of a message that waits: what was taken, and its attempts.
 */
struct spool_verify {
	struct spool_request q;
	uint64_t known;         /* a link whose hash was written down earlier, 0: none */
	const char *known_hash; /* 64 hex digits */
	uint64_t first, last;   /* out: links that were looked at */
	char head[65];          /* out: the hash of the last one */
	uint64_t messages;      /* out: of which the rows are there */
	size_t faults;          /* out: what does not fit, and the first SPOOL_FAULTS in words */
	const char **texts;
	struct region *region; /* out: of the words; owned by the caller from done on */
};
#define SPOOL_FAULTS 100
void spool_verify(struct spool *s, struct spool_verify *q);

/* Makes SPOOL/snapshot (spool/snapshot.h), while everything goes on. E_BUSY: one is being made; E_UNSUPPORTED: memory twin. */
struct spool_snapshot {
	struct spool_request q;
	uint64_t messages, last; /* out: waiting and held; the highest number */
};
void spool_snapshot(struct spool *s, struct spool_snapshot *q);

/* Writes the number as an ID ("m42"), and reads "m42" or "42"; E_SYNTAX. */
void spool_id_format(uint64_t number, char out[SPOOL_ID_MAX]);
enum result spool_id_parse(const char *text, uint64_t *number);

/* ---- SPOOL/maildrop: mail of local programs while no daemon need run (`smtpgate send`) ---- */

/*
 * Any user may submit: the folder is made (03733: all write, none but the gateway lists, each file is its owner's and the
 * gateway's to remove), and the spool's lets pass. Where they are another's (and we
 * are not root), nothing is changed. Fails as the disk does.
 */
enum result spool_maildrop_make(const struct file_ops *files, const char *path, struct err *err);
#define SPOOL_MAILDROP_NAME 48
/* A name for one, never used before: names that one process makes sort in that order while the clock does not go back. */
void spool_maildrop_name(char out[SPOOL_MAILDROP_NAME]);
/*
 * One file a message, under a name of spool_maildrop_name, or such a one with "-N" behind it: written twice under one name, also over a
 * crash or after it was taken, it is one message, for as long as the history keeps it. path: the spool's folder. Its content is put piece by
 * piece; after finish it is synced, and nobody's; publish makes it a message that is sent. Whatever fails has left nothing
 * (put: abort), fails as the disk does, E_FULL and its kin; begin with E_SYNTAX and E_RANGE for an envelope that cannot be.
 */
struct spool_maildrop_file {
	const struct file_ops *files;
	int fd;
	char whole[PATH_MAX], temporary[PATH_MAX]; /* its paths; temporary: "" when there is none */
	off_t last;                                /* where the envelope's last two lines are */
	uint64_t size;                             /* bytes of content so far */
};
enum result spool_maildrop_begin(struct spool_maildrop_file *f, const struct file_ops *files,
				 const char *path, const char *name,
				 const struct mail_envelope *envelope, struct err *err);
enum result spool_maildrop_put(struct spool_maildrop_file *f, const void *bytes, size_t n);
/* eight_bit: the content has bytes above 127. */
enum result spool_maildrop_finish(struct spool_maildrop_file *f, bool eight_bit, struct err *err);
enum result spool_maildrop_publish(struct spool_maildrop_file *f, struct err *err);
/* Throws away what was begun and not published. */
void spool_maildrop_abort(struct spool_maildrop_file *f);
/* All of that of content in memory, under a name of its own, or one that the caller keeps. */
enum result spool_maildrop_write(const struct file_ops *files, const char *path,
				 const struct mail_envelope *envelope, const void *data, size_t n,
				 struct err *err);
enum result spool_maildrop_write_as(const struct file_ops *files, const char *path,
				    const char *name, const struct mail_envelope *envelope,
				    const void *data, size_t n, struct err *err);
/* Names of the complete files there, oldest first: malloc'd array of malloc'd names. */
enum result spool_maildrop_list(const char *path, char ***names, size_t *count, struct err *err);
/* Removes what writers left that ended in the midst (nothing of it was promised): begun before this wall clock, ms. */
void spool_maildrop_tidy(const char *path, int64_t before);
/* Content in a file of the maildrop. */
struct spool_maildrop_content {
	int fd;
	uint64_t at, size; /* its first byte; bytes */
};
#define SPOOL_MAILDROP_ENVELOPE ((size_t)16 << 20) /* bytes of an envelope there, at most */
/*
 * Opens one of at most `most` bytes: its envelope (strings in region), and where its content is. Of a file that is neither ours nor
 * root's, listener, protocol, client, helo (the user's name) and priority are ours to say. E_CORRUPT, E_LIMIT, E_DENIED: set it
 * aside with maildrop_bad. OK: maildrop_close.
 */
enum result spool_maildrop_open(const char *path, const char *name, uint64_t most,
				struct region *region, struct mail_envelope *envelope,
				struct spool_maildrop_content *content, struct err *err);
/* Up to n bytes of the content from `at` on; *got is 0 only at its end. E_CORRUPT: the file has become shorter; E_IO and its kin. */
enum result spool_maildrop_get(const struct spool_maildrop_content *c, uint64_t at, void *to,
			       size_t n, size_t *got);
void spool_maildrop_close(struct spool_maildrop_content *c);
/* After its submit was done: removes it. (A crash between the two is caught: the name is kept in the message's
 * envelope.session, and submit answers E_EXISTS for a maildrop name that was taken before.) */
enum result spool_maildrop_taken(const char *path, const char *name, struct err *err);
/* Renames it to NAME.bad and writes NAME.bad.txt with the reason. */
enum result spool_maildrop_bad(const char *path, const char *name, const char *reason,
			       struct err *err);

#endif
