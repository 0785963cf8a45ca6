/*
 * Access tokens of the [oauth] sections, shared by all that log in with them: one is fetched at a time for each section, in a thread of the
 * pool, and given to everybody who waits for it. Tokens live in memory and in their token_file; a reload keeps them. Safe from every
 * thread.
 *
 *	tokens_ask: OK (it is there) | E_STATE: wait->done comes | else
 */
#ifndef SMTPGATE_GATEWAY_TOKENS_H
#define SMTPGATE_GATEWAY_TOKENS_H

#include "base/inbox.h"
#include "conf/settings.h"
#include "gateway/internal.h"

struct tokens;

/* One who waits; embedded, and given away until done runs or tokens_forget says that it does not. */
struct token_wait {
	struct task task; /* to the inbox of who waits */
	struct token_wait *next;
	struct inbox *answer_to;
	void (*done)(struct token_wait *w); /* in the thread of answer_to */
	enum result result;
	struct err err; /* when result is not OK */
	char *token;    /* when it is: malloc'd, for secret_free */
};

struct tokens *tokens_new(struct gateway *g);
/* After the pool has ended. */
void tokens_destroy(struct tokens **t);
/* A token of this section. s: the settings that o is of. OK: w->token is filled at once; E_STATE: w->done follows, later and never from
 * inside; E_LIMIT, E_NOMEM: w->err says why. */
enum result tokens_ask(struct tokens *t, struct settings *s, const struct conf_oauth *o,
		       struct token_wait *w);
/* True: done does not come any more. False: it is on its way. */
bool tokens_forget(struct tokens *t, struct token_wait *w);
/* A server did not take this one: the next is fetched anew. */
void tokens_refused(struct tokens *t, const char *oauth, const char *token);
/* The gateway stops: what is being fetched ends at once, and nothing is fetched any more. */
void tokens_stop(struct tokens *t);

#endif
