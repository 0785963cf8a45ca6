/* What a thread without a loop waits on: rung by its inbox, with a time limit. */
#ifndef SMTPGATE_SPOOL_BELL_H
#define SMTPGATE_SPOOL_BELL_H

#include <pthread.h>
#include <stdbool.h>

struct bell {
	pthread_mutex_t lock;
	pthread_cond_t rung_changed;
	bool rung;
};

void bell_init(struct bell *b);
void bell_free(struct bell *b);
/* From any thread; fits inbox_init (ctx: the bell). */
void bell_ring(void *bell);
/* Waits until it was rung since the last call, or for ms (-1: no limit). */
void bell_wait(struct bell *b, int ms);

#endif
