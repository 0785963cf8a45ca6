/*
 * The queue: what is being worked on. It holds at most max_active messages in memory (the spool holds the rest), routes
 * each waiting recipient, gives groups of recipients to destinations, and writes what became of them to the spool.
 *
 * A message's way, all on the main thread:
 *
 *	CLAIMED --route--> groups (deliveries) --destination--> outcome --spool_update--> done
 *	   \-- nothing to do or no room: unclaimed                         (unclaimed with the last group)
 *
 * Invariants: a message is claimed exactly while it has an `active`; each of its waiting recipients is in exactly one
 * group; a group is in a destination's line, in a job, or in an outcome on its way to the spool.
 */
#ifndef SMTPGATE_GATEWAY_QUEUE_H
#define SMTPGATE_GATEWAY_QUEUE_H

#include "gateway/internal.h"
#include "gateway/refusal.h"
#include "smtp/reply.h"
#include "spool/digest.h"

struct queue;
struct destination;

/* A message in work. */
struct active {
	struct active *next, *prev;
	struct spool_message *message;
	size_t outstanding; /* groups whose outcome is not yet in the spool */
	int64_t soonest; /* wall ms when a recipient that goes on waiting is due; the spool finds nothing due in what is claimed */
};

/* Recipients of one message that go one way, and what came of them. */
struct delivery {
	struct delivery *next;
	struct active *active;
	struct destination *destination;
	struct settings *settings;      /* a reference: the routing it was decided by */
	struct region *region;          /* owns all below, and the delivery itself */
	struct route_decision decision; /* of its first recipient: same destination for all */
	size_t *rcpts;                  /* indexes into the message's recipients */
	const char *
		*addresses; /* one for each: to write on, with a domain (route_decision.address) */
	const char **asks_of;   /* one for each: what the sender asked for it (mail/asks.h) */
	const char **mailboxes; /* LOCAL: one for each */
	size_t count, cap;
	size_t cost;   /* of memory, while it waits in line (queue_cost) */
	int64_t begun; /* monotonic ms of the job's start */
	/* filled by the job */
	struct smtp_reply *replies; /* one for each: code 0: never got that far */
	char (*sent)[DIGEST_HEX];   /* one for each: hash of what was sent; NULL or "": not known */
	const char *as_sender,
		*as_from; /* as whom a server got it: envelope, and From where it was changed; NULL */
	char peer[640];   /* who answered: "mx1.example.net [192.0.2.1]", "" */
	bool connected;   /* an SMTP server answered: the replies are about the message */
	bool down;        /* it never got that far because the TCP/IP of the route was lost */
	enum pressure pressure; /* what the server said of how much it takes */
	bool reports;           /* the server was told what reports are asked for, and makes them */
	bool no_chunks;         /* in and out: the destination does not take BDAT */
	bool maybe;             /* end of data was sent and not answered */
	bool aside;             /* it is held for the replies' words: no further attempt */
	/* filled by the queue, for its outcome */
	bool attempted;
	int64_t not_before; /* wall ms; 0: the schedule says */
};

enum result queue_new(struct queue **q, struct gateway *g, struct err *err);
/* Only when idle (queue_idle). */
void queue_destroy(struct queue **q);
/* The spool serves: look for what is due. */
void queue_start(struct queue *q);
/* Bytes of memory that a message holds while it is on its way, about. */
size_t queue_cost(const struct spool_message *m);
/* A claimed message (one reference is taken over) begins its way. */
void queue_take(struct queue *q, struct spool_message *m);
/* Thread-safe: hands a claimed message over to queue_take on the main thread. On no memory the message stays claimed in
 * the spool until its next start: so this allocates nothing but embeds in `link`, freed by the queue. */
struct queue_link {
	struct task task;
	struct queue *queue;
	struct spool_message *message;
};
void queue_post(struct queue_link *link);
/* Look for due messages now; flush: forget back-offs too. */
void queue_kick(struct queue *q, bool flush);
/* No new jobs; queued groups go back to the spool. */
void queue_stop(struct queue *q);
/* Every second: what memory was short for is done again. */
void queue_look(struct queue *q);
/* Once in a while: forgets what has not been used for long. */
void queue_tidy(struct queue *q);
/* The wall clock was put forward by so many ms (back: less than 0). */
void queue_clock_jumped(struct queue *q, int64_t skip);
/* Nothing in work: every outcome is in the spool. */
bool queue_idle(const struct queue *q);
size_t queue_active(const struct queue *q);
/* Fills the destinations of a status. */
enum result queue_status(struct queue *q, struct region *region, struct gateway_status *out);

/* ---- for destination.c and the jobs ---- */

/* A job has ended: replies, peer, connected and maybe are filled. Takes the delivery over. [main] */
void queue_delivered(struct queue *q, struct delivery *d);
/* Not tried now, for a reason that is not the message's: waits until `at` without counting an attempt. [main] */
void queue_postponed(struct queue *q, struct delivery *d, int64_t at, const char *reason);
struct gateway *queue_gateway(struct queue *q);

#endif
