/*
 * The spool thread: see thread.h for its states. Owns the engine and the book while it runs. What
 * fails here is told in each request's result, in the totals' trouble and in the log.
 */
#include "spool/thread.h"

#include "base/log.h"

#include <string.h>

#define BACKOFF_FIRST 100 /* ms */
#define BACKOFF_MOST 5000
#define IDLE_AFTER 100   /* ms without a request: the log is moved into the main file */
#define PURGE_EVERY 1000 /* ms */
#define PURGE_BITE 64    /* messages of the history forgotten in one transaction */
#define TRIM_PER_DROP 8  /* links looked at for each: it has some four, the rest may move */
#define NAMED_KEEP \
	86400000 /* ms: rows that say that a maildrop file was taken outlive the file by far */

static int64_t now_mono(void)
{
	return clock_mono(clock_system());
}

static void run_done(struct task *t)
{
	struct spool_request *q = (struct spool_request *)t;
	q->done(q);
}

void spool_reply(struct spool_request *q, enum result r)
{
	q->result = r;
	if (r != OK && q->err.code != r)
		err_set(&q->err, r, "the spool: %s", result_sentence(r));
	q->task.run = run_done;
	inbox_post(q->answer_to, &q->task);
}

void spool_post(struct spool *s, struct spool_request *q, void (*serve)(struct task *t))
{
	q->spool = s;
	q->result = OK;
	q->err = (struct err){.code = OK};
	q->task.run = serve;
	inbox_post(&s->inbox, &q->task);
}

enum result spool_ready(struct spool *s, struct err *err)
{
	if (s->lost == OK && !s->broken)
		return OK;
	*err = s->trouble;
	return err->code = s->lost != OK ? s->lost : E_IO;
}

/* What the operator can do about the trouble. */
static void advise(struct spool *s)
{
	const char *path = s->path ? s->path : "the spool";
	if (*s->trouble.remedy)
		return;
	if (s->trouble.code == E_FULL)
		err_remedy(&s->trouble, "make room on the disk of %.300s: it goes on by itself",
			   path);
	else if (s->trouble.code == E_IO || s->trouble.code == E_DENIED)
		err_remedy(&s->trouble,
			   "dmesg tells what became of the disk of %.300s: mount -o remount,rw "
			   "when it is sound, and it goes on by itself; else stop the gateway and "
			   "fsck it",
			   path);
}

enum result spool_failed(struct spool *s, enum result r, const struct err *err)
{
	if (r == OK || s->lost != OK)
		return r;
	s->lost = r;
	s->trouble = *err;
	if (s->trouble.code != r)
		err_set(&s->trouble, r, "the spool: %s", result_sentence(r));
	advise(s);
	return r;
}

enum result spool_write_begin(struct spool *s, struct err *err)
{
	if (s->open)
		return OK;
	s->open = true;
	return spool_failed(s, ENGINE(s, begin, err), err);
}

void spool_answer(struct spool *s, struct spool_request *q, enum result r,
		  void (*settle)(struct task *t))
{
	q->result = r;
	q->task.run = settle;
	q->task.next = NULL;
	*s->last = &q->task;
	s->last = &q->task.next;
	s->answered++;
}

void spool_answer_report(struct spool *s, struct spool_request *q, enum result r,
			 void (*settle)(struct task *t))
{
	spool_answer(s, q, r, settle);
	s->reports++;
}

static void recover(struct spool *s)
{
	struct err err = {.code = OK};
	bool was = s->broken;
	s->broken = s->engine->ops->recover(s->engine, &err) != OK;
	if (!s->broken) {
		s->backoff = 0;
		LOG(LOG_WARN, NULL, "spool", "recovered", F_N("last", s->engine->counts.last));
		return;
	}
	if (was) {
		s->trouble = err;
		advise(s);
	}
	s->backoff = s->backoff ? s->backoff * 2 : BACKOFF_FIRST;
	if (s->backoff > BACKOFF_MOST)
		s->backoff = BACKOFF_MOST;
	s->retry_at = now_mono() + s->backoff;
	LOG(LOG_ERROR, NULL, "spool", "broken", F_S("cause", err.text),
	    F_N("retry_ms", s->backoff));
}

/* Everybody in the group fails, the refused too: what refused them may be what is lost now. */
static void group_lost(struct spool *s)
{
	LOG(LOG_ERROR, NULL, "spool", "failed", F_S("cause", s->trouble.text));
	recover(s);
	for (struct task *t = s->answers; t; t = t->next) {
		struct spool_request *q = (struct spool_request *)t;
		q->result = s->lost;
		q->err = s->trouble;
	}
	operator_fail(s, s->lost);
	verify_fail(s, s->lost);
}

static void commit(struct spool *s)
{
	struct err err = {.code = OK};
	enum result r = ENGINE(s, commit, &s->book.counts, &err);
	if (spool_failed(s, r, &err) != OK)
		return;
	s->commits++;
	s->synced += s->added;
	s->busy = true;
}

static struct task *reversed(struct task *t)
{
	struct task *out = NULL;
	for (struct task *next; t; t = next) {
		next = t->next;
		t->next = out;
		out = t;
	}
	return out;
}

/* What a lost group did to memory is taken back last one first: a claim may stand on an unclaiming
 * before it. */
static void settle(struct spool *s)
{
	if (s->lost != OK)
		s->answers = reversed(s->answers);
	for (struct task *t = s->answers; t; t = t->next)
		if (t->run)
			t->run(t);
	if (s->lost != OK)
		s->answers = reversed(s->answers);
}

static void group_end(struct spool *s)
{
	if (s->lost == OK && s->open)
		commit(s);
	if (s->lost != OK)
		group_lost(s);
	settle(s);
	if (s->lost == OK)
		side_remove(s, book_keep(&s->book));
	else
		book_forget(&s->book);
	s->open = false;
	s->added = s->answered = s->reports = 0;
	s->lost = OK;
	struct task *next, *t = s->answers;
	s->answers = NULL;
	s->last = &s->answers;
	for (; t; t = next) {
		next = t->next;
		struct spool_request *q = (struct spool_request *)t;
		spool_reply(q, q->result);
	}
	operator_totals(s);
}

/* A bite of the history that has been kept long enough, in whatever transaction there is. */
static void purge(struct spool *s)
{
	struct err err = {.code = OK};
	uint64_t numbers[PURGE_BITE];
	size_t count = PURGE_BITE;
	if ((!s->purging && now_mono() < s->purge_at) || spool_ready(s, &err) != OK)
		return;
	s->purge_at = now_mono() + PURGE_EVERY;
	int64_t over = jumps_cutoff(&s->jumps, s->o.keep);
	int64_t named = jumps_cutoff(&s->jumps, s->o.keep > NAMED_KEEP ? s->o.keep : NAMED_KEEP);
	enum result r = ENGINE(s, ended, over, named, numbers, &count, &err);
	s->purging = r == OK && count == PURGE_BITE;
	if (r == OK && count)
		r = spool_write_begin(s, &err);
	for (size_t i = 0; r == OK && i < count; i++)
		r = book_drop(&s->book, numbers[i], &err);
	if (r == OK && count)
		r = book_trim(&s->book, count * TRIM_PER_DROP, over, &err);
	spool_failed(s, r, &err);
}

static void upkeep(struct spool *s, bool idle)
{
	struct err err = {.code = OK};
	if (s->broken || s->lost != OK || (idle && !s->busy))
		return;
	if (spool_failed(s, ENGINE(s, upkeep, idle, &err), &err) != OK)
		group_end(s);
	else if (idle)
		s->busy = false;
}

static int patience(const struct spool *s)
{
	int64_t now = now_mono(), until = s->purge_at;
	if (s->scans || s->checks || s->purging || (s->snapshot && !s->broken))
		return 0;
	if (s->busy && until > now + IDLE_AFTER)
		until = now + IDLE_AFTER;
	if (s->broken)
		until = s->retry_at;
	return until > now ? (int)(until - now) : 0;
}

/* Nobody waits for this group: its sync can wait for the next submit, which else would wait for it. */
static bool reports_alone(const struct spool *s)
{
	return s->open && s->lost == OK && s->answered == s->reports && !s->totals && !s->ending &&
	       !s->scans && !s->checks && !s->snapshot;
}

static void wait_for_company(struct spool *s)
{
	int64_t until = now_mono() + s->o.report_wait, now;
	while (reports_alone(s) && (now = now_mono()) < until) {
		bell_wait(&s->bell, (int)(until - now));
		inbox_drain(&s->inbox);
	}
}

static void turn(struct spool *s)
{
	bell_wait(&s->bell, patience(s));
	if (s->broken && now_mono() >= s->retry_at) {
		recover(s);
		if (!s->broken)
			book_forget(&s->book);
	}
	jumps_look(&s->jumps, s->engine->counts.last);
	size_t served = inbox_drain(&s->inbox);
	wait_for_company(s);
	if (s->broken)
		s->purging = false;
	operator_bites(s);
	verify_bites(s);
	purge(s);
	bool idle = !served && !s->open;
	group_end(s);
	snapshot_bite(s);
	upkeep(s, idle);
}

void *spool_thread(void *arg)
{
	struct spool *s = arg;
	while (!s->ending || s->scans || s->checks)
		turn(s);
	snapshot_stop(s);
	upkeep(s, true);
	return NULL;
}
