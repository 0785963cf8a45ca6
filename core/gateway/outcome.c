/*
 * Outcomes: see outcome.h. Each lives in a region of its own, freed when the spool has it. Main thread only.
 */
#include "gateway/outcome.h"

#include "base/text.h"
#include "gateway/bounce.h"
#include "mail/asks.h"
#include "route/copy.h"
#include "route/route.h"

#include <stdlib.h>
#include <string.h>

#define RETRY_MS 1000 /* until a broken spool is asked again */

struct outcome {
	struct spool_update update;
	struct queue *q;
	struct active *active;
	struct settings *settings;
	struct region *region;
	struct spool_change *changes;
	struct mail_report_rcpt *failed, *delayed, *taken, /* taken: delivered or handed on */
		*copies;                                   /* failed, and not the sender's */
	size_t count, failed_count, delayed_count, taken_count, copy_count;
	struct spool_new news[4];
	size_t new_count;
	bool poor; /* memory was short for some of it */
	uint64_t unclaim;
	const char
		*bounce_to; /* of the route; NULL: the sender gets the reports, if there is one */
	int64_t now;
	struct timer again;
};

struct outcome *outcome_new(struct queue *q, struct active *a, struct settings *settings,
			    size_t most)
{
	struct region *r = region_new(0);
	struct outcome *o = r ? region_alloc(r, sizeof *o) : NULL;
	if (o) {
		o->changes = region_alloc(r, most * sizeof *o->changes);
		o->failed = region_alloc(r, most * sizeof *o->failed);
		o->delayed = region_alloc(r, most * sizeof *o->delayed);
		o->taken = region_alloc(r, most * sizeof *o->taken);
		o->copies = region_alloc(r, most * sizeof *o->copies);
	}
	if (!o || !o->changes || !o->failed || !o->delayed || !o->taken || !o->copies) {
		region_destroy(&r);
		return NULL;
	}
	o->q = q;
	o->active = a;
	o->region = r;
	o->settings = settings_ref(settings);
	o->now = clock_wall(queue_gateway(q)->clock);
	return o;
}

static const char *kept(struct outcome *o, const char *text)
{
	const char *copy = region_strdup(o->region, text);
	o->poor = o->poor || !copy;
	return copy ? copy : "";
}

static struct spool_change *change_new(struct outcome *o, size_t rcpt, enum spool_state state)
{
	struct spool_change *c = &o->changes[o->count++];
	c->number = o->active->message->number;
	c->rcpt = rcpt;
	c->state = state;
	return c;
}

/* Does the sender want to hear it (RFC 3461 4.1)? Who says nothing does of failures and delays. */
static bool is_asked_for(const struct mail_asks_rcpt *asks, enum mail_report_kind kind)
{
	bool success = kind == MAIL_REPORT_DELIVERED || kind == MAIL_REPORT_RELAYED;
	unsigned bit = success                       ? MAIL_NOTIFY_SUCCESS
		       : kind == MAIL_REPORT_DELAYED ? MAIL_NOTIFY_DELAY
						     : MAIL_NOTIFY_FAILURE;
	return asks->notify ? asks->notify & bit : !success;
}

static struct mail_report_rcpt *place_for(struct outcome *o, enum mail_report_kind kind, bool copy)
{
	if (kind == MAIL_REPORT_DELAYED)
		return &o->delayed[o->delayed_count++];
	if (kind == MAIL_REPORT_DELIVERED || kind == MAIL_REPORT_RELAYED)
		return &o->taken[o->taken_count++];
	return copy ? &o->copies[o->copy_count++] : &o->failed[o->failed_count++];
}

/* Original-Recipient: as the client said it, out of its coding; NULL: not said. */
static const char *original_of(struct outcome *o, const struct mail_asks_rcpt *asks)
{
	char text[MAIL_ORCPT_MAX + 1];
	return *asks->orcpt ? kept(o, mail_xtext_decode(asks->orcpt, text, sizeof text)) : NULL;
}

static void report_on(struct outcome *o, const struct spool_change *c, enum mail_report_kind kind,
		      int64_t until)
{
	const struct spool_rcpt *rcpt = &o->active->message->rcpts[c->rcpt];
	const char *address = rcpt->address;
	bool copy = route_is_copy(o->settings, address);
	struct mail_asks_rcpt asks;
	if (mail_asks_rcpt_parse(rcpt->asks, &asks) != OK)
		asks = (struct mail_asks_rcpt){.notify = 0};
	if ((kind == MAIL_REPORT_DELAYED && copy) || !is_asked_for(&asks, kind))
		return;
	struct mail_report_rcpt *r = place_for(o, kind, copy);
	*r = (struct mail_report_rcpt){
		.kind = kind,
		.address = address,
		.original = original_of(o, &asks),
		.status = c->status ? c->status : "",
		.diagnostic = c->reason ? c->reason : "",
		.peer = c->peer ? c->peer : "",
		.last_attempt = c->attempted ? o->now : 0,
		.retry_until = until,
	};
}

/* When the message came, by the clock as it goes now. */
static int64_t came(const struct outcome *o)
{
	const struct spool_message *m = o->active->message;
	return m->envelope.arrived + spool_skipped(queue_gateway(o->q)->spool, m);
}

/* When this message is given up: the route's lifetime, for the null reverse-path no more than bounce_lifetime. */
static int64_t expiry(const struct outcome *o, const struct conf_route *route)
{
	const struct conf_queue *queue = &o->settings->queue;
	int64_t life = route ? route->lifetime : queue->lifetime;
	const struct mail_envelope *e = &o->active->message->envelope;
	if (!*e->reverse_path && queue->bounce_lifetime < life)
		life = queue->bounce_lifetime;
	return came(o) + life;
}

static void defer(struct outcome *o, struct spool_change *c, const struct outcome_source *s)
{
	const struct spool_rcpt *rcpt = &o->active->message->rcpts[c->rcpt];
	const struct conf_route *route = s->route;
	int64_t end = expiry(o, route);
	if (o->now >= end) {
		c->state = SPOOL_EXPIRED;
		report_on(o, c, MAIL_REPORT_EXPIRED, 0);
		return;
	}
	int64_t at = s->not_before;
	if (!at) {
		const struct conf_times *retry = route ? &route->retry : &o->settings->queue.retry;
		at = o->now + route_retry_wait(retry, rcpt->attempts + 1,
					       clock_random(queue_gateway(o->q)->clock));
	}
	c->next_at = at < end ? at : end; /* one last attempt at its end */
	int64_t warn = route ? route->warn_after : o->settings->queue.warn_after;
	if (warn && !rcpt->warned && o->now >= came(o) + warn) {
		c->warned = true;
		report_on(o, c, MAIL_REPORT_DELAYED, end);
	}
}

void outcome_reply(struct outcome *o, size_t rcpt, const struct smtp_reply *reply, const char *sent,
		   const struct outcome_source *s)
{
	char words[SMTP_REPLY_TEXT + 32];
	struct spool_change *c = change_new(o, rcpt, SPOOL_WAITING);
	c->attempted = s->attempted;
	if (s->route && s->route->bounce_to && *o->active->message->envelope.reverse_path)
		o->bounce_to = kept(o, s->route->bounce_to);
	c->rule = kept(o, s->rule);
	c->peer = kept(o, s->peer);
	if (s->as_sender && strcmp(s->as_sender, o->active->message->envelope.reverse_path) != 0)
		c->sent_sender = kept(o, s->as_sender);
	c->sent_from = s->as_from ? kept(o, s->as_from) : NULL;
	c->status = kept(o, reply->status);
	c->reason =
		kept(o, reply->code ? smtp_reply_print(reply, words, sizeof words) : reply->text);
	if (smtp_reply_is(reply, 2)) {
		c->state = SPOOL_DELIVERED;
		c->sent_hash = sent && *sent ? kept(o, sent) : NULL;
		if (s->way != OUTCOME_REPORTING)
			report_on(o, c,
				  s->way == OUTCOME_MAILBOX ? MAIL_REPORT_DELIVERED
							    : MAIL_REPORT_RELAYED,
				  0);
	} else if (smtp_reply_is(reply, 5)) {
		c->state = SPOOL_BOUNCED;
		report_on(o, c, MAIL_REPORT_FAILED, 0);
	} else {
		defer(o, c, s);
	}
}

void outcome_hold(struct outcome *o, size_t rcpt, const char *rule, const char *reason)
{
	struct spool_change *c = change_new(o, rcpt, SPOOL_HELD);
	c->rule = kept(o, rule);
	c->reason = kept(o, reason);
}

void outcome_discard(struct outcome *o, size_t rcpt, const char *rule)
{
	struct spool_change *c = change_new(o, rcpt, SPOOL_REMOVED);
	c->rule = kept(o, rule);
	c->reason = "discarded by the route";
}

static void log_change(const struct outcome *o, const struct spool_change *c)
{
	static const char *const verbs[] = {
		[SPOOL_WAITING] = "deferred",    [SPOOL_HELD] = "held",
		[SPOOL_DELIVERED] = "delivered", [SPOOL_BOUNCED] = "bounced",
		[SPOOL_EXPIRED] = "expired",     [SPOOL_REMOVED] = "removed",
	};
	const struct spool_message *m = o->active->message;
	char next[32], delay[24];
	enum log_level level =
		c->state == SPOOL_BOUNCED || c->state == SPOOL_EXPIRED ? LOG_WARN : LOG_INFO;
	if (!log_wants(level))
		return;
	LOG(level, m->id, "recipient", verbs[c->state], F_A("to", m->rcpts[c->rcpt].address),
	    F_S("rule", c->rule), F_S("peer", c->peer && *c->peer ? c->peer : NULL),
	    F_S("reply", c->reason),
	    F_S("delay", text_duration(o->now - came(o), delay, sizeof delay)),
	    F_S("next",
		c->state == SPOOL_WAITING ? text_time(c->next_at, next, sizeof next) : NULL));
}

static void outcome_free(struct outcome *o)
{
	struct region *r = o->region;
	settings_unref(&o->settings);
	region_destroy(&r);
}

static void post(struct outcome *o);

static void updated(struct spool_request *request)
{
	struct outcome *o =
		(struct outcome *)request; /* update is the first member, q the first of it */
	struct queue *q = o->q;
	if (request->result != OK && request->result != E_NOTFOUND) {
		struct loop *loop = queue_gateway(q)->loop;
		LOG(LOG_ERROR, o->active->message->id, "spool", "refused",
		    F_S("error", request->err.text));
		if (timers_set(loop_timers(loop), &o->again,
			       clock_mono(loop_clock(loop)) + RETRY_MS) != OK)
			post(o);
		return;
	}
	int64_t soonest = INT64_MAX;
	for (size_t i = 0; i < o->count; i++) {
		log_change(o, &o->changes[i]);
		if (o->changes[i].state == SPOOL_WAITING && o->changes[i].next_at < soonest)
			soonest = o->changes[i].next_at;
	}
	for (size_t i = 0; i < o->update.new_count; i++) {
		char id[SPOOL_ID_MAX];
		spool_id_format(o->news[i].number, id);
		LOG(LOG_INFO, id, "report", "queued", F_S("about", o->active->message->id),
		    F_A("to", o->news[i].envelope->recipients[0]));
	}
	struct active *a = o->active;
	bool unclaimed = o->update.unclaim_count > 0, reports = o->update.new_count > 0;
	outcome_free(o);
	queue_outcome_done(q, a, unclaimed, soonest, reports);
}

static void post(struct outcome *o)
{
	o->update.q.result = OK;
	spool_update(queue_gateway(o->q)->spool, &o->update);
}

static void post_again(struct timer *t)
{
	post((struct outcome *)((char *)t - offsetof(struct outcome, again)));
}

/* A report on some of the recipients, if there are any. */
static void add_report(struct outcome *o, const struct mail_report_rcpt *rcpts, size_t count,
		       const char *instead)
{
	if (!count || o->poor)
		return;
	enum result r = bounce_make(queue_gateway(o->q), o->settings, o->active->message, rcpts,
				    count, instead, o->region, &o->news[o->new_count]);
	o->new_count += r == OK;
	o->poor = r == E_NOMEM;
}

bool outcome_post(struct outcome *o, bool unclaim)
{
	struct gateway *g = queue_gateway(o->q);
	add_report(o, o->failed, o->failed_count, o->bounce_to);
	add_report(o, o->delayed, o->delayed_count, o->bounce_to);
	add_report(o, o->taken, o->taken_count, o->bounce_to);
	add_report(o, o->copies, o->copy_count, o->settings->gateway.admin);
	if (o->poor) {
		outcome_free(o);
		return false;
	}
	o->again.fire = post_again;
	o->unclaim = o->active->message->number;
	o->update = (struct spool_update){
		.q = {.answer_to = loop_inbox(g->loop), .done = updated},
		.changes = o->changes,
		.change_count = o->count,
		.news = o->news,
		.new_count = o->new_count,
		.unclaim = &o->unclaim,
		.unclaim_count = unclaim,
	};
	post(o);
	return true;
}
