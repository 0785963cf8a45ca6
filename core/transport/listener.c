/* Listeners of a stack: see listener.h. Freed with the start that they belong to. */
#include "transport/stack_internal.h"
#include "transport/error.h"

#include <stdlib.h>

struct listener {
	struct listener *next;
	struct stack *stack;
	struct sgt_listener *sgt;
	void (*on_accept)(void *ctx, struct listener *l, struct conn *c);
	void *ctx;
};

enum sgt_result listener_open(struct listener **out, struct stack *s, const struct sgt_plan *plan,
			      void (*on_accept)(void *ctx, struct listener *l, struct conn *c),
			      void *ctx, struct sgt_error *error)
{
	if (!s->up)
		return transport_error_set(error, SGT_STATE, "%s is not up", stack_name(s));
	struct listener *l = calloc(1, sizeof *l);
	if (!l)
		return transport_error_set(error, SGT_NOMEM, NULL);
	*l = (struct listener){.stack = s, .on_accept = on_accept, .ctx = ctx};
	enum sgt_result r = s->module->listen(s->sgt, plan, l, &l->sgt, error);
	if (r != SGT_OK) {
		free(l);
		return r;
	}
	l->next = s->listeners;
	s->listeners = l;
	*out = l;
	return SGT_OK;
}

void listener_close(struct listener **p)
{
	struct listener *l = *p;
	*p = NULL;
	if (!l)
		return;
	struct listener **link = &l->stack->listeners;
	while (*link != l)
		link = &(*link)->next;
	*link = l->next;
	if (l->stack->up)
		l->stack->module->unlisten(l->sgt);
	free(l);
}

const char *listener_address(const struct listener *l)
{
	return l->stack->module->listener_address(l->sgt);
}

void listener_event(struct stack *s, const struct sgt_event *event)
{
	struct listener *l = event->user;
	struct conn *c = conn_new(s, &conn_nobody, NULL);
	s->module->set_user(event->conn, c);
	if (!c) {
		s->module->abort(event->conn);
		return;
	}
	conn_accepted(c, event);
	l->on_accept(l->ctx, l, c);
	if (!conn_is_taken(c))
		conn_abort(c);
}

void listener_lose_all(struct stack *s)
{
	while (s->listeners) {
		struct listener *l = s->listeners;
		s->listeners = l->next;
		free(l);
	}
}
