/* A lane in its stack's thread: see lane.h. */
#include "gateway/lane.h"

#include "dns/dns.h"
#include "gateway/alarm.h"
#include "gateway/inbound.h"
#include "gateway/outbound.h"
#include "gateway/session.h"
#include "gateway/trouble.h"

#include <stdlib.h>
#include <string.h>

#define LISTEN_MS 5000 /* until a listener that failed is tried again */

static void lane_names(struct lane *l)
{
	struct vendor *v = l->vendor;
	const struct sgt_value *servers = instance_name_servers(v->instance);
	struct dns_options o = {
		.servers = servers ? servers->texts : NULL,
		.server_count = servers ? servers->count : 0,
		.host_resolver = v->conf->resolver_host,
		.pool = v->g->pool,
		.inbox = stack_inbox(l->stack),
	};
	struct err err;
	if (dns_new(&l->dns, l->stack, &o, &err) != OK) {
		l->dns = NULL;
		LOG(LOG_WARN, NULL, "names", "unavailable", F_S("vendor", v->name),
		    F_S("error", err.text));
	}
}

static void lane_listen(struct lane *l)
{
	struct sgt_error error;
	if (inbound_open(l, &error) == SGT_OK)
		return;
	LOG(LOG_ERROR, NULL, "listener", "down", F_S("vendor", l->vendor->name),
	    F_N("number", error.number), F_S("error", error.text),
	    F_S("remedy", *error.remedy ? error.remedy : NULL));
	timers_set(stack_timers(l->stack), &l->again, clock_mono(l->vendor->g->clock) + LISTEN_MS);
}

void lane_again(struct timer *t)
{
	struct lane *l = (struct lane *)((char *)t - offsetof(struct lane, again));
	if (l->serving && !l->stopping && stack_is_up(l->stack))
		lane_listen(l);
}

static enum sgt_result lane_up(void *ctx, struct stack *s, struct sgt_error *error)
{
	struct lane *l = ctx;
	(void)s;
	(void)error;
	LOG(LOG_INFO, NULL, "vendor", "up", F_S("name", l->vendor->name),
	    F_S("provider", l->vendor->module->provider));
	lane_names(l);
	if (l->serving && !l->stopping)
		lane_listen(l);
	return SGT_OK;
}

/* The whole block once a vendor: its lanes share a network, and are mostly lost together. */
static void lane_lost(const struct lane *l, const struct sgt_error *why)
{
	const struct vendor *v = l->vendor;
	if (l->index) {
		LOG(LOG_ERROR, NULL, "vendor", "down", F_S("name", v->name),
		    F_N("thread", l->index), F_S("error", why->text),
		    F_S("remedy", *why->remedy ? why->remedy : NULL));
		return;
	}
	alarm_raise(v->g, &(struct alarm){.what = CONF_PLUGIN_DOWN,
					  .about = v->name,
					  .text = why->text,
					  .remedy = why->remedy});
	trouble_lost(&(struct trouble_loss){.main = loop_inbox(v->g->loop),
					    .settings = v->settings,
					    .conf = v->conf,
					    .module = v->module,
					    .detail = v->detail,
					    .error = why});
}

static void lane_down(void *ctx, struct stack *s, const struct sgt_error *why)
{
	struct lane *l = ctx;
	if (!l->stopping && !stack_is_ending(s))
		lane_lost(l, why);
	timers_clear(stack_timers(l->stack), &l->again);
	inbound_close(l, true);
	dns_destroy(&l->dns);
}

const struct stack_ops lane_ops = {.on_up = lane_up, .on_down = lane_down};

static void lane_task_run(struct task *t)
{
	struct lane_task *lt = (struct lane_task *)t;
	lt->fn(lt->lane, lt);
	settings_unref(&lt->settings);
	free(lt);
}

void lane_post(struct lane *l, void (*fn)(struct lane *l, struct lane_task *t), struct settings *s)
{
	struct lane_task *t = calloc(1, sizeof *t);
	if (!t) {
		LOG(LOG_ERROR, NULL, "vendor", "unreachable", F_S("name", l->vendor->name),
		    F_S("why", "no memory"));
		return;
	}
	t->task.run = lane_task_run;
	t->lane = l;
	t->fn = fn;
	t->settings = s ? settings_ref(s) : NULL;
	inbox_post(stack_inbox(l->stack), &t->task);
}

void lane_serve(struct lane *l, struct lane_task *t)
{
	(void)t;
	l->serving = true;
	if (stack_is_up(l->stack))
		lane_listen(l);
}

void lane_reload(struct lane *l, struct lane_task *t)
{
	struct settings *old = l->settings;
	l->settings = t->settings;
	t->settings = old; /* dropped with the task */
	atomic_store(&l->taken, (uintptr_t)l->settings);
}

void lane_quiet(struct lane *l, struct lane_task *t)
{
	(void)t;
	l->stopping = true;
	timers_clear(stack_timers(l->stack), &l->again);
	inbound_close(l, false);
	sessions_quiet(l);
	outbound_quiet(l->outbound);
}

void lane_cut(struct lane *l, struct lane_task *t)
{
	(void)t;
	sessions_abort(l);
	outbound_abort(l->outbound);
}
