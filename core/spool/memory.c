/*
 * The memory twin of the engine: the contract of engine.h without a disk. Owns a version of each
 * message; the first change of a transaction puts a copy in the version's place and keeps the old
 * one, so that recover can go back. Fails for memory alone.
 */
#include "spool/memory.h"

#include <stdlib.h>
#include <string.h>

static void version_free(struct version *v)
{
	if (!v)
		return;
	spool_message_unref(&v->source);
	region_destroy(&v->region);
	free(v);
}

static struct version *version_new(struct memory *e, struct spool_message *source)
{
	struct version *v = calloc(1, sizeof *v);
	if (!v || !(v->region = region_new(0))) {
		free(v);
		return NULL;
	}
	v->transaction = e->transaction;
	v->source = spool_message_ref(source);
	return v;
}

static bool copy_words(struct region *r, const char **const words[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (*words[i] && !(*words[i] = region_strdup(r, *words[i])))
			return false;
	return true;
}

bool version_copy_rcpts(struct version *v, const struct spool_rcpt *from, size_t n)
{
	v->rcpts = region_alloc(v->region, n * sizeof *v->rcpts);
	for (size_t i = 0; v->rcpts && i < n; i++) {
		struct spool_rcpt *to = &v->rcpts[i];
		*to = from[i];
		if (!copy_words(
			    v->region,
			    (const char **const[]){&to->rule, &to->peer, &to->status, &to->reason},
			    4))
			return false;
	}
	return v->rcpts != NULL;
}

static bool attempts_grow(struct version *v, size_t cap)
{
	struct spool_attempt *more = region_alloc(v->region, cap * sizeof *more);
	if (!more)
		return false;
	if (v->attempt_count)
		memcpy(more, v->attempts, v->attempt_count * sizeof *more);
	v->attempts = more;
	v->attempt_cap = cap;
	return true;
}

bool version_push_attempt(struct version *v, const struct spool_attempt *a)
{
	if (v->attempt_count == v->attempt_cap && !attempts_grow(v, v->attempt_cap * 2 + 4))
		return false;
	struct spool_attempt *to = &v->attempts[v->attempt_count];
	*to = *a;
	if (!copy_words(v->region,
			(const char **const[]){&to->rule, &to->peer, &to->status, &to->reason,
					       &to->sent_hash, &to->sent_sender, &to->sent_from},
			7))
		return false;
	v->attempt_count++;
	return true;
}

static struct version *version_copy(struct memory *e, const struct version *from)
{
	struct version *v = version_new(e, from->source);
	if (!v)
		return NULL;
	v->head = from->head;
	v->body = from->body;
	bool ok = version_copy_rcpts(v, from->rcpts, from->head.rcpt_count);
	for (size_t i = 0; ok && i < from->attempt_count; i++)
		ok = version_push_attempt(v, &from->attempts[i]);
	if (ok)
		return v;
	version_free(v);
	return NULL;
}

struct version *version_find(struct memory *e, uint64_t number)
{
	struct version *v = number && number <= e->count ? e->at[number - 1] : NULL;
	return v && v->transaction ? v : NULL;
}

bool version_strip(struct version *v)
{
	struct message *bare = message_new();
	if (!bare)
		return false;
	bare->m.size = v->source->size;
	memcpy(bare->m.hash, v->source->hash, sizeof bare->m.hash);
	struct spool_message *gone = &bare->m;
	bool ok = mail_envelope_copy(&bare->m.envelope, &v->source->envelope, bare->m.region) == OK;
	if (ok) {
		gone = v->source;
		v->source = &bare->m;
		v->body = false;
	}
	spool_message_unref(&gone);
	return ok;
}

/* Remembers that the open transaction put something at this place. */
static bool touch(struct memory *e, size_t place)
{
	if (e->touched_count == e->touched_cap) {
		size_t cap = e->touched_cap * 2 + 16;
		size_t *more = realloc(e->touched, cap * sizeof *more);
		if (!more)
			return false;
		e->touched = more;
		e->touched_cap = cap;
	}
	e->touched[e->touched_count++] = place;
	return true;
}

struct version *version_change(struct memory *e, uint64_t number, enum result *r)
{
	struct version *v = version_find(e, number);
	*r = v ? OK : E_NOTFOUND;
	if (!v || v->transaction == e->transaction)
		return v;
	struct version *copy = version_copy(e, v);
	if (!copy || !touch(e, (size_t)number - 1)) {
		version_free(copy);
		*r = E_NOMEM;
		return NULL;
	}
	copy->old = v;
	return e->at[number - 1] = copy;
}

enum result version_append(struct memory *e, struct spool_message *source, struct version **out)
{
	if (e->count == e->cap) {
		size_t cap = e->cap * 2 + 64;
		struct version **more = realloc(e->at, cap * sizeof *more);
		if (!more)
			return E_NOMEM;
		e->at = more;
		e->cap = cap;
	}
	struct version *v = version_new(e, source);
	if (!v || !version_copy_rcpts(v, source->rcpts, source->rcpt_count) ||
	    !touch(e, e->count)) {
		version_free(v);
		return E_NOMEM;
	}
	e->at[e->count++] = *out = v;
	return OK;
}

static void memory_close(struct engine *base)
{
	struct memory *e = memory_of(base);
	for (size_t i = 0; i < e->count; i++)
		for (struct version *v = e->at[i], *old; v; v = old) {
			old = v->old;
			version_free(v);
		}
	free(e->at);
	free(e->touched);
	free(e->links);
	free(e);
}

static enum result memory_begin(struct engine *base, struct err *err)
{
	(void)err;
	memory_of(base)->transaction++;
	return OK;
}

static enum result memory_commit(struct engine *base, const struct engine_counts *counts,
				 struct err *err)
{
	struct memory *e = memory_of(base);
	(void)err;
	for (size_t i = 0; i < e->touched_count; i++) {
		struct version *v = e->at[e->touched[i]];
		if (v) {
			version_free(v->old);
			v->old = NULL;
			if (v->transaction == 0) { /* purged */
				e->at[e->touched[i]] = NULL;
				version_free(v);
			}
		}
	}
	e->touched_count = 0;
	uint64_t generation = base->counts.generation + 1;
	base->counts = *counts;
	base->counts.generation = generation;
	return OK;
}

static enum result memory_recover(struct engine *base, struct err *err)
{
	struct memory *e = memory_of(base);
	(void)err;
	while (e->touched_count) {
		size_t place = e->touched[--e->touched_count];
		struct version *v = e->at[place];
		e->at[place] = v->old;
		v->old = NULL;
		version_free(v);
	}
	while (e->count > base->counts.last)
		e->count--;
	e->link_count = base->counts.chain.last;
	return OK;
}

static enum result memory_upkeep(struct engine *base, bool idle, struct err *err)
{
	(void)base;
	(void)idle;
	(void)err;
	return OK;
}

static enum result memory_snapshot_step(struct engine *base, const char *path, bool *over,
					struct err *err)
{
	(void)base;
	(void)over;
	return err_set(err, E_UNSUPPORTED, "%s: a spool in memory has no copy", path);
}

static void memory_snapshot_end(struct engine *base)
{
	(void)base;
}

enum result engine_memory_open(struct engine **out, const struct spool_options *o, struct err *err)
{
	(void)o;
	struct memory *e = calloc(1, sizeof *e);
	if (!e)
		return err_set(err, E_NOMEM, "no memory for the spool");
	e->ops = (struct engine_ops){
		.close = memory_close,
		.begin = memory_begin,
		.commit = memory_commit,
		.recover = memory_recover,
		.upkeep = memory_upkeep,
		.snapshot_step = memory_snapshot_step,
		.snapshot_end = memory_snapshot_end,
	};
	memory_rows_ops(&e->ops);
	e->base.ops = &e->ops;
	*out = &e->base;
	return OK;
}
