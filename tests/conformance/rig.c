/* The life of a rig: host, create to destroy, turns. See rig.h. */
#include "conformance/rig.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void rig_fail(struct rig *rig, const char *format, ...)
{
	va_list args;
	if (rig->failure[0])
		return;
	va_start(args, format);
	vsnprintf(rig->failure, sizeof rig->failure, format, args);
	va_end(args);
	if (rig->arena && !rig->arena->failure[0])
		memcpy(rig->arena->failure, rig->failure, sizeof rig->failure);
}

/* ---- the host ---- */

/* Stands before each block; keeps the alignment of malloc. */
union tag {
	size_t size;
	max_align_t align;
};

static void count(struct purse *p, size_t old, size_t size)
{
	size_t now = atomic_fetch_add(&p->bytes, size - old) + size - old;
	size_t peak = atomic_load(&p->peak);
	while (now > peak && !atomic_compare_exchange_weak(&p->peak, &peak, now))
		;
}

static void *host_alloc(void *ctx, void *old, size_t size)
{
	struct purse *p = &((struct rig *)ctx)->purse;
	union tag *tag = old ? (union tag *)old - 1 : NULL;
	size_t had = tag ? tag->size : 0;
	if (!size) {
		if (tag)
			atomic_fetch_sub(&p->blocks, 1);
		count(p, had, 0);
		free(tag);
		return NULL;
	}
	union tag *fresh = realloc(tag, sizeof *fresh + size);
	if (!fresh)
		return NULL;
	if (!tag)
		atomic_fetch_add(&p->blocks, 1);
	count(p, had, size);
	fresh->size = size;
	return fresh + 1;
}

static void host_log(void *ctx, enum sgt_level level, const char *text)
{
	static const char *const words[] = {"error", "warn", "info", "debug"};
	const struct rig *rig = ctx;
	if (!rig->purse.silent)
		fprintf(stderr, "  %s %s: %s\n", rig->module->code, words[level], text);
}

uint64_t rig_now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static uint64_t host_now_ms(void *ctx)
{
	(void)ctx;
	return rig_now_ms();
}

static uint64_t host_random(void *ctx)
{
	static _Atomic(uint64_t) state = 0x9e3779b97f4a7c15u;
	(void)ctx;
	uint64_t z = atomic_fetch_add(&state, 0x9e3779b97f4a7c15u);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* ---- life ---- */

static void leave_arena(struct rig *rig)
{
	struct arena *a = rig->arena;
	for (size_t i = 0; a && i < a->count; i++)
		if (a->rigs[i] == rig)
			a->rigs[i] = a->rigs[--a->count];
}

bool rig_create(struct rig *rig, const struct conformance_bed *bed, struct arena *arena,
		const struct rig_with *with, struct sgt_error *error)
{
	struct sgt_error own;
	struct sgt_error *e = error ? error : &own;
	memset(rig, 0, sizeof *rig);
	rig->bed = bed;
	rig->module = bed->module;
	rig->arena = arena;
	rig->purse.silent = with->silent;
	rig->host = (struct sgt_host){.size = sizeof rig->host,
				      .ctx = rig,
				      .deliver = rig_deliver,
				      .log = host_log,
				      .now_ms = host_now_ms,
				      .random = host_random,
				      .alloc = host_alloc};
	struct sgt_value *values = values_make(rig->module->keys, with->settings, rig->failure);
	if (!values)
		return false;
	struct sgt_create c = {.size = sizeof c,
			       .name = rig->module->code,
			       .values = values,
			       .plans = with->plans,
			       .plan_count = with->plan_count,
			       .handed = with->handed,
			       .handed_count = with->handed_count};
	enum sgt_result r = rig->module->create(&rig->host, &c, &rig->stack, e);
	values_free(rig->module->keys, values);
	if (r != SGT_OK) {
		rig->stack = NULL;
		rig_fail(rig, "create: %s", e->text);
		return false;
	}
	if (arena && arena->count < ARENA_RIGS)
		arena->rigs[arena->count++] = rig;
	return true;
}

bool rig_prepare(struct rig *rig)
{
	struct sgt_error e;
	enum sgt_result r = rig->module->prepare(rig->stack, &e);
	if (r != SGT_OK)
		rig_fail(rig, "prepare: %s", e.text);
	return r == SGT_OK;
}

bool rig_start(struct rig *rig)
{
	struct sgt_error e;
	enum sgt_result r = rig->module->start(rig->stack, &e);
	if (r != SGT_OK)
		rig_fail(rig, "start: %s", e.text);
	rig->started = r == SGT_OK;
	return rig->started;
}

bool rig_open(struct rig *rig, const struct conformance_bed *bed, struct arena *arena,
	      const struct conformance_setting *settings)
{
	struct rig_with with = {.settings = settings};
	return rig_create(rig, bed, arena, &with, NULL) && rig_prepare(rig) && rig_start(rig);
}

static void forget(struct rig *rig)
{
	while (rig->ends) {
		struct end *e = rig->ends;
		rig->ends = e->next;
		free(e->spans);
		free(e);
	}
	memset(rig->buckets, 0, sizeof rig->buckets);
	while (rig->doors) {
		struct door *d = rig->doors;
		rig->doors = d->next;
		free(d);
	}
	while (rig->posts) {
		struct post *p = rig->posts;
		rig->posts = p->next;
		free(p);
	}
}

void rig_stop(struct rig *rig)
{
	if (rig->started)
		rig->module->stop(rig->stack);
	rig->started = false;
	forget(rig);
}

void rig_close(struct rig *rig)
{
	leave_arena(rig);
	rig_stop(rig);
	if (!rig->stack)
		return;
	rig->module->destroy(rig->stack);
	rig->stack = NULL;
	size_t bytes = atomic_load(&rig->purse.bytes);
	if (bytes || atomic_load(&rig->purse.blocks))
		rig_fail(rig, "%zu bytes in %ld blocks are left after destroy", bytes,
			 atomic_load(&rig->purse.blocks));
}

/* ---- turns ---- */

void rig_run(struct rig *rig, int ms)
{
	struct sgt_error e;
	if (!rig->started)
		return;
	rig->running = true;
	enum sgt_result r = rig->module->run(rig->stack, ms, &e);
	rig->running = false;
	if (r != SGT_OK)
		rig_fail(rig, "run: %s", e.text);
}

void arena_turn(struct arena *a)
{
	unsigned long before = 0, after = 0;
	/* A peer outside the arena may have become ready meanwhile: look twice before waiting. */
	int ms = a->idle > 2 ? 1 : 0;
	for (size_t i = 0; i < a->count; i++)
		before += a->rigs[i]->events;
	for (size_t i = 0; i < a->count; i++)
		rig_run(a->rigs[i], i ? 0 : ms);
	for (size_t i = 0; i < a->count; i++)
		after += a->rigs[i]->events;
	a->idle = after == before ? a->idle + 1 : 0;
}

bool arena_until(struct arena *a, bool (*cond)(const void *ctx), const void *ctx, int ms)
{
	uint64_t end = rig_now_ms() + (uint64_t)ms;
	a->idle = 0;
	while (!cond(ctx)) {
		if (rig_now_ms() > end || a->failure[0])
			return false;
		arena_turn(a);
	}
	return true;
}

void arena_turns(struct arena *a, unsigned turns)
{
	a->idle = 0;
	while (turns--)
		arena_turn(a);
}
