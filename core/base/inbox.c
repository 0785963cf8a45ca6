/*
 * Inboxes between threads: see inbox.h. Tasks are pushed onto a list, the newest first, which the owner takes as a whole and turns
 * round. There is no lock: the owner, woken, would wait at once for who woke it.
 */
#include "base/inbox.h"

#include <assert.h>
#include <sched.h>

void inbox_init(struct inbox *in, void (*wake)(void *ctx), void *ctx)
{
	*in = (struct inbox){.wake = wake, .ctx = ctx};
}

void inbox_free(struct inbox *in)
{
	assert(!in->newest);
	while (__atomic_load_n(&in->posting, __ATOMIC_ACQUIRE))
		sched_yield();
}

void inbox_post(struct inbox *in, struct task *t)
{
	/* Counted before the owner can see the task, drain, end and free the inbox. */
	__atomic_add_fetch(&in->posting, 1, __ATOMIC_RELAXED);
	struct task *before = __atomic_load_n(&in->newest, __ATOMIC_RELAXED);
	do
		t->next = before;
	while (!__atomic_compare_exchange_n(&in->newest, &before, t, true, __ATOMIC_ACQ_REL,
					    __ATOMIC_RELAXED));
	if (!before && in->wake)
		in->wake(in->ctx);
	__atomic_sub_fetch(&in->posting, 1, __ATOMIC_RELEASE);
}

struct task *inbox_take(struct inbox *in)
{
	struct task *all = NULL;
	struct task *t = __atomic_load_n(&in->newest, __ATOMIC_RELAXED);
	if (t)
		t = __atomic_exchange_n(&in->newest, NULL, __ATOMIC_ACQ_REL);
	for (struct task *older; t; t = older) {
		older = t->next;
		t->next = all;
		all = t;
	}
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
