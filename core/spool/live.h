/*
 * Messages that the spool thread has in hand: those claimed by the router, with their recipients'
 * states once they were needed, and those that the open transaction touched. A hash table by
 * number.
 */
#ifndef SMTPGATE_SPOOL_LIVE_H
#define SMTPGATE_SPOOL_LIVE_H

#include "spool/engine.h"

struct live {
	uint64_t number;
	bool claimed;
	bool loaded;    /* head and rcpts say what the open transaction sees */
	bool touched;   /* is in the list of the open transaction */
	bool unsettled; /* a recipient changed, the head does not say so yet */
	struct live *next_touched;
	struct engine_head head;
	size_t waiting, held; /* recipients */
	struct engine_rcpt *rcpts;
	struct engine_rcpt one; /* rcpts of a message with one recipient */
};

struct lives {
	struct live **slots;
	size_t cap, count; /* cap: a power of two, or 0 */
};

void lives_free(struct lives *l);
struct live *lives_find(const struct lives *l, uint64_t number);
/* Adds an empty one; there is none of this number yet. NULL: memory is short. */
struct live *lives_add(struct lives *l, uint64_t number);
void lives_remove(struct lives *l, uint64_t number);
/* Makes room for n recipients. false: memory is short. */
bool live_room(struct live *v, size_t n);
/* Forgets what was loaded; it is read again when needed. */
void live_unload(struct live *v);

#endif
