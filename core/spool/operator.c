/*
 * The operator's requests: list, act, totals. Lists and actions go through the messages in bites,
 * one for each group, so that a spool of a million messages goes on accepting mail meanwhile. An
 * action's bites are transactions of their own: one that fails half way has changed what its
 * earlier bites changed, and is answered with the failure.
 */
#include "spool/thread.h"

#include "spool/filter.h"

#include <stdlib.h>
#include <string.h>

#define BITE 64 /* messages looked at in one group */

/* A list or an action that is going on. */
struct scan {
	struct scan *next;
	struct spool_request *q;
	const struct spool_filter *filter;
	bool ended;              /* looks in the history too */
	uint64_t after;          /* numbers up to this one were looked at */
	uint64_t *sorted;        /* the filter's numbers, ascending, or NULL */
	size_t at;               /* index in sorted */
	bool over;               /* nothing more to look at */
	struct spool_list *list; /* one of both */
	struct spool_act *act;
	size_t cap; /* of list->entries */
};

static int by_number(const void *x, const void *y)
{
	uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
	return a < b ? -1 : a > b;
}

static enum result scan_new(struct spool *s, struct spool_request *q, const struct spool_filter *f,
			    struct scan **out)
{
	struct scan *c = calloc(1, sizeof *c);
	if (c && f->numbers) {
		c->sorted = malloc((f->number_count + 1) * sizeof *c->sorted);
		if (!c->sorted) {
			free(c);
			return E_NOMEM;
		}
		if (f->number_count)
			memcpy(c->sorted, f->numbers, f->number_count * sizeof *c->sorted);
		qsort(c->sorted, f->number_count, sizeof *c->sorted, by_number);
	}
	if (!c)
		return E_NOMEM;
	c->q = q;
	c->filter = f;
	c->next = s->scans;
	s->scans = c;
	*out = c;
	return OK;
}

static void scan_free(struct scan *c)
{
	free(c->sorted);
	free(c);
}

/* The next numbers to look at; fewer than BITE: there are no more. */
static enum result scan_numbers(struct spool *s, struct scan *c, uint64_t *numbers, size_t *count,
				struct err *err)
{
	if (!c->sorted && c->after < INT64_MAX) {
		*count = BITE;
		return ENGINE(s, scan, c->after, c->ended, numbers, count, err);
	}
	*count = 0;
	if (!c->sorted)
		return OK;
	for (; c->at < c->filter->number_count && *count < BITE; c->at++) {
		uint64_t n = c->sorted[c->at];
		if (n > c->after && n <= INT64_MAX && (!*count || numbers[*count - 1] != n))
			numbers[(*count)++] = n;
	}
	return OK;
}

/* ---- list ---- */

static bool list_room(struct spool_list *q, struct scan *c)
{
	if (q->count < c->cap)
		return true;
	size_t cap = c->cap * 2 + 16;
	struct spool_entry *more = region_alloc(q->region, cap * sizeof *more);
	if (!more)
		return false;
	if (q->count)
		memcpy(more, q->entries, q->count * sizeof *more);
	q->entries = more;
	c->cap = cap;
	return true;
}

static enum result list_one(struct spool *s, struct scan *c, const struct spool_entry *seen,
			    struct err *err)
{
	struct spool_list *q = c->list;
	if (!list_room(q, c))
		return E_NOMEM;
	struct spool_entry *e = &q->entries[q->count];
	enum result r = ENGINE(s, load, seen->number, q->attempts, q->region, e, err);
	if (r != OK)
		return r;
	e->claimed = book_claimed(&s->book, e->number);
	e->skipped = jumps_skipped(&s->jumps, e->number, e->envelope.arrived);
	q->count++;
	c->over = q->count >= q->limit;
	return OK;
}

static void settle_list(struct task *t)
{
	struct spool_list *q = (struct spool_list *)t;
	if (q->q.result == OK)
		return;
	region_destroy(&q->region);
	q->entries = NULL;
	q->count = 0;
}

static void serve_list(struct task *t)
{
	struct spool_list *q = (struct spool_list *)t;
	struct spool *s = q->q.spool;
	struct scan *c;
	enum result r = spool_ready(s, &q->q.err);
	if (r == OK && !(q->region = region_new(0)))
		r = E_NOMEM;
	if (r == OK)
		r = scan_new(s, &q->q, &q->filter, &c);
	if (r != OK) {
		spool_answer(s, &q->q, r, settle_list);
		return;
	}
	c->list = q;
	c->ended = q->filter.ended;
	c->after = q->after;
	c->over = !q->limit;
}

void spool_list(struct spool *s, struct spool_list *q)
{
	q->region = NULL;
	q->entries = NULL;
	q->count = 0;
	spool_post(s, &q->q, serve_list);
}

/* ---- act ---- */

static enum result act_one(struct spool *s, struct scan *c, const struct spool_entry *seen,
			   struct err *err)
{
	bool changed = false;
	bool *chosen = calloc(seen->rcpt_count + 1, sizeof *chosen);
	if (!chosen)
		return E_NOMEM;
	for (size_t i = 0; i < seen->rcpt_count; i++)
		chosen[i] = filter_rcpt(c->filter, &seen->rcpts[i]);
	enum result r = spool_write_begin(s, err);
	if (r == OK)
		r = book_act(&s->book, seen->number, chosen, c->act, &changed, err);
	c->act->matched += changed;
	free(chosen);
	return r;
}

static void serve_act(struct task *t)
{
	struct spool_act *q = (struct spool_act *)t;
	struct spool *s = q->q.spool;
	struct scan *c;
	enum result r = spool_ready(s, &q->q.err);
	if (r == OK && filter_empty(&q->filter) && !q->filter.all)
		r = err_set(&q->q.err, E_RANGE, "an action on every message has to be asked for");
	if (r == OK)
		r = scan_new(s, &q->q, &q->filter, &c);
	if (r == OK)
		c->act = q;
	else
		spool_answer(s, &q->q, r, NULL);
}

void spool_act(struct spool *s, struct spool_act *q)
{
	q->matched = 0;
	spool_post(s, &q->q, serve_act);
}

/* ---- bites ---- */

/* Looks at one message in a region of its own: what does not match leaves nothing behind. */
static enum result look(struct spool *s, struct scan *c, uint64_t number, struct err *err)
{
	struct spool_entry seen;
	struct region *region = region_new(0);
	if (!region)
		return E_NOMEM;
	enum result r = ENGINE(s, load, number, false, region, &seen, err);
	if (r == OK && filter_match(c->filter, &seen) && (c->ended || !seen.ended))
		r = c->list ? list_one(s, c, &seen, err) : act_one(s, c, &seen, err);
	region_destroy(&region);
	return r == E_NOTFOUND ? OK : r;
}

static enum result bite(struct spool *s, struct scan *c, struct err *err)
{
	uint64_t numbers[BITE];
	size_t count;
	enum result r = scan_numbers(s, c, numbers, &count, err);
	for (size_t i = 0; r == OK && i < count && !c->over; i++) {
		r = look(s, c, numbers[i], err);
		c->after = numbers[i];
	}
	c->over |= count < BITE;
	return spool_failed(s, r, err);
}

void operator_bites(struct spool *s)
{
	struct err err = {.code = OK};
	for (struct scan **at = &s->scans, *c; (c = *at) && spool_ready(s, &err) == OK;) {
		enum result r = c->over ? OK : bite(s, c, &c->q->err);
		if (r != OK || !c->over) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		spool_answer(s, c->q, OK, c->list ? settle_list : NULL);
		scan_free(c);
	}
}

void operator_fail(struct spool *s, enum result r)
{
	for (struct scan *c = s->scans, *next; c; c = next) {
		next = c->next;
		c->q->err = s->trouble;
		spool_answer(s, c->q, r, c->list ? settle_list : NULL);
		scan_free(c);
	}
	s->scans = NULL;
}

enum result operator_hold_all(struct spool *s, const char *reason, struct err *err)
{
	const struct spool_filter all = {.all = true};
	struct spool_act act = {.action = SPOOL_HOLD, .filter = all, .reason = reason};
	struct scan c = {.filter = &act.filter, .act = &act};
	enum result r = OK;
	while (r == OK && !c.over) {
		r = bite(s, &c, err);
		if (r == OK && s->open)
			r = ENGINE(s, commit, &s->book.counts, err);
		if (r == OK)
			book_keep(&s->book); /* nothing ends by being held: no files */
		s->open = false;
	}
	return r;
}

/* ---- totals ---- */

/* Kept apart: totals are of the moment after the group, and are answered while broken too. */
static void serve_totals(struct task *t)
{
	struct spool *s = ((struct spool_request *)t)->spool;
	t->next = s->totals;
	s->totals = t;
}

static void fill(const struct spool *s, struct spool_totals *q)
{
	const struct engine_counts *c = &s->engine->counts;
	q->accepted = c->accepted;
	memcpy(q->states, c->states, sizeof q->states);
	q->messages_accepted = c->last;
	q->messages_waiting = c->waiting;
	q->messages_held = c->held;
	q->bytes = c->bytes;
	q->broken = s->broken;
	q->trouble = s->broken ? s->trouble : (struct err){.code = OK};
	q->commits = s->commits;
	q->synced_messages = s->synced;
}

/* The search begins where the last one ended: what is below waits no more, or book.c would have
 * said so. */
static int64_t oldest(struct spool *s)
{
	struct err err = {.code = OK};
	uint64_t number;
	int64_t arrived = 0;
	if (s->broken || !s->engine->counts.waiting)
		return 0;
	enum result r = ENGINE(s, oldest, s->book.oldest_from, &number, &arrived, &err);
	if (r == OK) {
		s->book.oldest_from = number;
		arrived += jumps_skipped(&s->jumps, number, arrived);
	} else if (r != E_NOTFOUND) {
		spool_failed(s, r, &err); /* the next group's end takes it from here */
	}
	return r == OK ? arrived : 0;
}

void operator_totals(struct spool *s)
{
	struct task *t = s->totals;
	s->totals = NULL;
	int64_t arrived = t ? oldest(s) : 0;
	for (struct task *next; t; t = next) {
		struct spool_totals *q = (struct spool_totals *)t;
		next = t->next;
		fill(s, q);
		q->oldest = arrived;
		spool_reply(&q->q, OK);
	}
}

void spool_totals(struct spool *s, struct spool_totals *q)
{
	spool_post(s, &q->q, serve_totals);
}
