/* Messages in hand: see live.h. Linear probing; removal closes the gap. Fails for memory alone. */
#include "spool/live.h"

#include <stdlib.h>

static size_t home(const struct lives *l, uint64_t number)
{
	return (size_t)(number * 0x9e3779b97f4a7c15u >> 32) & (l->cap - 1);
}

void live_unload(struct live *v)
{
	if (v->rcpts != &v->one)
		free(v->rcpts);
	v->rcpts = NULL;
	v->loaded = v->unsettled = false;
}

static void live_free(struct live *v)
{
	live_unload(v);
	free(v);
}

bool live_room(struct live *v, size_t n)
{
	live_unload(v);
	v->rcpts = n <= 1 ? &v->one : calloc(n, sizeof *v->rcpts);
	return v->rcpts != NULL;
}

void lives_free(struct lives *l)
{
	for (size_t i = 0; i < l->cap; i++)
		if (l->slots[i])
			live_free(l->slots[i]);
	free(l->slots);
	*l = (struct lives){0};
}

/* The slot of this number, or the empty one where it would be. */
static size_t probe(const struct lives *l, uint64_t number)
{
	size_t i = home(l, number);
	while (l->slots[i] && l->slots[i]->number != number)
		i = (i + 1) & (l->cap - 1);
	return i;
}

struct live *lives_find(const struct lives *l, uint64_t number)
{
	return l->cap ? l->slots[probe(l, number)] : NULL;
}

static bool grow(struct lives *l)
{
	struct lives more = {.cap = l->cap ? l->cap * 2 : 64, .count = l->count};
	more.slots = calloc(more.cap, sizeof *more.slots);
	if (!more.slots)
		return false;
	for (size_t i = 0; i < l->cap; i++)
		if (l->slots[i])
			more.slots[probe(&more, l->slots[i]->number)] = l->slots[i];
	free(l->slots);
	*l = more;
	return true;
}

struct live *lives_add(struct lives *l, uint64_t number)
{
	if (l->count * 2 >= l->cap && !grow(l))
		return NULL;
	struct live *v = calloc(1, sizeof *v);
	if (!v)
		return NULL;
	v->number = number;
	l->slots[probe(l, number)] = v;
	l->count++;
	return v;
}

void lives_remove(struct lives *l, uint64_t number)
{
	size_t gap = l->cap ? probe(l, number) : 0, mask = l->cap - 1;
	if (!l->cap || !l->slots[gap])
		return;
	live_free(l->slots[gap]);
	l->slots[gap] = NULL;
	l->count--;
	for (size_t i = (gap + 1) & mask; l->slots[i]; i = (i + 1) & mask) {
		size_t want = home(l, l->slots[i]->number);
		if (((i - want) & mask) >= ((i - gap) & mask)) {
			l->slots[gap] = l->slots[i];
			l->slots[i] = NULL;
			gap = i;
		}
	}
}
