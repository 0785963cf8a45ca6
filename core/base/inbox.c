/* Inboxes between threads: see inbox.h. */
#include "base/inbox.h"

#include <assert.h>

void inbox_init(struct inbox *in, void (*wake)(void *ctx), void *ctx)
{
	*in = (struct inbox){.wake = wake, .ctx = ctx};
	in->last = &in->first;
	pthread_mutex_init(&in->lock, NULL);
}

void inbox_free(struct inbox *in)
{
	assert(!in->first);
	pthread_mutex_destroy(&in->lock);
}

void inbox_post(struct inbox *in, struct task *t)
{
	t->next = NULL;
	pthread_mutex_lock(&in->lock);
	*in->last = t;
	in->last = &t->next;
	bool wake = !in->signalled;
	in->signalled = true;
	/* Woken under the lock: the owner cannot drain, end and free the inbox between the two. */
	if (wake && in->wake)
		in->wake(in->ctx);
	pthread_mutex_unlock(&in->lock);
}

struct task *inbox_take(struct inbox *in)
{
	pthread_mutex_lock(&in->lock);
	struct task *all = in->first;
	in->first = NULL;
	in->last = &in->first;
	in->signalled = false;
	pthread_mutex_unlock(&in->lock);
	return all;
}

size_t inbox_drain(struct inbox *in)
{
	size_t n = 0;
	for (struct task *t = inbox_take(in), *next; t; t = next, n++) {
		next = t->next;
		t->run(t);
	}
	return n;
}
