/* Timers of one thread: see timers.h. */
#include "base/timers.h"

#include <stdlib.h>

void timers_init(struct timers *ts)
{
	*ts = (struct timers){.floor = INT64_MIN};
}

void timers_free(struct timers *ts)
{
	for (size_t i = 0; i < ts->count; i++)
		ts->heap[i]->place = 0;
	free(ts->heap);
	timers_init(ts);
}

static void put(struct timers *ts, size_t i, struct timer *t)
{
	ts->heap[i] = t;
	t->place = i + 1;
}

static void rise(struct timers *ts, size_t i)
{
	struct timer *t = ts->heap[i];
	while (i && ts->heap[(i - 1) / 2]->due > t->due) {
		put(ts, i, ts->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	put(ts, i, t);
}

static void sink(struct timers *ts, size_t i)
{
	struct timer *t = ts->heap[i];
	for (;;) {
		size_t child = 2 * i + 1;
		if (child >= ts->count)
			break;
		if (child + 1 < ts->count && ts->heap[child + 1]->due < ts->heap[child]->due)
			child++;
		if (ts->heap[child]->due >= t->due)
			break;
		put(ts, i, ts->heap[child]);
		i = child;
	}
	put(ts, i, t);
}

enum result timers_set(struct timers *ts, struct timer *t, int64_t due)
{
	if (due < ts->floor)
		due = ts->floor;
	if (t->place) {
		int64_t before = t->due;
		t->due = due;
		if (due < before)
			rise(ts, t->place - 1);
		else
			sink(ts, t->place - 1);
		return OK;
	}
	if (ts->count == ts->cap) {
		size_t cap = ts->cap ? ts->cap * 2 : 16;
		struct timer **heap = realloc(ts->heap, cap * sizeof(struct timer *));
		if (!heap)
			return E_NOMEM;
		ts->heap = heap;
		ts->cap = cap;
	}
	t->due = due;
	put(ts, ts->count++, t);
	rise(ts, ts->count - 1);
	return OK;
}

void timers_clear(struct timers *ts, struct timer *t)
{
	if (!t->place)
		return;
	size_t i = t->place - 1;
	t->place = 0;
	struct timer *last = ts->heap[--ts->count];
	if (last == t)
		return;
	put(ts, i, last);
	rise(ts, i);
	sink(ts, last->place - 1);
}

int timers_wait(const struct timers *ts, int64_t now, int most)
{
	if (!ts->count)
		return most;
	int64_t due = ts->heap[0]->due;
	return due <= now ? 0 : due < now + most ? (int)(due - now) : most;
}

void timers_run(struct timers *ts, int64_t now)
{
	ts->floor = now + 1;
	while (ts->count && ts->heap[0]->due <= now) {
		struct timer *t = ts->heap[0];
		timers_clear(ts, t);
		t->fire(t);
	}
	ts->floor = INT64_MIN;
}
