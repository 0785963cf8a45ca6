/*
 * Destinations: see destination.h. Main thread only. A destination lives until it has been idle for an hour; groups
 * in its line belong to it, groups in jobs to the job.
 */
#include "gateway/destination.h"

#include "base/text.h"
#include "gateway/alarm.h"
#include "gateway/dest_line.h"
#include "gateway/local.h"
#include "gateway/outbound.h"
#include "gateway/pace.h"
#include "gateway/throttle.h"
#include "route/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOCAL_JOBS 16 /* at a time for one postoffice: one commit of the disk serves them all */
#define IDLE_MS (int64_t)3600000  /* then a destination is forgotten */
#define TROUBLE_MS (int64_t)30000 /* wait after a trouble of ours that nothing ends */
#define SLOTS 1024
#define SLOW_MS (int64_t)30000 /* a line that takes longer holds up others by its memory */

struct destination {
	struct destination *chain;
	struct destinations *all;
	char *key;
	struct dest_line line;
	unsigned active, failures;
	int64_t wait_until;    /* wall ms */
	int64_t failing_since; /* wall ms; 0: it is not */
	bool no_chunks;        /* a server there offers CHUNKING and takes no BDAT */
	bool told;             /* people were told that it is down */
	struct throttle throttle;
	char slow[768];  /* why it was made slower */
	int64_t used;    /* mono ms */
	char words[768]; /* of the last failure, with its remedy */
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
	dest_line_init(&d->line);
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

static int64_t wall_now(const struct destination *d)
{
	return clock_wall(queue_gateway(d->all->q)->clock);
}

static int64_t mono_now(const struct destination *d)
{
	return clock_mono(queue_gateway(d->all->q)->clock);
}

bool destination_given_up(const struct destination *d, const struct conf_route *route)
{
	int64_t now = wall_now(d);
	if (!route || !route->fallback || !d->failing_since)
		return false;
	bool looking = now >= d->wait_until && !d->active;
	return now - d->failing_since >= route->fallback_after && !looking;
}

static unsigned limit_of(struct destination *d, const struct delivery *g)
{
	if (d->failures)
		return 1;
	if (g->decision.kind == ROUTE_LOCAL && g->decision.postoffice->format == CONF_OFFICE_MMFF)
		return 1;
	if (!g->decision.route)
		return LOCAL_JOBS;
	return throttle_connections(&d->throttle, g->decision.route->max_connections, mono_now(d));
}

/* ---- the line ---- */

static void pace_over(struct timer *t)
{
	destination_next((struct destination *)((char *)t - offsetof(struct destination, pace)));
}

/* May one more message of this group's route go there now? If not, wakes up when it may. */
static bool paced(struct destination *d, const struct delivery *g)
{
	const struct conf_route *route = g->decision.route;
	int64_t now = mono_now(d);
	if (!route)
		return true;
	int64_t at = throttle_take(&d->throttle, now);
	if (at <= now)
		at = pace_take(d->all->paces, route->name, &route->rate, now);
	if (at <= now)
		return true;
	timers_set(loop_timers(queue_gateway(d->all->q)->loop), &d->pace, at);
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
	g->no_chunks = d->no_chunks;
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
				r == E_STATE && g->decision.route
					? destination_vendor_back(d, g)
					: clock_wall(queue_gateway(q)->clock) + TROUBLE_MS,
				err.text);
}

void destination_next(struct destination *d)
{
	if (d->moving)
		return;
	d->moving = true;
	for (struct delivery *g; (g = dest_line_first(&d->line));) {
		if (d->active >= limit_of(d, g) || !paced(d, g))
			break;
		start(d, dest_line_take(&d->line, mono_now(d)));
	}
	d->moving = false;
}

/* Until when this group waits while the destination rests; its route's fallback may take it before. */
static int64_t rest_of(const struct destination *d, const struct delivery *g)
{
	const struct conf_route *route = g->decision.route;
	int64_t now = wall_now(d), at = d->wait_until;
	if (!route || !route->fallback || !d->failing_since)
		return at;
	int64_t given_up = d->failing_since + route->fallback_after;
	given_up = given_up > now ? given_up : now;
	return given_up < at ? given_up : at;
}

void destination_add(struct destination *d, struct delivery *g)
{
	struct queue *q = d->all->q;
	d->used = mono_now(d);
	if (queue_gateway(q)->stopping) {
		queue_postponed(q, g, wall_now(d), "the gateway is stopping");
	} else if (wall_now(d) < d->wait_until) {
		queue_postponed(q, g, rest_of(d, g), d->words);
	} else {
		g->cost = queue_cost(g->active->message);
		dest_line_add(&d->line, g, mono_now(d));
		destination_next(d);
	}
}

/* Puts the line back to the spool: until `at`, or, with 0, as long as the destination rests. */
static void drain(struct destination *d, int64_t at, const char *reason)
{
	while (dest_line_first(&d->line)) {
		struct delivery *g = dest_line_take(&d->line, mono_now(d));
		queue_postponed(d->all->q, g, at ? at : rest_of(d, g), reason);
	}
}

/* A postoffice of Microsoft Mail is looked for every `wait`: shares come back by themselves. */
static int64_t first_wait(const struct destination *d, const struct delivery *g)
{
	const struct conf_postoffice *p = g->decision.route ? NULL : g->decision.postoffice;
	const struct conf_times *retry =
		g->decision.route ? &g->decision.route->retry : &g->settings->queue.retry;
	int64_t wait = route_retry_wait(retry, d->failures ? d->failures : 1,
					clock_random(queue_gateway(d->all->q)->clock));
	return p && p->format == CONF_OFFICE_MMFF && p->wait < wait ? p->wait : wait;
}

/* What the server said of how much it takes makes our own limits smaller. Returns how long this group waits, 0: as it would. */
static int64_t learn(struct destination *d, const struct delivery *g)
{
	char rate[24] = "", most[24] = "";
	const bool many = g->pressure == PRESSURE_MANY && d->active;
	if (!many && g->pressure != PRESSURE_FAST)
		return 0;
	int64_t wait = first_wait(d, g);
	if (many) {
		throttle_too_many(&d->throttle, d->active, mono_now(d));
		snprintf(most, sizeof most, "%u", d->throttle.connections);
	} else {
		throttle_too_fast(&d->throttle, wait, mono_now(d));
		snprintf(rate, sizeof rate, "%u/1m", d->throttle.rate);
	}
	snprintf(d->slow, sizeof d->slow, "slowed down to %s%s: %.700s", *most ? most : rate,
		 *most ? " connections" : "", g->replies[0].text);
	LOG(LOG_WARN, NULL, "destination", "slowed", F_S("to", d->key),
	    F_S("connections", *most ? most : NULL), F_S("rate", *rate ? rate : NULL),
	    F_S("reason", g->replies[0].text));
	return wait;
}

static void served(struct destination *d)
{
	if (d->failures)
		LOG(LOG_INFO, NULL, "destination", "back", F_S("to", d->key));
	d->failures = 0;
	d->wait_until = d->failing_since = 0;
	d->told = false;
	d->words[0] = '\0';
}

/* A way that the settings name; the servers of some domain out there are no trouble of ours. */
static void tell_down(struct destination *d, const struct delivery *g, int64_t now)
{
	char text[1024], since[24];
	int64_t down = now - d->failing_since;
	if (d->told || g->decision.kind == ROUTE_MX || down < g->settings->notify.route_down)
		return;
	d->told = true;
	snprintf(text, sizeof text, "Nothing can be sent by %s for %s: %.700s", g->decision.rule,
		 text_duration(down, since, sizeof since), d->words);
	alarm_raise(queue_gateway(d->all->q),
		    &(struct alarm){.what = CONF_ROUTE_DOWN,
				    .about = g->decision.rule,
				    .text = text,
				    .remedy = "smtpgate probe looks at each step on the way; the "
					      "mail is kept meanwhile"});
}

static void rest(struct destination *d, const struct delivery *g)
{
	char wait[24];
	int64_t now = wall_now(d);
	if (now < d->wait_until)
		return; /* not the first of its wave */
	d->failures++;
	d->failing_since = d->failing_since ? d->failing_since : now;
	d->wait_until = now + first_wait(d, g);
	text_copy(d->words, sizeof d->words, g->replies[0].text);
	LOG(LOG_WARN, NULL, "destination", "rests", F_S("to", d->key), F_S("error", d->words),
	    F_S("for", text_duration(d->wait_until - now, wait, sizeof wait)));
	tell_down(d, g, now);
}

void destination_left(struct destination *d)
{
	d->active--;
	d->used = mono_now(d);
}

int64_t destination_ended(struct destination *d, const struct delivery *g)
{
	destination_left(d);
	d->no_chunks = d->no_chunks || g->no_chunks;
	int64_t wait = learn(d, g);
	bool alone = g->pressure == PRESSURE_MANY && !d->active; /* fewer than one cannot be had */
	if (wait || (g->connected && !alone)) {
		served(d);
		return wait ? wall_now(d) + wait : 0;
	}
	rest(d, g);
	drain(d, 0, d->words);
	return rest_of(d, g);
}

typedef void each_fn(struct destination *d, const char *reason);

static void each(struct destinations *ds, each_fn *fn, const char *reason)
{
	for (size_t i = 0; i < SLOTS; i++)
		for (struct destination *d = ds->slots[i]; d; d = d->chain)
			fn(d, reason);
}

void destinations_clock_jumped(struct destinations *ds, int64_t skip)
{
	for (size_t i = 0; i < SLOTS; i++) {
		for (struct destination *d = ds->slots[i]; d; d = d->chain) {
			d->wait_until += d->wait_until ? skip : 0;
			d->failing_since += d->failing_since ? skip : 0;
			d->line.back += d->line.back ? skip : 0;
		}
	}
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

static void flush_one(struct destination *d, const char *reason)
{
	d->wait_until = 0;
	drain_one(d, reason);
}

void destinations_flush(struct destinations *ds)
{
	each(ds, flush_one, "its way is looked for anew");
}

static void relieve_one(struct destination *d, size_t bytes, size_t count)
{
	int64_t mono = mono_now(d), wall = wall_now(d);
	if ((d->line.bytes <= bytes && d->line.count <= count) ||
	    dest_line_lasts(&d->line, mono) < SLOW_MS)
		return;
	struct delivery *cut = dest_line_cut(&d->line, bytes, count);
	char reason[160];
	snprintf(reason, sizeof reason,
		 "it waits behind %zu others that go there: for want of memory it is kept on the "
		 "disk meanwhile",
		 d->line.count);
	uint64_t random = clock_random(queue_gateway(d->all->q)->clock);
	for (struct delivery *g = cut, *next; g;
	     g = next, random = random * 6364136223846793005u + 1) {
		next = g->next;
		g->next = NULL;
		queue_postponed(d->all->q, g, dest_line_back(&d->line, mono, wall, random >> 16),
				reason);
	}
}

void destinations_relieve(struct destinations *ds, size_t bytes, size_t count)
{
	for (size_t i = 0; i < SLOTS; i++)
		for (struct destination *d = ds->slots[i]; d; d = d->chain)
			relieve_one(d, bytes, count);
}

void destinations_tidy(struct destinations *ds)
{
	struct gateway *g = queue_gateway(ds->q);
	int64_t now = clock_mono(g->clock), wall = clock_wall(g->clock);
	for (size_t i = 0; i < SLOTS; i++) {
		for (struct destination **at = &ds->slots[i]; *at;) {
			struct destination *d = *at;
			if (d->line.count || d->active || d->wait_until > wall ||
			    now - d->used < IDLE_MS) {
				at = &d->chain;
				continue;
			}
			*at = d->chain;
			destination_free(d);
		}
	}
}

/* Why it is slower than its route says; "" when it is not. */
static const char *slow_words(const struct destination *d, int64_t now)
{
	const struct throttle *t = &d->throttle;
	return t->connections || t->rate || now < t->not_before ? d->slow : "";
}

enum result destinations_status(struct destinations *ds, struct region *region,
				struct gateway_status *out)
{
	struct gateway_destination_status *list =
		region_alloc(region, ds->count * sizeof *list + 1);
	if (!list)
		return E_NOMEM;
	int64_t now = clock_wall(queue_gateway(ds->q)->clock);
	int64_t now_mono = clock_mono(queue_gateway(ds->q)->clock);
	out->destinations = list;
	out->destination_count = 0;
	for (size_t i = 0; i < SLOTS; i++) {
		for (struct destination *d = ds->slots[i]; d; d = d->chain) {
			struct gateway_destination_status *s = &list[out->destination_count++];
			s->id = region_strdup(region, d->key);
			s->active = d->active;
			s->waiting = d->line.count;
			s->wait_until = d->wait_until > now ? d->wait_until : 0;
			s->last = region_strdup(region,
						*d->words ? d->words : slow_words(d, now_mono));
			if (!s->id || !s->last)
				return E_NOMEM;
		}
	}
	return OK;
}
