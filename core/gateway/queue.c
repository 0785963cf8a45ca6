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
	struct delivery *unsaid;     /* their outcome had no memory */
	struct spool_message *stuck; /* to be unclaimed, when there is memory for it */
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
	return !q->count && !q->scanning && !q->unclaiming && !q->stuck;
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
	struct spool_message *message;
};

/* It stays with us until it can be put back; a claim ends with the process. */
static void keep(struct queue *q, struct spool_message *m, const char *why)
{
	if (q->stopped) {
		spool_message_unref(&m);
		return;
	}
	LOG(LOG_ERROR, m->id, "message", "stuck", F_S("why", why));
	m->next = q->stuck;
	q->stuck = m;
}

static void unclaimed(struct spool_request *request)
{
	struct unclaim *u = (struct unclaim *)request;
	struct queue *q = u->q;
	q->unclaiming--;
	if (request->result == OK)
		spool_message_unref(&u->message);
	else
		keep(q, u->message, request->err.text);
	free(u);
	gateway_stop_check(q->g);
}

/* Leaves a message to the spool until there is room for it. */
static void unclaim(struct queue *q, struct spool_message *m)
{
	struct unclaim *u = calloc(1, sizeof *u);
	if (!u) {
		keep(q, m, "no memory to put it back");
		return;
	}
	*u = (struct unclaim){
		.update = {.q = {.answer_to = loop_inbox(q->g->loop), .done = unclaimed},
			   .unclaim = &m->number,
			   .unclaim_count = 1},
		.q = q,
		.message = m};
	q->unclaiming++;
	spool_update(q->g->spool, &u->update);
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
		else if (!split_rcpt(&s, &world, i)) {
			/* What has no group stays waiting. */
			active_waits(a, now + LATER_MS);
			LOG(LOG_ERROR, m->id, "recipient", "stuck", F_A("to", m->rcpts[i].address),
			    F_S("why", "no memory to route it"));
		}
	}
	if (s.outcome && !outcome_post(s.outcome, a->outstanding == 1)) {
		active_waits(a, now + LATER_MS);
		a->outstanding--;
	}
	if (!a->outstanding) {
		struct spool_message *left = spool_message_ref(a->message);
		scan_at(q, a->soonest < now + LATER_MS ? a->soonest : now + LATER_MS);
		active_free(q, a);
		unclaim(q, left);
		return;
	}
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
	if (!room)
		make_room(q);
	if (!a) {
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

static enum outcome_way way_of(const struct delivery *d)
{
	const struct conf_route *route = d->decision.route;
	bool mailbox = d->decision.kind == ROUTE_LOCAL || (route && route->what == CONF_LMTP);
	return d->reports ? OUTCOME_REPORTING : mailbox ? OUTCOME_MAILBOX : OUTCOME_RELAYED;
}

/* One answer for each recipient, on its way to the spool; false: memory is short. */
static bool say(struct queue *q, struct delivery *d)
{
	const struct outcome_source source = {.rule = d->decision.rule,
					      .peer = d->attempted ? d->peer : "",
					      .route = d->decision.route,
					      .attempted = d->attempted,
					      .way = way_of(d),
					      .not_before = d->not_before,
					      .as_sender = d->attempted ? d->as_sender : NULL,
					      .as_from = d->attempted ? d->as_from : NULL};
	struct outcome *o = outcome_new(q, d->active, d->settings, d->count);
	for (size_t i = 0; o && i < d->count; i++)
		if (d->aside)
			outcome_hold(o, d->rcpts[i], source.rule, d->replies[i].text);
		else
			outcome_reply(o, d->rcpts[i], &d->replies[i], d->sent ? d->sent[i] : NULL,
				      &source);
	return o && outcome_post(o, d->active->outstanding == 1);
}

/* Ends a group. What has happened is not forgotten for want of memory, or it would happen once more. */
static void finish(struct queue *q, struct delivery *d)
{
	const char *id = d->active->message->id;
	if (!say(q, d)) {
		LOG(LOG_ERROR, id, "message", "stuck", F_S("why", "no memory for its outcome"));
		d->next = q->unsaid;
		q->unsaid = d;
		return;
	}
	if (d->aside)
		LOG(LOG_ERROR, id, "message", "set-aside", F_S("rule", d->decision.rule),
		    F_S("error", d->replies[0].text));
	split_group_free(d);
}

void queue_look(struct queue *q)
{
	struct delivery *unsaid = q->unsaid;
	struct spool_message *stuck = q->stuck;
	q->unsaid = NULL;
	q->stuck = NULL;
	for (struct delivery *d; (d = unsaid);) {
		unsaid = d->next;
		finish(q, d);
	}
	for (struct spool_message *m; (m = stuck);) {
		stuck = m->next;
		unclaim(q, m);
	}
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
	d->attempted = true;
	d->not_before = destination_ended(dest, d);
	finish(q, d);
	destination_next(dest);
}

void queue_postponed(struct queue *q, struct delivery *d, int64_t at, const char *reason)
{
	if (!d->replies)
		d->replies = region_alloc(d->region, d->count * sizeof *d->replies);
	d->count = d->replies ? d->count : 0;
	active_waits(d->active, at);
	for (size_t i = 0; i < d->count; i++)
		smtp_reply_set(&d->replies[i], 0, "", "%s", reason);
	d->attempted = false;
	d->not_before = at;
	finish(q, d);
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
