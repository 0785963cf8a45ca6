/* Vendors: see vendor.h. Main thread only; what runs in the stacks' threads is in lane.c. */
#include "gateway/vendor.h"

#include "base/text.h"
#include "gateway/alarm.h"
#include "gateway/lane.h"
#include "gateway/outbound.h"
#include "gateway/trouble.h"
#include "transport/loader.h"
#include "transport/registry.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define START_MS 5000     /* for a stack's start to return */
#define STOP_MS 5000      /* for a stack's thread to end */
#define POLL_MS 100       /* within start_wait */
#define TAKE_MS 2000      /* for a stack that hangs: it takes new settings when it can */
#define BACK_MS 200       /* after its next try, mail that waits for a vendor is looked at again */
#define AGAIN_MOST 300000 /* longest wait of a vendor that cannot be prepared */

/* ---- vendors, in the main thread ---- */

struct vendor *vendor_find(struct gateway *g, const char *name)
{
	for (struct vendor *v = g->vendors; v; v = v->next)
		if (strcmp(v->name, name) == 0)
			return v;
	return NULL;
}

static bool used(const struct settings *s, const char *name)
{
	if (strcmp(s->gateway.vendor, name) == 0)
		return true;
	for (size_t i = 0; i < s->listen_count; i++)
		if (strcmp(s->listens[i].vendor, name) == 0)
			return true;
	for (size_t i = 0; i < s->route_count; i++)
		if (strcmp(s->routes[i].vendor, name) == 0)
			return true;
	return false;
}

static void vendor_again(struct timer *t);

enum result vendors_new(struct gateway *g, struct err *err)
{
	struct settings *s = g->settings;
	struct vendor **last = &g->vendors;
	for (size_t i = 0; i < s->vendor_count; i++) {
		if (!used(s, s->vendors[i].name))
			continue;
		struct vendor *v = calloc(1, sizeof *v);
		if (!v)
			return err_set(err, E_NOMEM, "no memory for the vendor %s",
				       s->vendors[i].name);
		v->g = g;
		v->settings = settings_ref(s);
		v->conf = &s->vendors[i];
		v->name = v->conf->name;
		v->retry = (struct backoff){.first = v->conf->restart, .most = AGAIN_MOST};
		v->again.fire = vendor_again;
		*last = v;
		last = &v->next;
	}
	return OK;
}

static void vendor_undo(struct vendor *v)
{
	for (unsigned i = 0; i < v->lane_count; i++) {
		struct lane *l = &v->lanes[i];
		outbound_destroy(&l->outbound);
		stack_destroy(&l->stack);
		settings_unref(&l->settings);
	}
	v->lane_count = 0;
	instance_destroy(&v->instance);
	v->prepared = false;
}

void vendors_destroy(struct gateway *g)
{
	for (struct vendor *v = g->vendors, *next; v; v = next) {
		next = v->next;
		timers_clear(loop_timers(g->loop), &v->again);
		vendor_undo(v);
		settings_unref(&v->settings);
		free(v);
	}
	g->vendors = NULL;
}

static enum result make_instance(struct vendor *v, struct region *r, struct err *err)
{
	const struct conf_vendor *c = v->conf;
	const struct instance_setting *settings = trouble_settings(c, r);
	if (!settings)
		return err_set(err, E_NOMEM, "no memory");
	struct instance_config config = {
		.name = v->name,
		.settings = settings,
		.count = c->pair_count,
		.state_dir = v->g->state_dir,
		.handed = v->g->handed,
		.handed_count = v->g->handed_count,
	};
	return instance_new(&v->instance, v->module, &config, err);
}

/* The listening addresses of lane `index` as the module will see them. */
static size_t plans_of(const struct vendor *v, unsigned index, struct sgt_plan *plans)
{
	const struct settings *s = v->settings;
	size_t n = 0;
	for (size_t i = 0; i < s->listen_count; i++) {
		const struct conf_listen *c = &s->listens[i];
		if (strcmp(c->vendor, v->name) != 0 || index >= c->threads)
			continue;
		for (size_t a = 0; a < c->addresses.count; a++, n++)
			if (plans)
				plans[n] = (struct sgt_plan){c->name, c->addresses.items[a],
							     c->threads > 1};
	}
	return n;
}

static unsigned lanes_wanted(const struct vendor *v)
{
	unsigned most = 1;
	for (size_t i = 0; i < v->settings->listen_count; i++) {
		const struct conf_listen *c = &v->settings->listens[i];
		if (strcmp(c->vendor, v->name) == 0 && c->threads > most)
			most = c->threads;
	}
	return most < LANES_MAX ? most : LANES_MAX;
}

/* Several threads on one address, where the module does not divide them, would answer for it against each other. */
static enum result check_threads(const struct vendor *v, struct err *err)
{
	for (size_t i = 0; i < v->settings->listen_count; i++) {
		const struct conf_listen *c = &v->settings->listens[i];
		if (c->threads < 2 || strcmp(c->vendor, v->name) != 0 ||
		    v->module->caps & SGT_CAP_SHARE)
			continue;
		err_set(err, E_STATE,
			"listener %s: threads = %u, and this TCP/IP serves an address by one",
			c->name, c->threads);
		err_remedy(err, "threads = 1    ; of the listener");
		return err->code;
	}
	return OK;
}

static enum sgt_result make_lane(struct vendor *v, struct region *r, struct sgt_error *error)
{
	struct lane *l = &v->lanes[v->lane_count];
	*l = (struct lane){.vendor = v, .index = v->lane_count, .again = {.fire = lane_again}};
	size_t n = plans_of(v, l->index, NULL);
	struct sgt_plan *plans = region_alloc(r, n * sizeof *plans + 1);
	l->outbound = outbound_new(l);
	if (!plans || !l->outbound) {
		outbound_destroy(&l->outbound);
		error->result = SGT_NOMEM;
		text_copy(error->text, sizeof error->text, "no memory");
		return SGT_NOMEM;
	}
	plans_of(v, l->index, plans);
	struct stack_config config = {
		.clock = v->g->clock,
		.ops = &lane_ops,
		.ctx = l,
		.plans = plans,
		.plan_count = n,
		.retry_first = v->conf->restart,
	};
	enum sgt_result result = stack_create(&l->stack, v->instance, &config, error);
	if (result != SGT_OK) {
		outbound_destroy(&l->outbound);
		return result;
	}
	l->settings = settings_ref(v->g->settings);
	v->lane_count++;
	return SGT_OK;
}

/* Loads, makes, detects and prepares one vendor; on failure v->trouble says what stands in the way. */
static bool prepare_steps(struct vendor *v, struct region *r)
{
	struct err err = {.code = OK};
	struct sgt_error error = {.result = SGT_OK};
	struct sgt_report found = {.state = SGT_RUNNING};
	enum load_result loaded =
		transport_load(trouble_dirs(v->settings, r), v->conf->plugin, &v->module, &err);
	if (loaded != LOAD_OK) {
		report_load(&v->trouble, v->name, v->conf->plugin, loaded, &err);
		return false;
	}
	if (check_threads(v, &err) != OK || make_instance(v, r, &err) != OK) {
		report_settings(&v->trouble, v->name, v->module, &err);
		return false;
	}
	for (unsigned i = 0, n = lanes_wanted(v); i < n; i++) {
		if (make_lane(v, r, &error) != SGT_OK) {
			report_error(&v->trouble, v->name, v->module, NULL, &error);
			return false;
		}
	}
	stack_detect(v->lanes[0].stack, &found);
	if (found.state != SGT_RUNNING) {
		report_detect(&v->trouble, v->name, v->module, &found);
		return false;
	}
	text_copy(v->detail, sizeof v->detail, found.detail);
	for (unsigned i = 0; i < v->lane_count; i++) {
		if (stack_prepare(v->lanes[i].stack, &error) != SGT_OK) {
			report_error(&v->trouble, v->name, v->module, &found, &error);
			return false;
		}
	}
	return true;
}

static bool vendor_prepare(struct vendor *v)
{
	struct region *r = region_new(0);
	v->prepared = r && prepare_steps(v, r);
	region_destroy(&r);
	if (!v->prepared)
		vendor_undo(v);
	return v->prepared;
}

static void describe(struct vendor *v, struct gateway_problem *problem)
{
	problem->kind = v->trouble.number == 110 ? GATEWAY_FAILED_BIND : GATEWAY_FAILED_SOCKET;
	err_set(&problem->err, E_NETWORK, "%s", v->trouble.cause);
	err_remedy(&problem->err, "%s", v->trouble.remedy);
	trouble_block(&v->trouble, v->settings, problem->block, sizeof problem->block);
}

/* One that may be down is told of; for one that may not, the caller prints the block of the problem. */
static enum result stands_in_the_way(struct vendor *v, struct gateway_problem *problem)
{
	if (!v->conf->required && v->trouble.number != 110) {
		trouble_tell(&v->trouble, v->settings, false);
		alarm_raise(v->g, &(struct alarm){.what = CONF_PLUGIN_DOWN,
						  .about = v->name,
						  .text = v->trouble.cause,
						  .remedy = v->trouble.remedy});
		return OK;
	}
	trouble_log(&v->trouble, v->conf->required);
	describe(v, problem);
	return E_NETWORK;
}

static void vendor_later(struct vendor *v)
{
	struct gateway *g = v->g;
	timers_set(loop_timers(g->loop), &v->again, clock_mono(g->clock) + backoff_next(&v->retry));
}

/* Tries for start_wait; E_STATE: a signal asked for the end meanwhile. */
static enum result prepare_in_time(struct vendor *v)
{
	struct gateway *g = v->g;
	int64_t until = clock_mono(g->clock) + (v->conf->required ? v->conf->start_wait : 0);
	while (!vendor_prepare(v) && v->trouble.number != 110 && clock_mono(g->clock) < until)
		if (g->pause(POLL_MS))
			return E_STATE;
	return OK;
}

enum result vendors_prepare(struct gateway *g, struct gateway_problem *problem)
{
	for (struct vendor *v = g->vendors; v; v = v->next) {
		if (prepare_in_time(v) != OK) {
			problem->kind = GATEWAY_STOPPED;
			return err_set(&problem->err, E_STATE,
				       "stopped while it waited for the TCP/IP of vendor %s: %s",
				       v->name, v->trouble.cause);
		}
		if (!v->prepared && stands_in_the_way(v, problem) != OK)
			return E_NETWORK;
	}
	return OK;
}

static bool vendor_start(struct vendor *v)
{
	struct sgt_error error;
	bool up = true;
	v->started = true;
	for (unsigned i = 0; i < v->lane_count; i++) {
		if (stack_start(v->lanes[i].stack, START_MS, &error) == SGT_OK)
			continue;
		up = false;
		report_error(&v->trouble, v->name, v->module, NULL, &error);
	}
	return up;
}

enum result vendors_start(struct gateway *g, struct gateway_problem *problem)
{
	for (struct vendor *v = g->vendors; v; v = v->next) {
		if (!v->prepared) {
			vendor_later(v);
			continue;
		}
		if (!vendor_start(v) && stands_in_the_way(v, problem) != OK)
			return E_NETWORK;
	}
	return OK;
}

/* A vendor that could not be prepared at the start is tried again. */
static void vendor_again(struct timer *t)
{
	struct vendor *v = (struct vendor *)((char *)t - offsetof(struct vendor, again));
	if (v->g->stopping)
		return;
	if (!vendor_prepare(v)) {
		LOG(LOG_DEBUG, NULL, "vendor", "down", F_S("name", v->name),
		    F_S("cause", v->trouble.cause));
		vendor_later(v);
		return;
	}
	vendor_start(v); /* from here on the lane itself tries again */
	for (unsigned i = 0; i < v->lane_count; i++)
		lane_post(&v->lanes[i], lane_serve, NULL);
}

typedef void lane_fn(struct lane *l, struct lane_task *t);

static void post_all(struct gateway *g, lane_fn *fn, struct settings *s)
{
	for (struct vendor *v = g->vendors; v; v = v->next)
		for (unsigned i = 0; v->started && i < v->lane_count; i++)
			lane_post(&v->lanes[i], fn, s);
}

void vendors_serve(struct gateway *g)
{
	post_all(g, lane_serve, NULL);
}

static bool all_took(const struct gateway *g)
{
	for (const struct vendor *v = g->vendors; v; v = v->next)
		for (unsigned i = 0; v->started && i < v->lane_count; i++)
			if (atomic_load(&v->lanes[i].taken) != (uintptr_t)g->settings)
				return false;
	return true;
}

void vendors_reload(struct gateway *g)
{
	const struct timespec turn = {.tv_nsec = 1000000};
	int64_t end = clock_mono(g->clock) + TAKE_MS;
	post_all(g, lane_reload, g->settings);
	while (!all_took(g) && clock_mono(g->clock) < end)
		nanosleep(&turn, NULL);
}

void vendors_quiet(struct gateway *g)
{
	post_all(g, lane_quiet, NULL);
}

void vendors_cut(struct gateway *g)
{
	post_all(g, lane_cut, NULL);
}

void vendors_stop(struct gateway *g)
{
	for (struct vendor *v = g->vendors; v; v = v->next) {
		for (unsigned i = 0; v->started && i < v->lane_count; i++)
			if (stack_stop(v->lanes[i].stack, STOP_MS) != OK)
				LOG(LOG_ERROR, NULL, "vendor", "stuck", F_S("name", v->name),
				    F_S("why", "its stack does not return from a call"));
		v->started = false;
	}
}

static struct lane *lane_of(struct vendor *v, const char *key)
{
	return &v->lanes[text_hash(key, strlen(key), 0) % v->lane_count];
}

struct lane *vendor_lane(struct vendor *v, const char *key, struct err *err)
{
	if (!v || !v->started) {
		err_set(err, E_STATE, "the TCP/IP of vendor %s is down: %s", v ? v->name : "?",
			v ? v->trouble.cause : "it is not in use");
		return NULL;
	}
	struct stack_status status;
	struct lane *l = lane_of(v, key);
	stack_status(l->stack, &status);
	if (status.state == STACK_UP)
		return l;
	err_set(err, E_STATE, "the TCP/IP of vendor %s is down: %s", v->name, status.error.text);
	return NULL;
}

int64_t vendor_back(struct vendor *v, const char *key)
{
	struct gateway *g = v->g;
	const int64_t now = clock_wall(g->clock);
	int64_t at = now + START_MS; /* its start has not come to an end */
	if (!v->started) {
		at = now + v->again.due - clock_mono(g->clock);
	} else {
		struct stack_status status;
		stack_status(lane_of(v, key)->stack, &status);
		if (status.state == STACK_DOWN)
			at = status.retry_at;
		else if (status.state == STACK_UP)
			at = now;
	}
	return (at > now ? at : now) + BACK_MS;
}

static void add_counters(struct sgt_counters *sum, const struct sgt_counters *c)
{
	sum->bytes_in += c->bytes_in;
	sum->bytes_out += c->bytes_out;
	sum->accepted += c->accepted;
	sum->connected += c->connected;
	sum->failed += c->failed;
	sum->open += c->open;
}

static enum result vendor_status(const struct vendor *v, struct region *region,
				 struct gateway_stack_status *s)
{
	const struct registry_vendor *known = registry_vendor(v->conf->plugin);
	*s = (struct gateway_stack_status){
		.name = v->name,
		.code = v->conf->plugin,
		.vendor = v->module ? v->module->vendor
			  : known   ? known->vendor
				    : "",
		.provider = v->module ? v->module->provider
			    : known   ? known->provider
				      : "",
		.state = "down",
		.error = region_strdup(region, v->trouble.cause),
		.required = v->conf->required,
		.since = v->g->started,
		.threads = v->lane_count,
	};
	for (unsigned i = 0; v->started && i < v->lane_count; i++) {
		struct stack_status one;
		stack_status(v->lanes[i].stack, &one);
		add_counters(&s->counters, &one.counters);
		if (i && one.state == STACK_UP)
			continue; /* one lane that is not up decides */
		s->state = stack_state_word(one.state);
		s->since = one.since;
		s->error = one.state == STACK_UP ? "" : region_strdup(region, one.error.text);
	}
	return s->error ? OK : E_NOMEM;
}

enum result vendors_status(struct gateway *g, struct region *region, struct gateway_status *out)
{
	size_t n = 0;
	for (struct vendor *v = g->vendors; v; v = v->next)
		n++;
	out->stacks = region_alloc(region, n * sizeof *out->stacks + 1);
	out->stack_count = 0;
	enum result r = out->stacks ? OK : E_NOMEM;
	for (struct vendor *v = g->vendors; v && r == OK; v = v->next)
		r = vendor_status(v, region, &out->stacks[out->stack_count++]);
	return r;
}
