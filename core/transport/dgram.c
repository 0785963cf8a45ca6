/* Datagram handles of a stack: see dgram.h. Freed with the start that they belong to. */
#include "transport/dgram.h"
#include "transport/error.h"
#include "transport/stack_internal.h"

#include <stdlib.h>

struct dgram {
	struct dgram *next, **link;
	struct stack *stack;
	struct sgt_dgram *sgt;
	const struct dgram_ops *ops;
	void *ctx;
	bool telling; /* in its on_lost: freed after it */
};

static void unlink_free(struct dgram *d)
{
	*d->link = d->next;
	if (d->next)
		d->next->link = d->link;
	free(d);
}

enum sgt_result dgram_open(struct dgram **out, struct stack *s, const char *local,
			   const struct dgram_ops *ops, void *ctx, struct sgt_error *error)
{
	if (!(s->module->caps & SGT_CAP_DATAGRAMS))
		return transport_error_set(error, SGT_UNSUPPORTED, "%s carries no datagrams",
					   s->module->code);
	if (!s->up)
		return transport_error_set(error, SGT_STATE, "%s is not up", stack_name(s));
	struct dgram *d = calloc(1, sizeof *d);
	if (!d)
		return transport_error_set(error, SGT_NOMEM, NULL);
	*d = (struct dgram){.stack = s, .ops = ops, .ctx = ctx};
	enum sgt_result r = s->module->dgram_open(s->sgt, local, d, &d->sgt, error);
	if (r != SGT_OK) {
		free(d);
		return r;
	}
	d->next = s->dgrams;
	d->link = &s->dgrams;
	if (d->next)
		d->next->link = &d->next;
	s->dgrams = d;
	*out = d;
	return SGT_OK;
}

enum sgt_result dgram_send(struct dgram *d, const char *to, const void *bytes, size_t n)
{
	if (!d->stack->up)
		return SGT_STATE;
	return d->stack->module->dgram_send(d->sgt, to, bytes, n);
}

void dgram_close(struct dgram **p)
{
	struct dgram *d = *p;
	*p = NULL;
	if (!d || d->telling)
		return;
	if (d->stack->up)
		d->stack->module->dgram_close(d->sgt);
	unlink_free(d);
}

void dgram_event(struct dgram *d, const struct sgt_event *event)
{
	d->ops->on_datagram(d->ctx, d, event->peer, event->data, event->len);
}

/* A handle may be closed in another's on_lost, so the first is taken until there is none. */
void dgram_lose_all(struct stack *s, const struct sgt_error *why)
{
	while (s->dgrams) {
		struct dgram *d = s->dgrams;
		d->telling = true;
		if (d->ops->on_lost)
			d->ops->on_lost(d->ctx, d, why);
		unlink_free(d);
	}
}
