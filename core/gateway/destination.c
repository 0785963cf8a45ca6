/*
 * Destinations: see destination.h. Main thread only. A destination lives until it has been idle for an hour; groups
 * in its line belong to it, groups in jobs to the job.
 */
#include "gateway/destination.h"

#include "base/text.h"
#include "gateway/local.h"
#include "gateway/outbound.h"
#include "gateway/pace.h"
#include "route/route.h"

#include <stdlib.h>
#include <string.h>

#define LOCAL_JOBS 4              /* at a time for one postoffice */
#define IDLE_MS (int64_t)3600000  /* then a destination is forgotten */
#define TROUBLE_MS (int64_t)30000 /* wait after a trouble of ours that nothing ends */
#define SLOTS 1024

struct destination {
	struct destination *chain;
	struct destinations *all;
	char *key;
	struct delivery *first, **last;
	size_t waiting;
	unsigned active, failures;
	int64_t wait_until; /* wall ms */
	int64_t used;       /* mono ms */
	char words[768];    /* of the last failure, with its remedy */
	const struct active *open_for;
	struct delivery *open_group;
	struct timer pace; /* when its route may send again */
	bool moving;       /* destination_next runs: no recursion through a job that ends at once */
};

struct destinations {
	struct queue *q;
	struct paces *paces;
	struct destination *slots[SLOTS];
	size_t count;
};

static void pace_over(struct timer *t);

struct destinations *destinations_new(struct queue *q)
{
	struct destinations *ds = calloc(1, sizeof *ds);
	if (ds)
		ds->paces = paces_new();
	if (!ds || !ds->paces) {
		free(ds);
		return NULL;
	}
	ds->q = q;
	return ds;
}

static void destination_free(struct destination *d)
{
	timers_clear(loop_timers(queue_gateway(d->all->q)->loop), &d->pace);
	d->all->count--;
	free(d->key);
	free(d);
}

void destinations_destroy(struct destinations **ds)
{
	if (!*ds)
		return;
	for (size_t i = 0; i < SLOTS; i++) {
		for (struct destination *d = (*ds)->slots[i], *next; d; d = next) {
			next = d->chain;
			destination_free(d);
		}
	}
	paces_destroy(&(*ds)->paces);
	free(*ds);
	*ds = NULL;
}

struct destination *destinations_get(struct destinations *ds, const char *key)
{
	struct destination **slot = &ds->slots[text_hash(key, strlen(key), 0) % SLOTS];
	for (struct destination *d = *slot; d; d = d->chain)
		if (strcmp(d->key, key) == 0)
			return d;
	struct destination *d = calloc(1, sizeof *d);
	if (d)
		d->key = strdup(key);
	if (!d || !d->key) {
		free(d);
		return NULL;
	}
	d->all = ds;
	d->last = &d->first;
	d->pace.fire = pace_over;
	d->used = clock_mono(queue_gateway(ds->q)->clock);
	d->chain = *slot;
	*slot = d;
	ds->count++;
	return d;
}

const char *destination_key(const struct destination *d)
{
	return d->key;
}

struct delivery *destination_open_group(struct destination *d, const struct active *a)
{
	return d->open_for == a ? d->open_group : NULL;
}

void destination_set_open_group(struct destination *d, const struct active *a, struct delivery *g)
{
	d->open_for = a;
	d->open_group = g;
}

static unsigned limit_of(const struct destination *d, const struct delivery *g)
{
	if (d->failures)
		return 1;
	return g->decision.route ? g->decision.route->max_connections : LOCAL_JOBS;
}

static struct delivery *line_take(struct destination *d)
{
	struct delivery *g = d->first;
	d->first = g->next;
	if (!d->first)
		d->last = &d->first;
	g->next = NULL;
	d->waiting--;
	return g;
}

static void pace_over(struct timer *t)
{
	destination_next((struct destination *)((char *)t - offsetof(struct destination, pace)));
}

/* May the route of this group send one more message now? If not, wakes up when it may. */
static bool paced(struct destination *d, const struct delivery *g)
{
	if (!g->decision.route)
		return true;
	struct gateway *gw = queue_gateway(d->all->q);
	int64_t now = clock_mono(gw->clock);
	int64_t at =
		pace_take(d->all->paces, g->decision.route->name, &g->decision.route->rate, now);
	if (at <= now)
		return true;
	timers_set(loop_timers(gw->loop), &d->pace, at);
	return false;
}

int64_t destination_vendor_back(const struct destination *d, const struct delivery *g)
{
	struct gateway *gw = queue_gateway(d->all->q);
	struct vendor *v = vendor_find(gw, g->decision.route->vendor);
	return v ? vendor_back(v, d->key) : clock_wall(gw->clock) + TROUBLE_MS;
}

static void start(struct destination *d, struct delivery *g)
{
	struct queue *q = d->all->q;
	struct err err;
	g->begun = clock_mono(queue_gateway(q)->clock);
	g->replies = region_alloc(g->region, g->count * sizeof *g->replies);
	enum result r = E_NOMEM;
	err_set(&err, r, "no memory for the delivery");
	if (g->replies)
		r = g->decision.route ? outbound_start(q, g, &err) : local_start(q, g, &err);
	if (r == OK)
		d->active++;
	else
		queue_postponed(q, g,
				r == E_STATE ? destination_vendor_back(d, g)
					     : clock_wall(queue_gateway(q)->clock) + TROUBLE_MS,
				err.text);
}

void destination_next(struct destination *d)
{
	if (d->moving)
		return;
	d->moving = true;
	while (d->first && d->active < limit_of(d, d->first) && paced(d, d->first))
		start(d, line_take(d));
	d->moving = false;
}

void destination_add(struct destination *d, struct delivery *g)
{
	struct queue *q = d->all->q;
	const struct clock *clock = queue_gateway(q)->clock;
	d->used = clock_mono(clock);
	if (queue_gateway(q)->stopping) {
		queue_postponed(q, g, clock_wall(clock), "the gateway is stopping");
	} else if (clock_wall(clock) < d->wait_until) {
		queue_postponed(q, g, d->wait_until, d->words);
	} else {
		*d->last = g;
		d->last = &g->next;
		d->waiting++;
		destination_next(d);
	}
}

static void drain(struct destination *d, int64_t at, const char *reason)
{
	while (d->first)
		queue_postponed(d->all->q, line_take(d), at, reason);
}

void destination_left(struct destination *d)
{
	d->active--;
	d->used = clock_mono(queue_gateway(d->all->q)->clock);
}

int64_t destination_ended(struct destination *d, const struct delivery *g)
{
	struct gateway *gw = queue_gateway(d->all->q);
	int64_t now = clock_wall(gw->clock);
	destination_left(d);
	if (g->connected) {
		if (d->failures)
			LOG(LOG_INFO, NULL, "destination", "back", F_S("to", d->key));
		d->failures = 0;
		d->wait_until = 0;
		d->words[0] = '\0';
		return 0;
	}
	if (now >= d->wait_until) { /* the first of its wave */
		const struct conf_times *retry =
			g->decision.route ? &g->decision.route->retry : &g->settings->queue.retry;
		char wait[24];
		d->failures++;
		d->wait_until = now + route_retry_wait(retry, d->failures, clock_random(gw->clock));
		text_copy(d->words, sizeof d->words, g->replies[0].text);
		LOG(LOG_WARN, NULL, "destination", "rests", F_S("to", d->key),
		    F_S("error", d->words),
		    F_S("for", text_duration(d->wait_until - now, wait, sizeof wait)));
	}
	drain(d, d->wait_until, d->words);
	return d->wait_until;
}

typedef void each_fn(struct destination *d, const char *reason);

static void each(struct destinations *ds, each_fn *fn, const char *reason)
{
	for (size_t i = 0; i < SLOTS; i++)
		for (struct destination *d = ds->slots[i]; d; d = d->chain)
			fn(d, reason);
}

static void flush_one(struct destination *d, const char *reason)
{
	(void)reason;
	d->wait_until = 0;
}

void destinations_flush(struct destinations *ds)
{
	each(ds, flush_one, NULL);
}

static void drain_one(struct destination *d, const char *reason)
{
	timers_clear(loop_timers(queue_gateway(d->all->q)->loop), &d->pace);
	drain(d, clock_wall(queue_gateway(d->all->q)->clock), reason);
}

void destinations_drain(struct destinations *ds, const char *reason)
{
	each(ds, drain_one, reason);
}

void destinations_tidy(struct destinations *ds)
{
	struct gateway *g = queue_gateway(ds->q);
	int64_t now = clock_mono(g->clock), wall = clock_wall(g->clock);
	for (size_t i = 0; i < SLOTS; i++) {
		for (struct destination **at = &ds->slots[i]; *at;) {
			struct destination *d = *at;
			if (d->first || d->active || d->wait_until > wall ||
			    now - d->used < IDLE_MS) {
				at = &d->chain;
				continue;
			}
			*at = d->chain;
			destination_free(d);
		}
	}
}

enum result destinations_status(struct destinations *ds, struct region *region,
				struct gateway_status *out)
{
	struct gateway_destination_status *list =
		region_alloc(region, ds->count * sizeof *list + 1);
	if (!list)
		return E_NOMEM;
	int64_t now = clock_wall(queue_gateway(ds->q)->clock);
	out->destinations = list;
	out->destination_count = 0;
	for (size_t i = 0; i < SLOTS; i++) {
		for (struct destination *d = ds->slots[i]; d; d = d->chain) {
			struct gateway_destination_status *s = &list[out->destination_count++];
			s->id = region_strdup(region, d->key);
			s->active = d->active;
			s->waiting = d->waiting;
			s->wait_until = d->wait_until > now ? d->wait_until : 0;
			s->last = region_strdup(region, d->words);
			if (!s->id || !s->last)
				return E_NOMEM;
		}
	}
	return OK;
}
