/* Cables: see win_cable.h. What is handed on to whom is in win_switch.c. */
#include "win/win.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static LIST_HEAD(, win_cable) cables = LIST_HEAD_INITIALIZER(cables);

/* ---- whose it is ---- */

static struct win_cable *find(const struct win_place *place)
{
	struct win_cable *c;
	LIST_FOREACH(c, &cables, all)
	if (memcmp(&c->place, place, sizeof *place) == 0)
		return c;
	return NULL;
}

static enum sgt_result make(const struct win_place *place, struct win_cable **cable,
			    struct sgt_error *error)
{
	struct win_cable *c = calloc(1, sizeof *c); /* of no stack's memory: any may be the last */
	if (!c)
		return error_set(error, SGT_NOMEM, "memory is short for the settings of win");
	c->place = *place;
	enum sgt_result r = wire_init(&c->wire, place->url, error);
	if (r != SGT_OK) {
		free(c);
		return r;
	}
	pthread_mutex_init(&c->door, NULL);
	pthread_mutex_init(&c->lock, NULL);
	LIST_INSERT_HEAD(&cables, c, all);
	*cable = c;
	return SGT_OK;
}

enum sgt_result win_cable_get(const struct win_place *place, struct win_cable **cable,
			      struct sgt_error *error)
{
	pthread_mutex_lock(&list_lock);
	*cable = find(place);
	enum sgt_result r = *cable ? SGT_OK : make(place, cable, error);
	if (r == SGT_OK)
		(*cable)->stacks++;
	pthread_mutex_unlock(&list_lock);
	return r;
}

void win_cable_put(struct win_cable **cable)
{
	struct win_cable *c = *cable;
	*cable = NULL;
	if (!c)
		return;
	pthread_mutex_lock(&list_lock);
	bool last = !--c->stacks;
	if (last)
		LIST_REMOVE(c, all);
	pthread_mutex_unlock(&list_lock);
	if (!last)
		return;
	wire_free(&c->wire);
	pthread_mutex_destroy(&c->door);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

enum sgt_result win_cable_prepare(struct win_cable *c, struct sgt_error *error)
{
	enum sgt_result r = SGT_OK;
	pthread_mutex_lock(&c->door);
	if (!c->prepared)
		r = wire_prepare(&c->wire, error);
	c->prepared = r == SGT_OK;
	pthread_mutex_unlock(&c->door);
	return r;
}

/* The wire as it is, while others may use it. */
static struct wire look(struct win_cable *c)
{
	pthread_mutex_lock(&c->lock);
	struct wire w = c->wire;
	pthread_mutex_unlock(&c->lock);
	return w;
}

void win_cable_detect(struct win_cable *c, struct sgt_report *report)
{
	pthread_mutex_lock(&c->door);
	struct wire now = look(c);
	wire_detect(&now, report);
	pthread_mutex_unlock(&c->door);
}

void win_cable_lost(struct win_cable *c, struct sgt_error *error)
{
	struct wire was = look(c);
	wire_lost(&was, error);
}

/* ---- start and stop ---- */

static unsigned free_number(const struct win_cable *c)
{
	const struct sgt_stack *s;
	unsigned n = 0;
	bool taken = true;
	while (taken) {
		taken = false;
		LIST_FOREACH(s, &c->started, member.entry)
		taken = taken || s->member.number == n;
		n += taken;
	}
	return n;
}

/* With the lock. A network that is lost stays so until all who had it have left. */
static bool enter(struct sgt_stack *stack, bool first)
{
	struct win_cable *c = stack->cable;
	if (first)
		c->lost = false;
	if (c->lost)
		return false;
	stack->member.number = free_number(c);
	stack->member.waiting = 0;
	STAILQ_INIT(&stack->member.inbox);
	LIST_INSERT_HEAD(&c->started, stack, member.entry);
	return true;
}

enum sgt_result win_cable_join(struct sgt_stack *stack, struct sgt_error *error)
{
	struct win_cable *c = stack->cable;
	pthread_mutex_lock(&c->door);
	bool first = LIST_EMPTY(&c->started), in = false;
	enum sgt_result r = first ? wire_open(&c->wire, error) : SGT_OK;
	if (r == SGT_OK) {
		pthread_mutex_lock(&c->lock);
		in = enter(stack, first);
		pthread_mutex_unlock(&c->lock);
	}
	if (r == SGT_OK && !in) {
		win_cable_lost(c, error);
		r = error->result;
	}
	stack->joined = in;
	pthread_mutex_unlock(&c->door);
	return r;
}

void win_cable_leave(struct sgt_stack *stack)
{
	struct win_cable *c = stack->cable;
	struct win_letter *l;
	if (!stack->joined)
		return;
	stack->joined = false;
	pthread_mutex_lock(&c->door);
	pthread_mutex_lock(&c->lock);
	LIST_REMOVE(stack, member.entry);
	while ((l = STAILQ_FIRST(&stack->member.inbox))) {
		STAILQ_REMOVE_HEAD(&stack->member.inbox, next);
		free(l);
	}
	bool last = LIST_EMPTY(&c->started);
	pthread_mutex_unlock(&c->lock);
	if (last)
		wire_close(&c->wire);
	pthread_mutex_unlock(&c->door);
}
