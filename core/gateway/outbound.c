/* Jobs of a lane: see outbound.h. outbound_start runs on the main thread, all else in the lane's. */
#include "gateway/outbound.h"

#include "gateway/destination.h"
#include "gateway/attempt.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct outbound {
	struct lane *lane;
	struct kept_list *kept;
	struct attempt *jobs;
};

struct outbound *outbound_new(struct lane *l)
{
	struct outbound *o = calloc(1, sizeof *o);
	if (o)
		o->kept = kept_list_new(l, &attempt_kept_ops);
	if (!o || !o->kept) {
		free(o);
		return NULL;
	}
	o->lane = l;
	return o;
}

void outbound_destroy(struct outbound **o)
{
	if (!*o)
		return;
	assert(!(*o)->jobs);
	kept_list_destroy(&(*o)->kept);
	free(*o);
	*o = NULL;
}

/* In the lane's thread. */
static void attempt_arrived(struct task *t)
{
	struct attempt *a = (struct attempt *)t;
	struct outbound *o = a->outbound;
	a->outbound_kept = o->kept;
	a->next = o->jobs;
	if (a->next)
		a->next->prev = a;
	o->jobs = a;
	attempt_start(a);
}

/* Back in the main thread. The job's memory goes with the group. */
static void attempt_returned(struct task *t)
{
	struct attempt *a = (struct attempt *)t;
	queue_delivered(a->queue, a->d);
}

void outbound_finished(struct attempt *a)
{
	if (a->next)
		a->next->prev = a->prev;
	if (a->prev)
		a->prev->next = a->next;
	else
		a->outbound->jobs = a->next;
	a->task.run = attempt_returned;
	inbox_post(loop_inbox(a->lane->vendor->g->loop), &a->task);
}

enum result outbound_start(struct queue *q, struct delivery *d, struct err *err)
{
	struct gateway *g = queue_gateway(q);
	const char *key = destination_key(d->destination);
	struct lane *l = vendor_lane(vendor_find(g, d->decision.route->vendor), key, err);
	if (!l)
		return E_STATE;
	struct attempt *a = region_alloc(d->region, sizeof *a);
	if (a)
		a->key = region_strdup(d->region, key);
	if (!a || !a->key)
		return err_set(err, E_NOMEM, "no memory for the delivery");
	a->task.run = attempt_arrived;
	a->queue = q;
	a->d = d;
	a->lane = l;
	a->outbound = l->outbound;
	inbox_post(stack_inbox(l->stack), &a->task);
	return OK;
}

void outbound_quiet(struct outbound *o)
{
	kept_quit_idle(o->kept);
}

void outbound_abort(struct outbound *o)
{
	for (struct attempt *a = o->jobs, *next; a; a = next) {
		next = a->next;
		attempt_cancel(a, "the gateway is stopping");
	}
	kept_abort_all(o->kept, "the gateway is stopping");
}
