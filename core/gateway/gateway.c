/*
 * Life of the router: see gateway.h. Order at start: vendors are prepared (and listeners bound), the daemon drops rights,
 * stacks start, the spool is opened and locked, the queue starts, and only then listeners open.
 * Order at stop: listeners close, sessions and jobs end, outcomes reach the spool, stacks end, the spool closes.
 */
#include "gateway/gateway.h"

#include "base/budget.h"
#include "base/text.h"
#include "gateway/alarm.h"
#include "gateway/book.h"
#include "gateway/cycle.h"
#include "gateway/disk.h"
#include "gateway/inbound.h"
#include "gateway/internal.h"
#include "gateway/local.h"
#include "gateway/maildrop.h"
#include "gateway/pickups.h"
#include "gateway/queue.h"
#include "gateway/reach.h"
#include "gateway/refused.h"
#include "gateway/secure.h"
#include "gateway/tokens.h"
#include "gateway/transcript.h"
#include "gateway/vendor.h"

#include <stdlib.h>
#include <unistd.h>

#define MEMORY_OWN \
	(64u << 20) /* program, libraries, threads, the database's cache: not the senders' */
#define POOL_THREADS 8
#define DISK_THREADS \
	1024 /* started when needed: as many shares as there are may hang with all of their deliveries */
#define POOL_JOBS 100000 /* never less than max_active: a job is a group of a message in work */
#define TIDY_S 60        /* seconds between two clean-ups */
#define LEFT_MS \
	3600000      /* a program that writes into the maildrop for longer has ended in the midst */
#define LAST_MS 5000 /* after stop_wait, for what was cut off to come to its end */
#define REPORT_WAIT_MS 2 /* longer than a quick client needs from 250 to its next message */

static void every_second(struct timer *t);

enum result gateway_new(struct gateway **out, const struct gateway_options *o,
			struct settings *settings, struct err *err)
{
	struct gateway *g = calloc(1, sizeof *g);
	if (!g)
		return err_set(err, E_NOMEM, "no memory for the gateway");
	g->loop = o->loop;
	g->clock = loop_clock(o->loop);
	g->version = o->version;
	g->state_dir = o->state_dir;
	g->handed = o->handed;
	g->handed_count = o->handed_count;
	g->pause = o->pause;
	g->settings = settings_ref(settings);
	budget_limit(settings->gateway.memory_max - MEMORY_OWN);
	g->session_seed = clock_random(g->clock);
	g->started = clock_wall(g->clock);
	g->clock_offset = g->started - clock_mono(g->clock);
	g->second.fire = every_second;
	atomic_store(&g->disk_free, UINT64_MAX);
	enum result r = vendors_new(g, err);
	if (r == OK)
		r = inbound_new(g, err);
	if (r == OK)
		r = queue_new(&g->queue, g, err);
	if (r == OK) {
		g->tokens = tokens_new(g);
		if (!g->tokens)
			r = err_set(err, E_NOMEM, "no memory for tokens");
	}
	if (r == OK) {
		g->maildrop = maildrop_new(g);
		g->book = book_new();
		g->alarms = alarms_new(g);
		g->refused = refused_new();
		g->classic = classic_log_new(g->clock);
		if (!g->maildrop || !g->book || !g->alarms || !g->refused || !g->classic)
			r = err_set(err, E_NOMEM, "no memory for the maildrop and the aliases");
	}
	if (r != OK)
		gateway_destroy(&g);
	*out = g;
	return r;
}

enum result gateway_prepare(struct gateway *g, struct gateway_problem *problem)
{
	problem->kind = GATEWAY_FAILED_CONFIG;
	problem->block[0] = '\0';
	enum result r = secure_new(g->settings, g->started, &problem->err);
	return r == OK ? vendors_prepare(g, problem) : r;
}

static enum result open_spool(struct gateway *g, struct err *err)
{
	const struct conf_queue *q = &g->settings->queue;
	const struct spool_options o = {
		.engine = SPOOL_SQLITE,
		.path = g->settings->gateway.spool,
		.keep = q->keep,
		.restart_hold = q->restart_hold,
		.version = g->version,
		.clock = g->clock,
		.report_wait = REPORT_WAIT_MS,
	};
	return spool_open(&g->spool, &o, err);
}

/* So that cron and web servers may send, also while the gateway does not run. */
static void open_maildrop(struct gateway *g)
{
	struct err err;
	if (spool_maildrop_make(file_system(), g->settings->gateway.spool, &err) != OK)
		LOG(LOG_WARN, NULL, "maildrop", "closed", F_S("error", err.text));
}

static bool has_classic_log(const struct settings *s, const char *name)
{
	for (size_t i = 0; s && i < s->postoffice_count; i++)
		if (text_same(s->postoffices[i].name, name))
			return s->postoffices[i].classic_log;
	return false;
}

/* before: the settings until now; NULL at start. A log that begins says what it goes by. */
static void begin_classic_logs(struct gateway *g, const struct settings *before)
{
	const struct settings *s = g->settings;
	struct err err;
	if (classic_log_apply(g->classic, g->settings, &err) != OK)
		LOG(LOG_ERROR, NULL, "classic-log", "failed", F_S("error", err.text));
	for (size_t i = 0; i < s->postoffice_count; i++) {
		const struct conf_postoffice *p = &s->postoffices[i];
		struct transcript t;
		if (!p->classic_log || has_classic_log(before, p->name))
			continue;
		transcript_begin(&t, g->classic, p->name);
		transcript_settings(&t, s, p);
		transcript_flush(&t);
	}
}

static void tell_unreached(void *ctx, const struct err *err)
{
	struct gateway *g = ctx;
	LOG(LOG_WARN, NULL, "trouble", "untold", F_S("error", err->text),
	    F_S("remedy", err->remedy));
	if (!*g->unreached)
		snprintf(g->unreached, sizeof g->unreached, "%s (%s)", err->text, err->remedy);
}

/* Said at each start and reload, so that it is known before there is trouble. */
static void look_at_people(struct gateway *g)
{
	g->settings_since = clock_wall(g->clock);
	g->unreached[0] = '\0';
	reach_look(g->settings, tell_unreached, g);
}

enum result gateway_start(struct gateway *g, struct gateway_problem *problem)
{
	problem->kind = GATEWAY_FAILED_OTHER;
	problem->block[0] = '\0';
	/* Threads of the pool first: nothing of a stack or the spool depends on their start. */
	enum result r = pool_new(&g->pool, POOL_THREADS, POOL_JOBS, &problem->err);
	if (r == OK)
		r = pool_new(&g->disks, DISK_THREADS, POOL_JOBS, &problem->err);
	if (r == OK)
		r = vendors_start(g, problem);
	if (r == OK) {
		r = open_spool(g, &problem->err);
		if (r != OK)
			problem->kind = GATEWAY_FAILED_SPOOL;
	}
	if (r != OK) {
		vendors_stop(g);
		return r;
	}
	secure_guard(g->settings);
	secure_keep(g->settings);
	local_make_admins(g->settings, NULL);
	look_at_people(g);
	begin_classic_logs(g, NULL);
	g->cycles = cycles_start(g);
	if (!g->cycles)
		LOG(LOG_ERROR, NULL, "mailbag", "failed",
		    F_S("error", "no memory: no mailbag is looked into"));
	disk_look(g);
	book_look(g->book, g->settings);
	g->pickups = pickups_start(g);
	if (!g->pickups)
		LOG(LOG_ERROR, NULL, "pickup", "failed",
		    F_S("error", "no memory: no pickup folder is looked into"));
	queue_start(g->queue);
	open_maildrop(g);
	spool_maildrop_tidy(g->settings->gateway.spool, clock_wall(g->clock) - LEFT_MS);
	maildrop_look(g->maildrop);
	every_second(&g->second);
	vendors_serve(g);
	return OK;
}

/* ---- once a second ---- */

static void totals_done(struct spool_request *request)
{
	struct spool_totals *t = (struct spool_totals *)request;
	struct gateway *g = (struct gateway *)((char *)t - offsetof(struct gateway, totals));
	g->totals_asked = false;
	if (request->result == OK) {
		g->known = *t;
		atomic_store(&g->live, t->messages_waiting + t->messages_held);
		alarms_look(g, t);
	}
	gateway_stop_check(g);
}

/* A step of the wall clock: the spool does its own part (spool/jumps.h). */
static void look_at_clock(struct gateway *g)
{
	int64_t offset = clock_wall(g->clock) - clock_mono(g->clock);
	int64_t skip = offset - g->clock_offset;
	g->clock_offset = offset;
	if (skip >= SPOOL_CLOCK_JUMP || skip <= -SPOOL_CLOCK_JUMP)
		queue_clock_jumped(g->queue, skip);
}

static void every_second(struct timer *t)
{
	struct gateway *g = (struct gateway *)((char *)t - offsetof(struct gateway, second));
	if (g->stopping)
		return;
	look_at_clock(g);
	disk_look(g);
	book_look(g->book, g->settings);
	alarms_look(g, NULL);
	if (!g->totals_asked) {
		g->totals_asked = true;
		g->totals_since = clock_mono(g->clock);
		g->totals = (struct spool_totals){
			.q = {.answer_to = loop_inbox(g->loop), .done = totals_done}};
		spool_totals(g->spool, &g->totals);
	}
	maildrop_look(g->maildrop);
	queue_look(g->queue);
	if (++g->seconds % TIDY_S == 0)
		queue_tidy(g->queue);
	timers_set(loop_timers(g->loop), &g->second, clock_mono(g->clock) + 1000);
}

/* ---- reload ---- */

enum result gateway_reload(struct gateway *g, struct settings *settings, struct err *err)
{
	struct region *r = region_new(0);
	if (!r)
		return err_set(err, E_NOMEM, "no memory for a reload");
	const char *key;
	enum result result = settings_needs_restart(g->settings, settings, r, &key);
	if (result != OK) {
		err_set(err, result, "no memory for a reload");
	} else if (key) {
		result = err_set(err, E_STATE, "%s cannot be changed while running", key);
		err_remedy(err, "restart the gateway");
	}
	region_destroy(&r);
	if (result == OK)
		result = secure_new(settings, clock_wall(g->clock), err);
	if (result != OK)
		return result;
	secure_guard(settings);
	secure_keep(settings);
	struct settings *old = g->settings;
	g->settings = settings_ref(settings);
	begin_classic_logs(g, old);
	local_make_admins(settings, old);
	settings_unref(&old);
	book_look(g->book, settings);
	vendors_reload(g);
	look_at_people(g);
	queue_kick(g->queue, true);
	return OK;
}

/* ---- stop ---- */

static bool has_ended(struct gateway *g)
{
	return !g->totals_asked && !maildrop_busy(g->maildrop) && !inbound_sessions(g) &&
	       queue_idle(g->queue) && !pool_load(g->disks) && !pool_load(g->pool);
}

/* The loop's turn after the last of the work: what stopped calls may destroy the gateway. */
static void stop_finished(struct task *t)
{
	struct gateway *g = (struct gateway *)((char *)t - offsetof(struct gateway, finished));
	if (!has_ended(
		    g)) { /* a message was on its way to the queue: the next look finds it gone */
		g->finishing = false;
		return;
	}
	timers_clear(loop_timers(g->loop), &g->patience);
	timers_clear(loop_timers(g->loop), &g->poll);
	void (*stopped)(void *ctx) = g->stopped;
	g->stopped = NULL;
	vendors_stop(g);
	spool_close(&g->spool);
	pool_destroy(&g->disks);
	pool_destroy(&g->pool);
	stopped(g->stopped_ctx);
}

void gateway_stop_check(struct gateway *g)
{
	if (!g->stopping || g->finishing || !has_ended(g))
		return;
	g->finishing = true;
	g->finished.run = stop_finished;
	inbox_post(loop_inbox(g->loop), &g->finished);
}

/* Sessions end in their own threads and tell nobody: look ten times a second. */
static void poll_stop(struct timer *t)
{
	struct gateway *g = (struct gateway *)((char *)t - offsetof(struct gateway, poll));
	queue_look(g->queue);
	gateway_stop_check(g);
	timers_set(loop_timers(g->loop), t, clock_mono(g->clock) + 100);
}

/* Even what was cut off has not come to its end: a disk that hangs. Nothing answered is lost by leaving. */
static void last_patience_over(struct timer *t)
{
	struct gateway *g = (struct gateway *)((char *)t - offsetof(struct gateway, patience));
	(void)g;
	LOG(LOG_ERROR, NULL, "gateway", "stuck",
	    F_S("why", "something does not end (a disk that hangs?): leaving without it"));
	_exit(1);
}

static void patience_over(struct timer *t)
{
	gateway_stop_now((struct gateway *)((char *)t - offsetof(struct gateway, patience)));
}

void gateway_stop(struct gateway *g, void (*done)(void *ctx), void *ctx)
{
	if (g->stopping)
		return;
	g->stopping = true;
	g->stopped = done;
	g->stopped_ctx = ctx;
	timers_clear(loop_timers(g->loop), &g->second);
	vendors_quiet(g);
	tokens_stop(g->tokens);
	cycles_stop(g->cycles);
	pickups_stop(g->pickups);
	queue_stop(g->queue);
	g->patience.fire = patience_over;
	g->poll.fire = poll_stop;
	timers_set(loop_timers(g->loop), &g->patience,
		   clock_mono(g->clock) + g->settings->gateway.stop_wait);
	timers_set(loop_timers(g->loop), &g->poll, clock_mono(g->clock) + 10);
}

void gateway_stop_now(struct gateway *g)
{
	if (!g->stopping || g->finishing || g->cut)
		return;
	g->cut = true;
	atomic_store(&g->quit, true);
	vendors_cut(g);
	g->patience.fire = last_patience_over;
	timers_set(loop_timers(g->loop), &g->patience, clock_mono(g->clock) + LAST_MS);
}

void gateway_destroy(struct gateway **g)
{
	if (!*g)
		return;
	timers_clear(loop_timers((*g)->loop), &(*g)->second);
	vendors_stop(*g);
	spool_close(&(*g)->spool);
	pool_destroy(&(*g)->disks);
	pool_destroy(&(*g)->pool);
	tokens_destroy(&(*g)->tokens);
	queue_destroy(&(*g)->queue);
	maildrop_destroy(&(*g)->maildrop);
	book_destroy(&(*g)->book);
	alarms_destroy(&(*g)->alarms);
	refused_destroy(&(*g)->refused);
	classic_log_destroy(&(*g)->classic);
	cycles_destroy(&(*g)->cycles);
	pickups_destroy(&(*g)->pickups);
	inbound_destroy(*g);
	vendors_destroy(*g);
	settings_unref(&(*g)->settings);
	free(*g);
	*g = NULL;
}

/* ---- asked by the daemon ---- */

struct settings *gateway_settings(struct gateway *g)
{
	return g->settings;
}

struct spool *gateway_spool(struct gateway *g)
{
	return g->spool;
}

void gateway_look(struct gateway *g)
{
	maildrop_look(g->maildrop);
}

void gateway_kick(struct gateway *g, bool flush)
{
	maildrop_look(g->maildrop);
	queue_kick(g->queue, flush);
}

void gateway_world(struct gateway *g, struct route_world *world)
{
	*world = (struct route_world){g->settings, gateway_mailbox, g, gateway_away};
}

enum result gateway_status(struct gateway *g, struct region *region, struct gateway_status *out)
{
	*out = (struct gateway_status){
		.started = g->started,
		.stopping = g->stopping,
		.disk_free = atomic_load(&g->disk_free),
	};
	out->known = g->known;
	out->unreached = region_strdup(region, g->unreached);
	if (!out->unreached)
		return E_NOMEM;
	out->spool_silent = g->totals_asked ? clock_mono(g->clock) - g->totals_since : 0;
	const struct budget_state memory = budget_state();
	out->memory_used = memory.used;
	out->memory_peak = memory.peak;
	out->memory_most = memory.most;
	out->memory_refused = memory.refused;
	enum result r = vendors_status(g, region, out);
	if (r == OK)
		r = inbound_status(g, region, out);
	if (r == OK)
		r = pickups_status(g->pickups, region, out);
	if (r == OK)
		r = cycles_status(g->cycles, region, out);
	if (r == OK)
		r = refused_list(g->refused, clock_wall(g->clock), region, &out->refused,
				 &out->refused_count);
	if (r == OK)
		r = refused_admit(g->settings, g->settings_since, region, out->refused,
				  out->refused_count);
	return r == OK ? queue_status(g->queue, region, out) : r;
}
