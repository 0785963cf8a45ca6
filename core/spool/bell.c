/* A thread's bell: see bell.h. Owns a lock and a condition; cannot fail. */
#include "spool/bell.h"

#include <time.h>

void bell_init(struct bell *b)
{
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&b->rung_changed, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&b->lock, NULL);
	b->rung = false;
}

void bell_free(struct bell *b)
{
	pthread_cond_destroy(&b->rung_changed);
	pthread_mutex_destroy(&b->lock);
}

/* Signalled once the lock is free, or the thread that wakes would wait for it at once. */
void bell_ring(void *bell)
{
	struct bell *b = bell;
	pthread_mutex_lock(&b->lock);
	bool was = b->rung;
	b->rung = true;
	pthread_mutex_unlock(&b->lock);
	if (!was)
		pthread_cond_signal(&b->rung_changed);
}

void bell_wait(struct bell *b, int ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	pthread_mutex_lock(&b->lock);
	for (int rc = 0; !b->rung && rc == 0;)
		rc = ms < 0 ? pthread_cond_wait(&b->rung_changed, &b->lock)
			    : pthread_cond_timedwait(&b->rung_changed, &b->lock, &until);
	b->rung = false;
	pthread_mutex_unlock(&b->lock);
}
