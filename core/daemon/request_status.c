/* status: the spool's totals are asked first, then the moment is described in one line. */
#include "daemon/health.h"
#include "daemon/requests.h"
#include "daemon/words.h"
#include "gateway/refused.h"

#include <stdlib.h>
#include <unistd.h>

struct status_job {
	struct control_job job;
	struct spool_totals totals;
	struct requests_host *host;
	bool asked, asking, answered, late;
	struct timer limit;
};

static void status_gone(struct control_job *j)
{
	struct status_job *s = (struct status_job *)j;
	timers_clear(loop_timers(s->host->loop), &s->limit);
	if (!s->asking)
		free(s);
}

/* The spool's disk hangs: what was known last is better than nothing. */
static void status_late(struct timer *t)
{
	struct status_job *s =
		(struct status_job *)((char *)t - offsetof(struct status_job, limit));
	s->late = true;
	control_more(&s->job);
}

static void status_done(struct spool_request *q)
{
	struct status_job *s =
		(struct status_job *)((char *)q - offsetof(struct status_job, totals.q));
	s->asking = false;
	s->answered = true;
	if (s->job.client)
		control_more(&s->job);
	else
		free(s);
}

static json_t *stacks_json(const struct gateway_status *g)
{
	json_t *list = json_array();
	for (size_t i = 0; i < g->stack_count; i++) {
		const struct gateway_stack_status *s = &g->stacks[i];
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:b, s:I, s:I, s:I, s:I, "
					"s:I, s:I, s:I, s:I}",
					"name", s->name, "code", s->code, "vendor", s->vendor,
					"provider", s->provider, "state", s->state, "error",
					words_json(s->error), "required", s->required, "since",
					(json_int_t)s->since, "threads", (json_int_t)s->threads,
					"bytes_in", (json_int_t)s->counters.bytes_in, "bytes_out",
					(json_int_t)s->counters.bytes_out, "accepted",
					(json_int_t)s->counters.accepted, "connected",
					(json_int_t)s->counters.connected, "failed",
					(json_int_t)s->counters.failed, "open",
					(json_int_t)s->counters.open));
	}
	return list;
}

static json_t *listeners_json(const struct gateway_status *g)
{
	json_t *list = json_array();
	for (size_t i = 0; i < g->listener_count; i++) {
		const struct gateway_listener_status *l = &g->listeners[i];
		json_array_append_new(
			list,
			json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "name", l->name,
				  "vendor", l->vendor, "address", l->address, "state", l->state,
				  "sessions", (json_int_t)l->sessions, "sessions_total",
				  (json_int_t)l->sessions_total, "accepted",
				  (json_int_t)l->accepted, "refused", (json_int_t)l->refused));
	}
	return list;
}

static json_t *destinations_json(const struct gateway_status *g)
{
	json_t *list = json_array();
	for (size_t i = 0; i < g->destination_count; i++) {
		const struct gateway_destination_status *d = &g->destinations[i];
		json_array_append_new(
			list, json_pack("{s:o, s:I, s:I, s:I, s:o}", "id", words_json(d->id),
					"active", (json_int_t)d->active, "waiting",
					(json_int_t)d->waiting, "wait_until",
					(json_int_t)d->wait_until, "last", words_json(d->last)));
	}
	return list;
}

static json_t *pickup_files_json(const struct gateway_pickup_status *p)
{
	json_t *list = json_array();
	for (size_t i = 0; i < p->file_count; i++)
		json_array_append_new(list, json_pack("{s:o, s:o, s:I}", "name",
						      words_json(p->files[i].name), "reason",
						      words_json(p->files[i].reason), "since",
						      (json_int_t)p->files[i].since));
	return list;
}

static json_t *pickups_json(const struct gateway_status *g)
{
	json_t *list = json_array();
	for (size_t i = 0; i < g->pickup_count; i++) {
		const struct gateway_pickup_status *p = &g->pickups[i];
		json_array_append_new(list,
				      json_pack("{s:s, s:o, s:o, s:I, s:I, s:I, s:o}", "name",
						p->name, "path", words_json(p->path), "error",
						words_json(p->error), "taken", (json_int_t)p->taken,
						"waiting", (json_int_t)p->waiting, "bad",
						(json_int_t)p->bad, "files", pickup_files_json(p)));
	}
	return list;
}

static json_t *mailbags_json(const struct gateway_status *g)
{
	json_t *list = json_array();
	for (size_t i = 0; i < g->mailbag_count; i++) {
		const struct gateway_mailbag_status *m = &g->mailbags[i];
		json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:I}", "postoffice", m->name,
						      "path", words_json(m->path), "error",
						      words_json(m->error), "taken",
						      (json_int_t)m->taken));
	}
	return list;
}

static json_t *refused_json(const struct gateway_status *g)
{
	json_t *list = json_array();
	for (size_t i = 0; i < g->refused_count; i++) {
		const struct refused_client *r = &g->refused[i];
		json_array_append_new(
			list, json_pack("{s:o, s:s, s:I, s:o, s:I, s:I, s:o, s:o, s:b}", "client",
					words_json(r->client), "listener", r->listener, "count",
					(json_int_t)r->count, "reason", words_json(r->reason),
					"since", (json_int_t)r->first, "last", (json_int_t)r->last,
					"section", words_json(r->section), "lines",
					words_json(r->lines), "settled", r->settled));
	}
	return list;
}

static json_t *spool_json(const struct spool_totals *t)
{
	json_t *states = json_object();
	for (int s = 0; s < SPOOL_STATE_COUNT; s++)
		json_object_set_new(states, spool_state_word((enum spool_state)s),
				    json_integer((json_int_t)t->states[s]));
	return json_pack("{s:I, s:o, s:I, s:I, s:I, s:I, s:I, s:b, s:o, s:I, s:I}", "accepted",
			 (json_int_t)t->accepted, "states", states, "messages_accepted",
			 (json_int_t)t->messages_accepted, "messages_waiting",
			 (json_int_t)t->messages_waiting, "messages_held",
			 (json_int_t)t->messages_held, "bytes", (json_int_t)t->bytes, "oldest",
			 (json_int_t)t->oldest, "broken", t->broken, "trouble",
			 words_json(t->broken ? t->trouble.text : ""), "commits",
			 (json_int_t)t->commits, "synced_messages", (json_int_t)t->synced_messages);
}

/* Of this moment, or the last that are known. */
static const struct spool_totals *totals_of(const struct status_job *s,
					    const struct gateway_status *g)
{
	return s->answered ? &s->totals : &g->known;
}

static json_t *health_json(const struct gateway_status *g, const struct spool_totals *t,
			   const struct settings *settings, int64_t now)
{
	struct buf why;
	buf_init(&why, 4096);
	enum health h = health_judge(g, t, &settings->queue, now, &why);
	json_t *o = json_pack("{s:I, s:s, s:o}", "level", (json_int_t)h, "word", health_word(h),
			      "why", words_json(buf_string(&why)));
	buf_free(&why);
	return o;
}

static json_t *status_json(struct status_job *s, struct region *region)
{
	struct requests_host *h = s->host;
	const struct settings *settings = gateway_settings(h->gateway);
	int64_t now = clock_wall(loop_clock(h->loop));
	struct gateway_status g;
	if (!region || gateway_status(h->gateway, region, &g) != OK)
		return NULL;
	json_t *o =
		json_pack("{s:s, s:I, s:s, s:s, s:I, s:I, s:b, s:I, s:I}", "version", h->version,
			  "pid", (json_int_t)getpid(), "hostname", settings->gateway.hostname,
			  "file", settings->file, "now", (json_int_t)now, "started",
			  (json_int_t)g.started, "stopping", g.stopping, "active_messages",
			  (json_int_t)g.active_messages, "disk_free", (json_int_t)g.disk_free);
	json_object_set_new(o, "memory",
			    json_pack("{s:I, s:I, s:I, s:I}", "used", (json_int_t)g.memory_used,
				      "peak", (json_int_t)g.memory_peak, "most",
				      (json_int_t)g.memory_most, "refused",
				      (json_int_t)g.memory_refused));
	json_object_set_new(o, "unreached", words_json(g.unreached));
	json_object_set_new(o, "stacks", stacks_json(&g));
	json_object_set_new(o, "listeners", listeners_json(&g));
	json_object_set_new(o, "destinations", destinations_json(&g));
	json_object_set_new(o, "pickups", pickups_json(&g));
	json_object_set_new(o, "mailbags", mailbags_json(&g));
	json_object_set_new(o, "refused", refused_json(&g));
	json_object_set_new(o, "spool", spool_json(totals_of(s, &g)));
	json_object_set_new(o, "health", health_json(&g, totals_of(s, &g), settings, now));
	return json_pack("{s:o}", "status", o);
}

static void status_answer(struct status_job *s)
{
	struct control_client *c = s->job.client;
	struct region *region = region_new(0);
	struct err err;
	if (!s->answered || s->totals.q.result == OK) {
		control_line(c, status_json(s, region));
		control_ok(c, NULL);
	} else {
		err = s->totals.q.err;
		control_error(c, &err);
	}
	region_destroy(&region);
}

static void status_more(struct control_job *j)
{
	struct status_job *s = (struct status_job *)j;
	struct spool *spool = gateway_spool(s->host->gateway);
	struct err err;
	if (s->answered || s->late) {
		status_answer(s);
	} else if (!s->asked && !spool) {
		err_set(&err, E_STATE, "the gateway is stopping");
		control_error(j->client, &err);
	} else if (!s->asked) {
		s->totals.q.answer_to = loop_inbox(s->host->loop);
		s->totals.q.done = status_done;
		s->asked = s->asking = true;
		s->limit.fire = status_late;
		timers_set(loop_timers(s->host->loop), &s->limit,
			   clock_mono(loop_clock(s->host->loop)) + HEALTH_SILENT);
		spool_totals(spool, &s->totals);
	}
}

void request_status(struct requests_host *h, struct control_client *c, const json_t *request)
{
	struct status_job *s = calloc(1, sizeof *s);
	struct err err;
	(void)request;
	if (!s) {
		err_set(&err, E_NOMEM, "no memory for the status");
		control_error(c, &err);
		return;
	}
	s->host = h;
	s->job = (struct control_job){.more = status_more, .gone = status_gone};
	control_begin(c, &s->job);
}
