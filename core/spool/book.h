/*
 * The rules of the spool over any engine: what a report or an operator's action makes of a
 *recipient, when a message has ended, and the counts, whose sum closes after every call. Belongs to
 *the spool thread.
 *
 *	                report (update)                               operator (act)
 *	was waiting     waiting, held, delivered, bounced,            hold -> held, remove ->
 *removed, expired, removed: as reported                 retry -> due now was held        waiting:
 *stays held; else as reported         release -> waiting, remove -> removed was removed waiting,
 *held: stays removed; else as reported   - was delivered, bounced, expired   E_STATE: it has an
 *outcome     -
 *
 * A report that does not bring a held or removed recipient back is counted as an attempt all the
 *same.
 */
#ifndef SMTPGATE_SPOOL_BOOK_H
#define SMTPGATE_SPOOL_BOOK_H

#include "spool/live.h"

struct book {
	struct engine *engine;
	const struct clock *clock;
	struct chain chain;
	struct engine_counts counts; /* as the open transaction has them */
	struct lives lives;
	struct live *touched;       /* by the open transaction */
	uint64_t serial;            /* raised for each request that is checked */
	uint64_t oldest_from;       /* no message below this number is waiting */
	struct book_file *leftover; /* files to remove once the transaction is committed */
};
struct book_file {
	struct book_file *next;
	char file[BODY_NAME_MAX];
};

/* Every function below answers OK, or a refusal that changed nothing (said at each), or a failure
 * of the engine or of memory, after which the transaction is lost. */

/* Gives m its number and adds it. */
enum result book_add(struct book *b, struct message *m, bool claim, struct err *err);
/* Can this be applied? E_NOTFOUND, E_RANGE, E_STATE: refusals. Call book_next once before a
 * request's changes: a recipient that is named twice in one request is E_RANGE. */
void book_next(struct book *b);
enum result book_check(struct book *b, const struct spool_change *c, struct err *err);
/* Applies a checked change; book_settle ends the changes to one message. */
enum result book_apply(struct book *b, const struct spool_change *c, struct err *err);
enum result book_settle(struct book *b, uint64_t number, struct err *err);
/* Does the action on those recipients of a message for which chosen[i] (NULL: all). *changed:
 * whether any was. */
enum result book_act(struct book *b, uint64_t number, const bool *chosen,
		     const struct spool_act *act, bool *changed, struct err *err);

/* Forgets a message that has ended; the chain says so. */
enum result book_drop(struct book *b, uint64_t number, struct err *err);
/*
 * Takes links off the front of the chain, up to `bound` of them, as long as their messages are
 * forgotten. Those of a message that is still there although it came before `before` (wall ms) move
 * to the end: it shall not keep all that came after it.
 */
enum result book_trim(struct book *b, size_t bound, int64_t before, struct err *err);

bool book_claimed(const struct book *b, uint64_t number);
/* E_NOMEM: not claimed. */
enum result book_claim(struct book *b, uint64_t number);
void book_unclaim(struct book *b, uint64_t number);

/* The transaction was committed: gives the files to remove. */
struct book_file *book_keep(struct book *b);
/* The transaction is lost: everything but the claims is as the engine's counts and rows say. */
void book_forget(struct book *b);
void book_free(struct book *b);

#endif
