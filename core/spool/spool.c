/*
 * Opening and closing: see spool.h, and thread.h for the rest of the inside. Owns everything of a
 * spool; a failed opening leaves nothing behind but what a later one finds and uses.
 */
#include "spool/recover.h"
#include "spool/lock.h"
#include "spool/snapshot.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum result options_copy(struct spool *s, const struct spool_options *o, struct err *err)
{
	s->o = *o;
	s->path = strdup(o->path ? o->path : "");
	s->version = strdup(o->version ? o->version : "");
	if (!s->path || !s->version)
		return err_set(err, E_NOMEM, "no memory for the spool");
	s->o.path = s->path;
	s->o.version = s->version;
	if (!s->o.files)
		s->o.files = file_system();
	if (!s->o.clock)
		s->o.clock = clock_system();
	return OK;
}

/* Nothing of the spool is changed before its version is known to be one of ours. */
static enum result storage_open(struct spool *s, struct err *err)
{
	if (s->o.engine == SPOOL_MEMORY)
		return engine_memory_open(&s->engine, &s->o, err);
	enum result r = file_make_dirs(s->o.files, s->path, 0700, err);
	if (r == OK)
		r = lock_take(&s->o, &s->lock, err);
	if (r == OK)
		r = engine_sqlite_check(&s->o, err);
	if (r == OK)
		r = lock_sign(&s->o, s->lock, err);
	return r == OK ? engine_sqlite_open(&s->engine, &s->o, err) : r;
}

static enum result contents_open(struct spool *s, struct err *err)
{
	s->book = (struct book){
		.engine = s->engine, .clock = s->o.clock, .counts = s->engine->counts};
	s->bodies = (struct bodies){.files = s->o.files, .dir = -1};
	enum result r = chain_open(&s->book.chain, err);
	if (r == OK)
		r = jumps_open(&s->jumps, s->o.clock, s->o.files,
			       s->o.engine == SPOOL_MEMORY ? NULL : s->path, err);
	if (r == OK)
		r = bodies_open(&s->bodies, s->o.engine == SPOOL_MEMORY ? NULL : s->path, err);
	if (r == OK)
		r = draft_kit_open(&s->drafts, &s->bodies, err);
	if (r == OK)
		r = recover_bodies(s, err);
	if (r == OK && s->o.engine == SPOOL_SQLITE)
		r = snapshot_remove(s->path, err);
	if (r == OK && s->o.engine == SPOOL_SQLITE)
		r = snapshot_hold_restored(s, err);
	if (r == OK && s->o.restart_hold)
		r = operator_hold_all(s, "held at start, as [queue] restart_hold asks", err);
	return r;
}

static void run_end(struct task *t)
{
	struct spool_request *q = (struct spool_request *)t;
	q->spool->ending = true;
}

static void side_end(struct spool *s)
{
	__atomic_store_n(&s->side_ending, true, __ATOMIC_RELEASE);
	bell_ring(&s->side_bell);
	pthread_join(s->side_thread, NULL);
}

static enum result threads_start(struct spool *s, struct err *err)
{
	int rc = pthread_create(&s->side_thread, NULL, side_thread, s);
	if (rc)
		return err_errno(err, rc, "the spool's side thread cannot be started");
	rc = pthread_create(&s->thread, NULL, spool_thread, s);
	if (rc) {
		side_end(s);
		return err_errno(err, rc, "the spool's thread cannot be started");
	}
	return OK;
}

static void spool_free(struct spool *s)
{
	draft_kit_close(&s->drafts);
	bodies_close(&s->bodies);
	jumps_close(&s->jumps);
	book_free(&s->book);
	if (s->engine)
		s->engine->ops->close(s->engine);
	if (s->lock >= 0)
		s->o.files->close(s->lock);
	inbox_free(&s->inbox);
	inbox_free(&s->side);
	bell_free(&s->bell);
	bell_free(&s->side_bell);
	free(s->path);
	free(s->version);
	free(s);
}

enum result spool_open(struct spool **out, const struct spool_options *o, struct err *err)
{
	struct err own = {.code = OK};
	struct spool *s = calloc(1, sizeof *s);
	if (!s)
		return err_set(err, E_NOMEM, "no memory for the spool");
	s->lock = s->bodies.dir = -1;
	s->last = &s->answers;
	s->busy = true;
	bell_init(&s->bell);
	bell_init(&s->side_bell);
	inbox_init(&s->inbox, bell_ring, &s->bell);
	inbox_init(&s->side, bell_ring, &s->side_bell);
	enum result r = options_copy(s, o, &own);
	if (r == OK)
		r = storage_open(s, &own);
	if (r == OK)
		r = contents_open(s, &own);
	if (r == OK)
		r = threads_start(s, &own);
	if (r == OK) {
		*out = s;
		return OK;
	}
	spool_free(s);
	if (own.code == OK)
		return err_set(err, r, "the spool %s: %s", o->path ? o->path : "",
			       result_sentence(r));
	if (err)
		*err = own;
	return r;
}

void spool_close(struct spool **out)
{
	struct spool *s = *out;
	*out = NULL;
	if (!s)
		return;
	side_end(s);
	struct spool_request last = {.spool = s, .task.run = run_end};
	inbox_post(&s->inbox, &last.task);
	pthread_join(s->thread, NULL);
	side_finish(s);
	spool_free(s);
}

int64_t spool_skipped(struct spool *s, const struct spool_message *m)
{
	return jumps_skipped(&s->jumps, m->number, m->envelope.arrived);
}

enum result spool_draft_new(struct spool *s, struct spool_draft **d, struct err *err)
{
	return draft_new(&s->drafts, d, err);
}
