/* Conformance: the life of a stack, run and wakeup, several stacks, addresses, the module's table. */
#include "conformance/test.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* ---- run and wakeup ---- */

void conformance_wakeup_ends_run(struct test *t)
{
	uint64_t begin = rig_now_ms();
	for (int i = 0; i < 100; i++) {
		t->rig.module->wakeup(t->rig.stack);
		rig_run(&t->rig, SOON);
	}
	NEED(t, rig_now_ms() - begin < SOON, "a wakeup before run does not end it");
}

struct waker {
	struct rig *rig;
	pthread_mutex_t lock;
	pthread_cond_t seen_more;
	unsigned asked, seen, lost;
};

#define WAKES 10000u

/* Asks, wakes, and waits for the answer. */
static void *wake(void *ctx)
{
	struct waker *w = ctx;
	for (unsigned i = 1; i <= WAKES; i++) {
		pthread_mutex_lock(&w->lock);
		w->asked = i;
		pthread_mutex_unlock(&w->lock);
		w->rig->module->wakeup(w->rig->stack);
		pthread_mutex_lock(&w->lock);
		while (w->seen < i)
			pthread_cond_wait(&w->seen_more, &w->lock);
		pthread_mutex_unlock(&w->lock);
	}
	return NULL;
}

static unsigned answer(struct waker *w)
{
	pthread_mutex_lock(&w->lock);
	unsigned n = w->seen = w->asked;
	pthread_cond_signal(&w->seen_more);
	pthread_mutex_unlock(&w->lock);
	return n;
}

void conformance_wakeup_from_thread(struct test *t)
{
	struct waker w = {.rig = &t->rig,
			  .lock = PTHREAD_MUTEX_INITIALIZER,
			  .seen_more = PTHREAD_COND_INITIALIZER};
	pthread_t thread;
	NEED(t, pthread_create(&thread, NULL, wake, &w) == 0, "no thread");
	for (unsigned seen = 0; seen < WAKES;) {
		unsigned before = seen;
		uint64_t begin = rig_now_ms();
		rig_run(&t->rig, SOON);
		seen = answer(&w);
		/* A lost wakeup lets run wait to its end, and then shows what had been asked all along. */
		w.lost += seen > before && rig_now_ms() - begin >= SOON;
	}
	pthread_join(thread, NULL);
	NEED(t, !w.lost, "%u of %u wakeups were lost", w.lost, WAKES);
}

void conformance_run_keeps_time(struct test *t)
{
	uint64_t begin = rig_now_ms();
	for (int i = 0; i < 1000; i++)
		rig_run(&t->rig, 0);
	rig_run(&t->rig, 20);
	/* Far more than any machine needs; a run that waits for an event would never come back. */
	NEED(t, rig_now_ms() - begin < SOON, "run waits longer than it was asked");
}

/* ---- life ---- */

static void live_until(struct test *t, int step)
{
	struct rig r;
	unsigned before = test_descriptors();
	if (rig_create(&r, t->bed, NULL, &(struct rig_with){.settings = t->bed->settings}, NULL) &&
	    step >= 1 && rig_prepare(&r) && step >= 2 && rig_start(&r) && step >= 3)
		rig_run(&r, 0);
	rig_close(&r);
	NEED(t, !r.failure[0], "%s", r.failure);
	NEED(t, test_descriptors() == before, "descriptors are left after step %d", step);
}

void conformance_destroy_at_any_time(struct test *t)
{
	if (!(t->bed->module->caps & SGT_CAP_INSTANCES))
		rig_close(&t->rig);
	for (int step = 0; step <= 3; step++)
		live_until(t, step);
}

/* What prepare got for a planned listener serves after each start. */
void conformance_planned_listener(struct test *t)
{
	char planned[SGT_ADDRESS_MAX];
	snprintf(planned, sizeof planned, "%.120s:0", t->bed->host);
	struct sgt_plan plan = {.name = "door", .address = planned};
	struct rig_with with = {.settings = t->bed->settings, .plans = &plan, .plan_count = 1};
	rig_close(&t->rig);
	if (!rig_create(&t->rig, t->bed, &t->arena, &with, NULL) || !rig_prepare(&t->rig))
		return;
	for (int i = 0; i < 3; i++) {
		struct end *end;
		struct peer_conn *conn;
		if (!rig_start(&t->rig))
			return;
		struct door *d = door_open(&t->rig, planned, 0);
		if (!d || !test_pair(t, d, &end, &conn))
			return;
		rig_stop(&t->rig);
	}
}

void conformance_detect_is_harmless(struct test *t)
{
	struct sgt_report report;
	unsigned before = test_descriptors();
	uint64_t begin = rig_now_ms();
	t->rig.module->detect(t->rig.stack, &report);
	NEED(t, report.state == SGT_RUNNING, "detect says %d: %s", report.state, report.cause);
	NEED(t, report.detail[0], "detect says nothing of what it found");
	NEED(t, rig_now_ms() - begin < SOON, "detect does not end");
	NEED(t, test_descriptors() == before, "detect leaves descriptors");
}

/* ---- several stacks ---- */

static bool reach(struct rig *from, const char *address)
{
	struct end *end = end_connect(from, address);
	if (!end)
		return false;
	end->checked = true; /* the pattern of seed 0 begins with these */
	unsigned char hallo[5];
	pattern_fill(hallo, 0, 0, sizeof hallo);
	return end_wait(end, END_OPEN, SOON) && end_send(end, hallo, sizeof hallo) &&
	       end_wait_received(end, sizeof hallo, SOON);
}

void conformance_instances_reach_each_other(struct test *t)
{
	struct rig other;
	struct door *d = test_door(t, END_ECHO);
	NEED(t, d, "listen fails");
	bool reached = rig_open(&other, t->bed, &t->arena,
				t->bed->peer_settings ? t->bed->peer_settings : t->bed->settings) &&
		       reach(&other, d->address);
	rig_close(&other);
	NEED(t, reached, "one stack does not reach another");
	NEED(t, end_accept(d, SOON), "no connection came");
}

void conformance_share_divides(struct test *t)
{
	enum { N = 64 };
	struct rig other;
	char text[SGT_ADDRESS_MAX];
	struct peer_conn *conns[N];
	snprintf(text, sizeof text, "%.120s:0", t->bed->host);
	struct door *a = door_open(&t->rig, text, 1), *b = NULL;
	if (a && rig_open(&other, t->bed, &t->arena, t->bed->settings))
		b = door_open(&other, a->address, 1);
	NEED(t, b, "a second stack cannot share the address");
	for (int i = 0; i < N; i++) {
		conns[i] = t->ops->connect(t->peer, a->address, SOON);
		if (!conns[i])
			test_fail(t, "the peer cannot connect");
	}
	uint64_t end = rig_now_ms() + SOON;
	while (a->accepted + b->accepted < N && rig_now_ms() < end)
		arena_turn(&t->arena);
	unsigned in_a = a->accepted, in_b = b->accepted;
	rig_close(&other);
	NEED(t, in_a + in_b == N && in_a && in_b,
	     "of %d connections one stack got %u, the other %u", N, in_a, in_b);
}

void conformance_bind_twice(struct test *t)
{
	struct sgt_listener *l;
	struct sgt_error e;
	struct door *d = test_door(t, END_TAKE);
	NEED(t, d, "listen fails");
	struct sgt_plan plan = {.name = "second", .address = d->address};
	enum sgt_result r = t->rig.module->listen(t->rig.stack, &plan, NULL, &l, &e);
	NEED(t, r == SGT_IN_USE && e.result == SGT_IN_USE && e.number == 110 && e.text[0],
	     "listening twice at %s gives %d (%d)", d->address, r, e.number);
	NEED(t, strstr(e.text, d->address), "the sentence does not name the address: %s", e.text);
}

/* ---- the module's table ---- */

static bool has_functions(const struct sgt_module *m)
{
	bool datagrams = m->caps & SGT_CAP_DATAGRAMS;
	bool base = m->create && m->detect && m->prepare && m->start && m->run && m->wakeup &&
		    m->stop && m->destroy && m->address && m->listen && m->listener_address &&
		    m->unlisten && m->connect && m->set_user && m->send && m->consume &&
		    m->shutdown && m->close && m->abort && m->counters && m->own_addresses;
	return base && (m->dgram_open != NULL) == datagrams &&
	       (m->dgram_send != NULL) == datagrams && (m->dgram_close != NULL) == datagrams;
}

void conformance_table_is_complete(struct test *t)
{
	const struct sgt_module *m = t->bed->module;
	NEED(t, m->abi == SGT_ABI && m->size > offsetof(struct sgt_module, own_addresses),
	     "abi %u, size %u", m->abi, m->size);
	NEED(t, m->code && m->vendor && m->provider && m->version && m->code[0] && m->vendor[0],
	     "code, vendor, provider or version is missing");
	NEED(t, m->lend_max >= 4096, "lend_max is %zu: no line of SMTP fits", m->lend_max);
	NEED(t, has_functions(m), "a function is missing, or there though its capability is not");
	for (const struct sgt_key *k = m->keys; k && k->name; k++) {
		NEED(t, k->help && k->help[0], "setting %s has no help", k->name);
		NEED(t, k->type != SGT_ENUM || k->words, "setting %s has no words", k->name);
	}
}
