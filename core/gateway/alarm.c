/*
 * Trouble that people are told of: see alarm.h. Main thread, but for alarm_raise, which posts there. Owns the window of
 * at_most, and what was told of each state, so that it is told once.
 */
#include "gateway/alarm.h"

#include "base/text.h"
#include "gateway/reach.h"
#include "gateway/telling.h"

#include <stdio.h>
#include <stdlib.h>

struct alarms {
	struct gateway *g; /* NULL: it is gone */
	atomic_uint
		refs; /* its own, and one for each event on its way: some arrive when it is gone */
	atomic_bool stop;
	int64_t window_end; /* monotonic ms */
	unsigned used, untold;
	int64_t beat_at; /* monotonic ms of the next heartbeat; 0: none is set */
	bool disk_low, queue_old, spool_broken;
};

/* On its way: raised -> main thread -> pool. */
struct raised {
	struct task task;
	struct job job;
	struct alarms *all;
	enum conf_event what;
	bool mailed;
	struct settings *settings;
	struct telling t;
};

struct alarms *alarms_new(struct gateway *g)
{
	struct alarms *a = calloc(1, sizeof *a);
	if (a) {
		a->g = g;
		atomic_store(&a->refs, 1);
	}
	return a;
}

static void unref(struct alarms *a)
{
	if (atomic_fetch_sub(&a->refs, 1) == 1)
		free(a);
}

void alarms_destroy(struct alarms **a)
{
	if (!*a)
		return;
	(*a)->g = NULL;
	unref(*a);
	*a = NULL;
}

static void raised_free(struct raised *r)
{
	settings_unref(&r->settings);
	unref(r->all);
	free(r);
}

static void work(struct job *job)
{
	struct raised *r = (struct raised *)((char *)job - offsetof(struct raised, job));
	struct err err;
	if (r->t.to && !reach_ok(r->settings, r->t.to, &err)) {
		LOG(LOG_WARN, NULL, "notify", "unsent", F_S("event", r->t.event),
		    F_S("about", r->t.about), F_S("error", err.text));
		r->t.to = NULL;
	}
	telling_send(&r->t);
}

static void done(struct job *job)
{
	struct raised *r = (struct raised *)((char *)job - offsetof(struct raised, job));
	struct gateway *g = r->all->g;
	bool mail = r->t.to != NULL;
	raised_free(r);
	if (mail)
		gateway_look(g);
	gateway_stop_check(g);
}

/* Is there room for one more in this time? */
static bool take(struct alarms *a, const struct conf_rate *most)
{
	int64_t now = clock_mono(a->g->clock);
	if (!most->count)
		return true;
	if (now >= a->window_end) {
		a->used = 0;
		a->window_end = now + most->ms;
	}
	return a->used < most->count && ++a->used;
}

/* To the pool, which mails and runs the command. Takes it over. */
static void send(struct alarms *a, struct raised *r)
{
	struct gateway *g = a->g;
	r->t.settings = r->settings;
	r->t.clock = g->clock;
	r->t.stop = &a->stop;
	r->job = (struct job){.answer_to = loop_inbox(g->loop), .work = work, .done = done};
	if (g->stopping || pool_run(g->pool, &r->job) != OK) {
		LOG(LOG_WARN, NULL, "notify", "dropped", F_S("event", r->t.event),
		    F_S("why", g->stopping ? "the gateway is stopping" : "too much is to be done"));
		raised_free(r);
	}
}

static bool same_address(const char *a, const char *b)
{
	return a && b && text_same(a, b);
}

static void arrived(struct task *task)
{
	struct raised *r = (struct raised *)task;
	struct alarms *a = r->all;
	if (!a->g) {
		raised_free(r);
		return;
	}
	r->settings = settings_ref(a->g->settings);
	const struct conf_notify *n = &r->settings->notify;
	bool wanted = (n->on >> r->what & 1) && (n->to || n->command);
	if (!wanted || !take(a, &n->at_most)) {
		a->untold += wanted;
		raised_free(r);
		return;
	}
	r->t.untold = a->untold;
	a->untold = 0;
	r->t.command = true;
	r->t.to = r->mailed && same_address(n->to, r->settings->gateway.admin) ? NULL : n->to;
	send(a, r);
}

static struct raised *raised_new(struct alarms *a, const char *event, const char *about,
				 const char *text, const char *remedy)
{
	struct raised *r = calloc(1, sizeof *r);
	if (!r)
		return NULL;
	r->all = a;
	atomic_fetch_add(&a->refs, 1);
	r->t.event = event;
	r->t.at = clock_wall(a->g->clock);
	text_copy(r->t.about, sizeof r->t.about, about);
	text_copy(r->t.text, sizeof r->t.text, text);
	text_copy(r->t.remedy, sizeof r->t.remedy, remedy ? remedy : "");
	return r;
}

void alarm_raise(struct gateway *g, const struct alarm *alarm)
{
	struct raised *r = raised_new(g->alarms, conf_events[alarm->what], alarm->about,
				      alarm->text, alarm->remedy);
	if (!r)
		return; /* whoever raises it has logged it */
	r->what = alarm->what;
	r->mailed = alarm->mailed;
	r->task.run = arrived;
	inbox_post(loop_inbox(g->loop), &r->task);
}

/* ---- what is looked for ---- */

static void look_at_disk(struct alarms *a)
{
	struct gateway *g = a->g;
	const struct conf_queue *q = &g->settings->queue;
	uint64_t left = atomic_load(&g->disk_free);
	char text[256];
	if (a->disk_low && left > q->disk_min + q->disk_min / 20)
		a->disk_low = false;
	if (a->disk_low || left >= q->disk_min)
		return;
	a->disk_low = true;
	snprintf(text, sizeof text,
		 "%llu MiB of the disk of %.100s are left: below disk_min, %llu MiB, senders are "
		 "asked to come again.",
		 (unsigned long long)(left >> 20), g->settings->gateway.spool,
		 (unsigned long long)(q->disk_min >> 20));
	alarm_raise(g, &(struct alarm){.what = CONF_DISK_LOW,
				       .about = "disk",
				       .text = text,
				       .remedy = "make room there, or lower [queue] disk_min"});
}

static void look_at_age(struct alarms *a, const struct spool_totals *t)
{
	struct gateway *g = a->g;
	int64_t age = t->oldest ? clock_wall(g->clock) - t->oldest : 0;
	char text[256], words[24];
	bool old = age > g->settings->notify.queue_old;
	if (old && !a->queue_old) {
		snprintf(text, sizeof text,
			 "The oldest of %llu messages that wait has been waiting for %s.",
			 (unsigned long long)t->messages_waiting,
			 text_duration(age, words, sizeof words));
		alarm_raise(g, &(struct alarm){.what = CONF_QUEUE_OLD,
					       .about = "queue",
					       .text = text,
					       .remedy = "smtpgate queue list tells why"});
	}
	a->queue_old = old;
}

static void look_at_spool(struct alarms *a, const struct spool_totals *t)
{
	if (t->broken && !a->spool_broken)
		alarm_raise(a->g, &(struct alarm){.what = CONF_SPOOL_ERROR,
						  .about = a->g->settings->gateway.spool,
						  .text = t->trouble.text,
						  .remedy = t->trouble.remedy});
	a->spool_broken = t->broken;
}

/* ---- the heartbeat ---- */

static void beat(struct alarms *a, const struct spool_totals *t)
{
	struct gateway *g = a->g;
	char text[256];
	snprintf(text, sizeof text,
		 "smtpgate runs. %llu recipients were delivered to since the spool was made, %llu "
		 "messages wait, %llu are held.",
		 (unsigned long long)t->states[SPOOL_DELIVERED],
		 (unsigned long long)t->messages_waiting, (unsigned long long)t->messages_held);
	struct raised *r = raised_new(a, "heartbeat", "it runs", text, NULL);
	if (!r)
		return;
	r->settings = settings_ref(g->settings);
	r->t.to = r->settings->notify.heartbeat_to;
	send(a, r);
}

static void look_at_clock(struct alarms *a, const struct spool_totals *t)
{
	const struct conf_notify *n = &a->g->settings->notify;
	int64_t now = clock_mono(a->g->clock);
	if (!n->heartbeat_every || !n->heartbeat_to) {
		a->beat_at = 0;
		return;
	}
	if (a->beat_at && now < a->beat_at)
		return;
	if (a->beat_at && !t->broken)
		beat(a, t);
	a->beat_at = now + n->heartbeat_every;
}

/* What was not told is counted in a mail of its own once there is room, when nothing else has come. */
static void look_at_untold(struct alarms *a)
{
	const struct conf_notify *n = &a->g->settings->notify;
	if (!a->untold || clock_mono(a->g->clock) < a->window_end || !take(a, &n->at_most))
		return;
	struct raised *r = raised_new(a, "untold", "more events",
				      "More happened than at_most of [notify] lets through.", NULL);
	if (!r)
		return;
	r->settings = settings_ref(a->g->settings);
	r->t.untold = a->untold;
	a->untold = 0;
	r->t.command = true;
	r->t.to = r->settings->notify.to;
	send(a, r);
}

void alarms_look(struct gateway *g, const struct spool_totals *totals)
{
	struct alarms *a = g->alarms;
	atomic_store(&a->stop, g->stopping);
	if (g->stopping)
		return;
	look_at_disk(a);
	look_at_untold(a);
	if (!totals)
		return;
	look_at_age(a, totals);
	look_at_spool(a, totals);
	look_at_clock(a, totals);
}
