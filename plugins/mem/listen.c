/* Listeners of the in-memory transport: an address and port, shared only where every holder agrees. */
#include "internal.h"

#include <string.h>

static const struct sgt_listener *holder(struct sgt_stack *s, const struct mem_address *at,
					 bool share)
{
	for (struct sgt_stack *o = s->net->stacks; o; o = o->next)
		for (struct sgt_listener *l = o->listeners; l; l = l->next)
			if (mem_overlap(l->stack, &l->at, s, at) && !(share && l->share))
				return l;
	return NULL;
}

static enum sgt_result claim(struct sgt_stack *s, struct mem_address *at, bool share,
			     struct sgt_error *error)
{
	bool any = strcmp(at->host, "*") == 0 || strcmp(at->host, "::") == 0;
	if (!any && !mem_stack_owns(s, at->host))
		return mem_error(error, SGT_BAD_ADDRESS, "%s is no address of %s", at->host,
				 s->name);
	const struct sgt_listener *l = NULL;
	if (at->port) {
		l = holder(s, at, share);
	} else {
		for (unsigned tries = 0; tries < 32768; tries++) {
			at->port = mem_net_port(s->net);
			if (!(l = holder(s, at, false)))
				break;
		}
	}
	if (!l)
		return SGT_OK;
	return mem_error(error, SGT_IN_USE, "%s is in use by %s", l->text, l->stack->name);
}

enum sgt_result mem_listen(struct sgt_stack *s, const struct sgt_plan *plan, void *user,
			   struct sgt_listener **listener, struct sgt_error *error)
{
	struct mem_address at;
	enum sgt_result r = mem_address_read(plan->address, 0, &at, error);
	if (r != SGT_OK)
		return r;
	struct sgt_listener *l = s->host->alloc(s->host->ctx, NULL, sizeof *l);
	if (!l)
		return mem_error(error, SGT_NOMEM, NULL);
	pthread_mutex_lock(&s->net->lock);
	if (mem_net_fails(s->net, MEM_LISTEN, error))
		r = error->result;
	else
		r = claim(s, &at, plan->share, error);
	if (r == SGT_OK) {
		*l = (struct sgt_listener){.stack = s,
					   .at = at,
					   .share = plan->share,
					   .user = user,
					   .next = s->listeners};
		mem_address_print(&at, l->text);
		s->listeners = l;
	}
	pthread_mutex_unlock(&s->net->lock);
	if (r == SGT_OK)
		*listener = l;
	else
		s->host->alloc(s->host->ctx, l, 0);
	return r;
}

const char *mem_listener_address(struct sgt_listener *l)
{
	return l->text;
}

/* Connections that nobody was told of yet are reset with their listener. */
static void drop_arrived(struct sgt_listener *l)
{
	for (struct sgt_conn *c = l->stack->conns; c; c = c->next) {
		if (c->listener != l)
			continue;
		c->listener = NULL;
		c->arrived = false;
		c->orphan = true; /* it stands in the stack's queue: run frees it */
		mem_conn_cut(c, SGT_RESET);
	}
}

void mem_unlisten(struct sgt_listener *l)
{
	struct sgt_stack *s = l->stack;
	pthread_mutex_lock(&s->net->lock);
	drop_arrived(l);
	struct sgt_listener **link = &s->listeners;
	while (*link != l)
		link = &(*link)->next;
	*link = l->next;
	pthread_mutex_unlock(&s->net->lock);
	s->host->alloc(s->host->ctx, l, 0);
}

/* The pick-th listener that hears `to`; *count: how many do. */
static struct sgt_listener *find(struct mem_net *net, const struct mem_address *to, unsigned pick,
				 unsigned *count)
{
	struct sgt_listener *found = NULL;
	*count = 0;
	for (struct sgt_stack *s = net->stacks; s; s = s->next)
		for (struct sgt_listener *l = s->listeners; l; l = l->next)
			if (mem_stack_hears(s, &l->at, to->host, to->port) && (*count)++ == pick)
				found = l;
	return found;
}

struct sgt_listener *mem_listener_find(struct mem_net *net, const struct mem_address *to)
{
	unsigned count;
	struct sgt_listener *first = find(net, to, 0, &count);
	return count < 2 ? first : find(net, to, net->turn++ % count, &count);
}
