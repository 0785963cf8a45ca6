/*
 * The queue: see queue.h. Main thread only, but for queue_post. Owns the actives, the groups and the destinations.
 */
#include "gateway/queue.h"

#include "base/budget.h"
#include "base/text.h"
#include "gateway/destination.h"
#include "gateway/outcome.h"
#include "gateway/split.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SCAN_MESSAGES 512  /* claimed from the spool at a time */
#define MESSAGE_BYTES 4096 /* an active message without its content and recipients */
#define WAY_BYTES 8192     /* a destination, a job, and its connection (held to by tests/torture) */
#define RCPT_BYTES                             \
	(WAY_BYTES + sizeof(struct delivery) + \
	 sizeof(struct smtp_reply)) /* of a recipient that goes a way of its own */
#define SLACK_MS 600000 /* waits that no schedule makes are shorter: for a TCP/IP that is down */
#define SHORT_MS 5000   /* without room is looked again, when nothing has ended */
#define SHARE 4         /* of the room: a destination that is slow gets so much of it at most */
#define LATER_MS 1000   /* what could not be routed for want of memory is looked at again */

struct queue {
	struct gateway *g;
	struct active *first;
	size_t count;
	struct destinations *destinations;
	struct spool_due due;
	bool started, stopped;
	bool scanning; /* due is at the spool */
	bool again;    /* something became due meanwhile */
	struct timer next;
	size_t unclaiming; /* unclaim requests on their way */
	size_t bytes;      /* of memory that the actives hold, about */
	bool short_of;     /* there was no room for more: the end of any message looks again */
};

struct gateway *queue_gateway(struct queue *q)
{
	return q->g;
}

size_t queue_active(const struct queue *q)
{
	return q->count;
}

bool queue_idle(const struct queue *q)
{
	return !q->count && !q->scanning && !q->unclaiming;
}

/* Half of what there is is for what goes out; the rest is for senders, or neither would go on. */
static size_t memory_left(const struct queue *q)
{
	size_t half = budget_state().most / 2;
	return half > q->bytes ? half - q->bytes : 0;
}

size_t queue_cost(const struct spool_message *m)
{
	return sizeof(struct active) + MESSAGE_BYTES + m->rcpt_count * RCPT_BYTES +
	       (m->data ? m->size : 0);
}

/* One is always taken. */
static bool has_room(const struct queue *q, const struct spool_message *m)
{
	return q->count < q->g->settings->queue.max_active &&
	       (!q->count || queue_cost(m) <= memory_left(q));
}

/* ---- looking for what is due ---- */

static void scan(struct queue *q);

static void scan_at(struct queue *q, int64_t wall)
{
	if (wall == INT64_MAX || q->stopped)
		return;
	const struct clock *clock = q->g->clock;
	int64_t wait = wall - clock_wall(clock), mono = clock_mono(clock);
	/* The wall clock may jump: never trust it for more than a minute. */
	int64_t due = mono + (wait < 0 ? 0 : wait > 60000 ? 60000 : wait);
	if (!q->next.place || due < q->next.due)
		timers_set(loop_timers(q->g->loop), &q->next, due);
}

static void scan_timer(struct timer *t)
{
	scan((struct queue *)((char *)t - offsetof(struct queue, next)));
}

/* There is none for what is due: a slow destination gives some back; else the end of any message looks again. */
static void make_room(struct queue *q)
{
	size_t share = budget_state().most / 2 / SHARE;
	q->short_of = true;
	destinations_relieve(q->destinations, share, q->g->settings->queue.max_active / SHARE);
	scan_at(q, clock_wall(q->g->clock) + SHORT_MS);
}

static void scanned(struct spool_request *request)
{
	struct spool_due *due = (struct spool_due *)request;
	struct queue *q = (struct queue *)((char *)due - offsetof(struct queue, due));
	q->scanning = false;
	bool more = q->again || (request->result == OK && due->count == due->limit);
	q->again = false;
	if (request->result != OK) {
		LOG(LOG_ERROR, NULL, "spool", "unreadable", F_S("error", request->err.text));
		scan_at(q, clock_wall(q->g->clock) + 1000);
		return;
	}
	for (size_t i = 0; i < due->count; i++)
		queue_take(q, due->messages[i]);
	free(due->messages);
	due->messages = NULL;
	if (q->short_of)
		make_room(q); /* what did not fit would be found again at once */
	else if (more)
		scan(q);
	else
		scan_at(q, due->next);
	gateway_stop_check(q->g);
}

/* Wall ms until which anything may have to wait; what is to wait for longer was noted by a clock that has been put back since. */
static int64_t beyond(const struct queue *q, int64_t now)
{
	return now + route_retry_longest(q->g->settings) + SLACK_MS;
}

static void scan(struct queue *q)
{
	if (!q->started || q->stopped)
		return;
	if (q->scanning) {
		q->again = true;
		return;
	}
	size_t room = q->g->settings->queue.max_active;
	room = room > q->count ? room - q->count : 0;
	size_t left = memory_left(q);
	if (!room || (q->count && left < sizeof(struct active) + MESSAGE_BYTES + RCPT_BYTES)) {
		make_room(q);
		return;
	}
	int64_t now = clock_wall(q->g->clock);
	q->scanning = true;
	q->due = (struct spool_due){
		.q = {.answer_to = loop_inbox(q->g->loop), .done = scanned},
		.now = now,
		.beyond = beyond(q, now),
		.limit = room < SCAN_MESSAGES ? room : SCAN_MESSAGES,
		.bytes = left ? left : 1,
	};
	spool_due(q->g->spool, &q->due);
}

void queue_kick(struct queue *q, bool flush)
{
	if (flush)
		destinations_flush(q->destinations);
	for (struct active *a = q->first; a; a = a->next)
		a->soonest = 0; /* what was asked for may be about one of these */
	scan(q);
}

/* ---- taking messages ---- */

struct unclaim {
	struct spool_update update;
	struct queue *q;
	uint64_t number;
};

static void unclaimed(struct spool_request *request)
{
	struct unclaim *u = (struct unclaim *)request;
	struct queue *q = u->q;
	free(u);
	q->unclaiming--;
	gateway_stop_check(q->g);
}

/* Leaves a message to the spool until there is room for it. */
static void unclaim(struct queue *q, struct spool_message *m)
{
	struct unclaim *u = calloc(1, sizeof *u);
	if (u) {
		u->q = q;
		u->number = m->number;
		u->update = (struct spool_update){
			.q = {.answer_to = loop_inbox(q->g->loop), .done = unclaimed},
			.unclaim = &u->number,
			.unclaim_count = 1,
		};
		q->unclaiming++;
		spool_update(q->g->spool, &u->update);
	} else {
		LOG(LOG_ERROR, m->id, "message", "stuck",
		    F_S("why", "no memory; it is tried at the next start"));
	}
	spool_message_unref(&m);
}

static void active_free(struct queue *q, struct active *a)
{
	if (a->next)
		a->next->prev = a->prev;
	if (a->prev)
		a->prev->next = a->next;
	else
		q->first = a->next;
	q->count--;
	q->bytes -= queue_cost(a->message);
	spool_message_unref(&a->message);
	free(a);
}

static void active_waits(struct active *a, int64_t until)
{
	if (until < a->soonest)
		a->soonest = until;
}

/* Routes each recipient that is due and hands the groups out. */
static void route(struct queue *q, struct active *a)
{
	struct split s = {
		.q = q, .a = a, .settings = q->g->settings, .destinations = q->destinations};
	struct route_world world;
	gateway_world(q->g, &world);
	const struct spool_message *m = a->message;
	int64_t now = clock_wall(q->g->clock), far = beyond(q, now);
	for (size_t i = 0; i < m->rcpt_count; i++) {
		if (m->rcpts[i].state != SPOOL_WAITING)
			continue;
		if (m->rcpts[i].next_at > now && m->rcpts[i].next_at <= far)
			active_waits(a, m->rcpts[i].next_at);
		else if (!split_rcpt(&s, &world, i))
			/* What has no group stays waiting and is due at the next look. */
			LOG(LOG_ERROR, m->id, "recipient", "stuck", F_A("to", m->rcpts[i].address),
			    F_S("why", "no memory to route it"));
	}
	if (!a->outstanding) {
		struct spool_message *left = spool_message_ref(a->message);
		scan_at(q, a->soonest < now + LATER_MS ? a->soonest : now + LATER_MS);
		active_free(q, a);
		unclaim(q, left);
		return;
	}
	if (s.outcome)
		outcome_post(s.outcome, a->outstanding == 1);
	for (struct delivery *d = s.groups, *next; d; d = next) {
		next = d->next;
		d->next = NULL;
		destination_set_open_group(d->destination, NULL, NULL);
		destination_add(d->destination, d);
	}
}

void queue_take(struct queue *q, struct spool_message *m)
{
	struct active *a = NULL;
	bool room = has_room(q, m);
	if (!q->stopped && room)
		a = calloc(1, sizeof *a);
	if (!a) {
		if (!room)
			make_room(q);
		unclaim(q, m);
		return;
	}
	a->message = m;
	a->soonest = INT64_MAX;
	a->next = q->first;
	if (a->next)
		a->next->prev = a;
	q->first = a;
	q->count++;
	q->bytes += queue_cost(m);
	route(q, a);
}

static void link_run(struct task *t)
{
	struct queue_link *link = (struct queue_link *)t;
	struct queue *q = link->queue;
	struct spool_message *m = link->message;
	free(link);
	queue_take(q, m);
}

void queue_post(struct queue_link *link)
{
	link->task.run = link_run;
	inbox_post(loop_inbox(link->queue->g->loop), &link->task);
}

/* ---- what became of groups ---- */

void queue_outcome_done(struct queue *q, struct active *a, bool was_unclaimed, int64_t soonest,
			bool reports)
{
	a->outstanding--;
	active_waits(a, soonest);
	if (!a->outstanding) {
		struct spool_message *left = was_unclaimed ? NULL : spool_message_ref(a->message);
		scan_at(q, a->soonest);
		active_free(q, a);
		if (left) /* two groups ended at once and neither knew that it was the last */
			unclaim(q, left);
	}
	if (reports || q->short_of) {
		q->short_of = false;
		scan(q);
	}
	gateway_stop_check(q->g);
}

/* Ends a group with one answer for each recipient. */
static void finish(struct queue *q, struct delivery *d, const struct outcome_source *source)
{
	struct outcome *o = outcome_new(q, d->active, d->settings, d->count);
	if (!o) {
		LOG(LOG_ERROR, d->active->message->id, "message", "stuck",
		    F_S("why", "no memory for its outcome; it is tried at the next start"));
		struct active *a = d->active;
		split_group_free(d);
		a->outstanding--;
		if (!a->outstanding)
			active_free(q, a);
		return;
	}
	for (size_t i = 0; i < d->count; i++)
		if (d->aside)
			outcome_hold(o, d->rcpts[i], source->rule, d->replies[i].text);
		else
			outcome_reply(o, d->rcpts[i], &d->replies[i], d->sent ? d->sent[i] : NULL,
				      source);
	if (d->aside)
		LOG(LOG_ERROR, d->active->message->id, "message", "set-aside",
		    F_S("rule", source->rule), F_S("error", d->replies[0].text));
	bool last = d->active->outstanding == 1;
	split_group_free(d);
	outcome_post(o, last);
}

/* The destination is not to blame, and nothing was tried of it. */
static void not_delivered(struct queue *q, struct delivery *d)
{
	struct destination *dest = d->destination;
	char words[768];
	text_copy(words, sizeof words, d->replies[0].text);
	destination_left(dest);
	queue_postponed(q, d, destination_vendor_back(dest, d), words);
	destination_next(dest);
}

void queue_delivered(struct queue *q, struct delivery *d)
{
	struct destination *dest = d->destination;
	if (d->down) {
		not_delivered(q, d);
		return;
	}
	char rule[sizeof d->decision.rule], peer[sizeof d->peer];
	const struct conf_route *route = d->decision.route;
	bool mailbox = d->decision.kind == ROUTE_LOCAL || (route && route->what == CONF_LMTP);
	enum outcome_way way = d->reports ? OUTCOME_REPORTING
			       : mailbox  ? OUTCOME_MAILBOX
					  : OUTCOME_RELAYED;
	text_copy(rule, sizeof rule, d->decision.rule);
	text_copy(peer, sizeof peer, d->peer);
	int64_t rest = destination_ended(dest, d);
	finish(q, d,
	       &(struct outcome_source){.rule = rule,
					.peer = peer,
					.route = d->decision.route,
					.attempted = true,
					.way = way,
					.not_before = rest,
					.as_sender = d->as_sender,
					.as_from = d->as_from});
	destination_next(dest);
}

void queue_postponed(struct queue *q, struct delivery *d, int64_t at, const char *reason)
{
	char rule[sizeof d->decision.rule];
	text_copy(rule, sizeof rule, d->decision.rule);
	if (!d->replies)
		d->replies = region_alloc(d->region, d->count * sizeof *d->replies);
	if (d->replies)
		for (size_t i = 0; i < d->count; i++)
			smtp_reply_set(&d->replies[i], 0, "", "%s", reason);
	else
		d->count = 0;
	finish(q, d,
	       &(struct outcome_source){
		       .rule = rule, .peer = "", .route = d->decision.route, .not_before = at});
}

/* ---- life ---- */

enum result queue_new(struct queue **out, struct gateway *g, struct err *err)
{
	struct queue *q = calloc(1, sizeof *q);
	if (q)
		q->destinations = destinations_new(q);
	if (!q || !q->destinations) {
		free(q);
		return err_set(err, E_NOMEM, "no memory for the queue");
	}
	q->g = g;
	q->next.fire = scan_timer;
	*out = q;
	return OK;
}

void queue_destroy(struct queue **q)
{
	if (!*q)
		return;
	assert(queue_idle(*q));
	timers_clear(loop_timers((*q)->g->loop), &(*q)->next);
	destinations_destroy(&(*q)->destinations);
	free(*q);
	*q = NULL;
}

void queue_start(struct queue *q)
{
	q->started = true;
	scan(q);
}

void queue_stop(struct queue *q)
{
	q->stopped = true;
	timers_clear(loop_timers(q->g->loop), &q->next);
	destinations_drain(q->destinations, "the gateway is stopping");
}

void queue_clock_jumped(struct queue *q, int64_t skip)
{
	destinations_clock_jumped(q->destinations, skip);
	scan(q);
}

void queue_tidy(struct queue *q)
{
	destinations_tidy(q->destinations);
}

enum result queue_status(struct queue *q, struct region *region, struct gateway_status *out)
{
	out->active_messages = q->count;
	return destinations_status(q->destinations, region, out);
}
