/* Kept connections: see kept.h. A struct kept lives exactly as long as its link. */
#include "gateway/kept.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct kept {
	struct kept *next, *prev;
	struct kept_list *list;
	struct link *link;
	struct attempt *job; /* NULL: idle */
	struct timer idle;
	bool quitting;
	char key[];
};

struct kept_list {
	struct lane *lane;
	const struct kept_ops *ops;
	struct kept *first; /* the newest first */
	size_t idle_count;
};

struct kept_list *kept_list_new(struct lane *l, const struct kept_ops *ops)
{
	struct kept_list *list = calloc(1, sizeof *list);
	if (list) {
		list->lane = l;
		list->ops = ops;
	}
	return list;
}

void kept_list_destroy(struct kept_list **list)
{
	if (*list)
		assert(!(*list)->first);
	free(*list);
	*list = NULL;
}

static void on_ready(void *ctx, struct link *l)
{
	struct kept *k = ctx;
	(void)l;
	if (k->job)
		k->list->ops->on_ready(k->job, k);
}

static void on_done(void *ctx, struct link *l, struct smtp_transaction *t)
{
	struct kept *k = ctx;
	(void)l;
	(void)t;
	if (k->job)
		k->list->ops->on_done(k->job, k);
}

static void unlist(struct kept *k)
{
	if (k->next)
		k->next->prev = k->prev;
	if (k->prev)
		k->prev->next = k->next;
	else
		k->list->first = k->next;
}

static void on_gone(void *ctx, struct link *l, const struct link_end *end)
{
	struct kept *k = ctx;
	(void)l;
	struct attempt *a = k->job;
	const struct kept_ops *ops = k->list->ops;
	timers_clear(stack_timers(k->list->lane->stack), &k->idle);
	unlist(k);
	if (!a && !k->quitting)
		k->list->idle_count--;
	free(k);
	if (a)
		ops->on_gone(a, end);
}

static const struct link_ops kept_link_ops = {on_ready, on_done, on_gone};

static void quit(struct kept *k)
{
	if (k->quitting)
		return;
	k->quitting = true;
	timers_clear(stack_timers(k->list->lane->stack), &k->idle);
	link_quit(k->link);
}

static void quit_idle(struct kept *k)
{
	k->list->idle_count--;
	quit(k);
}

static void idle_over(struct timer *t)
{
	quit_idle((struct kept *)((char *)t - offsetof(struct kept, idle)));
}

struct kept *kept_take(struct kept_list *list, const char *key, struct attempt *a)
{
	for (struct kept *k = list->first; k; k = k->next) {
		if (k->job || k->quitting || strcmp(k->key, key) != 0 || !link_idle(k->link))
			continue;
		timers_clear(stack_timers(list->lane->stack), &k->idle);
		list->idle_count--;
		k->job = a;
		return k;
	}
	return NULL;
}

struct kept *kept_new(struct kept_list *list, const char *key, struct conn *c,
		      const struct link_config *config, struct attempt *a)
{
	size_t n = strlen(key) + 1;
	struct kept *k = calloc(1, sizeof *k + n);
	if (k) {
		memcpy(k->key, key, n);
		k->list = list;
		k->job = a;
		k->idle.fire = idle_over;
		struct link_config mine = *config;
		mine.ops = &kept_link_ops;
		k->link = link_new(c, &mine, k);
	}
	if (!k || !k->link) {
		free(k);
		conn_abort(c);
		return NULL;
	}
	k->next = list->first;
	if (k->next)
		k->next->prev = k;
	list->first = k;
	return k;
}

struct link *kept_link(const struct kept *k)
{
	return k->link;
}

static struct kept *oldest_idle(struct kept_list *list)
{
	struct kept *oldest = NULL;
	for (struct kept *k = list->first; k; k = k->next)
		if (!k->job && !k->quitting && (!oldest || k->idle.due < oldest->idle.due))
			oldest = k;
	return oldest;
}

void kept_release(struct kept *k)
{
	struct kept_list *list = k->list;
	struct lane *l = list->lane;
	k->job = NULL;
	bool keep = !l->stopping && link_idle(k->link) && link_used(k->link) < KEPT_USES &&
		    !link_spent(k->link) &&
		    timers_set(stack_timers(l->stack), &k->idle,
			       clock_mono(l->vendor->g->clock) + KEPT_IDLE_MS) == OK;
	if (!keep) {
		quit(k);
		return;
	}
	if (++list->idle_count > KEPT_IDLE_MOST)
		quit_idle(oldest_idle(list));
}

void kept_quit_idle(struct kept_list *list)
{
	for (struct kept *k = list->first, *next; k; k = next) {
		next = k->next; /* link_quit never frees at once */
		if (!k->job && !k->quitting)
			quit_idle(k);
	}
}

void kept_abort_all(struct kept_list *list, const char *why)
{
	for (struct kept *k = list->first, *next; k; k = next) {
		next = k->next;
		link_abort(k->link, why);
	}
}
