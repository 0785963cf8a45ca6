/*
 * An outcome: what became of some recipients of one message, on its way into the spool as one spool_update: states,
 * reports to the sender and, with the last group, the end of the claim. It is posted again until the spool took it, for
 * what it says has happened and must not be forgotten.
 */
#ifndef SMTPGATE_GATEWAY_OUTCOME_H
#define SMTPGATE_GATEWAY_OUTCOME_H

#include "gateway/queue.h"

struct outcome;

/* For at most `most` recipients of the message; reports are made by these settings. NULL when memory is short. */
struct outcome *outcome_new(struct queue *q, struct active *a, struct settings *settings,
			    size_t most);

/* Delivered means: in a mailbox of ours (or of the store that we hand it to); or with a server, which makes the reports that are
 * asked for, or makes none. */
enum outcome_way { OUTCOME_MAILBOX, OUTCOME_RELAYED, OUTCOME_REPORTING };

/* Where and by whom it was decided: strings are copied. */
struct outcome_source {
	const char *rule, *peer;
	const struct conf_route *route; /* NULL: [queue]'s schedule */
	bool attempted;                 /* counts as an attempt */
	enum outcome_way way;
	int64_t not_before; /* wall ms: a deferral waits so long at least; 0: its own schedule */
	const char *as_sender,
		*as_from; /* as whom a server got it: envelope, and From where it was changed; NULL */
};
/* A server's or postoffice's answer: 2xx delivered, 5xx bounced, all else (code 0 too) deferred or expired. sent: the hash of
 * what was sent, kept when it was taken; NULL or "": not known. */
void outcome_reply(struct outcome *o, size_t rcpt, const struct smtp_reply *reply, const char *sent,
		   const struct outcome_source *s);
void outcome_hold(struct outcome *o, size_t rcpt, const char *rule, const char *reason);
void outcome_discard(struct outcome *o, size_t rcpt, const char *rule);
/* Sends it to the spool and forgets it; then queue_outcome_done is called. False: there was no memory for some word or report of
 * it, nothing is sent, and it is forgotten: to be made again. */
bool outcome_post(struct outcome *o, bool unclaim);

/* Implemented by the queue: an outcome is in the spool. soonest: the earliest next_at it wrote, INT64_MAX: none. */
void queue_outcome_done(struct queue *q, struct active *a, bool unclaimed, int64_t soonest,
			bool reports);

#endif
