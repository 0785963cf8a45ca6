/* What is due, and messages as the router gets them: see spool.h. Owns the due request's array
 * until it is answered. */
#include "spool/thread.h"

#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_AGAIN 1000 /* ms: a body that could not be opened for want of descriptors */

static void message_take(struct message *m, const struct spool_entry *e)
{
	message_number(m, e->number);
	m->m.envelope = e->envelope;
	m->m.rcpts = e->rcpts;
	m->m.rcpt_count = e->rcpt_count;
	m->m.size = e->size;
	memcpy(m->m.hash, e->hash, sizeof m->m.hash);
}

static enum result message_open(struct spool *s, struct message *m, struct engine_body *body,
				struct err *err)
{
	m->content = body->data;
	m->m.data = body->data;
	m->m.fd = body->fd;
	memcpy(m->file, body->file, sizeof m->file);
	if (body->data || body->fd >= 0)
		return OK;
	m->m.fd = body_read(&s->bodies, body->file);
	if (m->m.fd >= 0)
		return OK;
	if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
		return err_set(err, E_LIMIT, "%s: %s", body->file, strerror(errno));
	return err_set(err, E_CORRUPT, "its body file %s cannot be opened: %s", body->file,
		       strerror(errno));
}

enum result claim_load(struct spool *s, uint64_t number, struct spool_message **out,
		       struct err *err)
{
	struct engine_body body;
	struct spool_entry entry;
	struct message *m = message_new();
	if (!m)
		return E_NOMEM;
	struct spool_message *gone = &m->m;
	enum result r = ENGINE(s, load, number, false, m->m.region, &entry, err);
	if (r == OK) {
		message_take(m, &entry);
		r = ENGINE(s, body, number, &body, err);
	}
	if (r == E_NOTFOUND)
		r = err_set(err, E_CORRUPT, "its content is not in the spool");
	else if (r == OK)
		r = message_open(s, m, &body, err);
	if (r == OK) {
		message_charge(m);
		*out = &m->m;
	} else {
		spool_message_unref(&gone);
	}
	return r;
}

enum result claim_set_aside(struct spool *s, uint64_t number, const char *reason, struct err *err)
{
	char id[SPOOL_ID_MAX];
	bool changed;
	struct spool_act act = {.action = SPOOL_HOLD, .reason = reason};
	enum result r = spool_write_begin(s, err);
	if (r == OK)
		r = book_act(&s->book, number, NULL, &act, &changed, err);
	spool_id_format(number, id);
	LOG(LOG_ERROR, id, "message", "set-aside", F_S("reason", reason));
	return spool_failed(s, r, err);
}

struct visit {
	struct spool *s;
	struct spool_due *q;
	uint64_t *numbers;
	size_t count, cap;
	bool short_of;
};

static bool visit_push(struct visit *v, uint64_t number)
{
	if (v->count == v->cap) {
		size_t cap = v->cap * 2 + 16;
		uint64_t *more = realloc(v->numbers, cap * sizeof *more);
		if (!more)
			return false;
		v->numbers = more;
		v->cap = cap;
	}
	v->numbers[v->count++] = number;
	return true;
}

static enum engine_verdict visit(void *ctx, uint64_t number, int64_t next_at)
{
	struct visit *v = ctx;
	if (book_claimed(&v->s->book, number))
		return ENGINE_SKIP;
	if (next_at > v->q->now || v->count == v->q->limit) {
		if (next_at < v->q->next)
			v->q->next = next_at;
		return ENGINE_STOP;
	}
	v->short_of |= !visit_push(v, number);
	return v->short_of ? ENGINE_STOP : ENGINE_TAKE;
}

/* All that are visited are to be taken. */
static enum engine_verdict visit_far(void *ctx, uint64_t number, int64_t next_at)
{
	struct visit *v = ctx;
	(void)next_at;
	if (book_claimed(&v->s->book, number))
		return ENGINE_SKIP;
	if (v->count == v->q->limit)
		return ENGINE_STOP;
	v->short_of |= !visit_push(v, number);
	return v->short_of ? ENGINE_STOP : ENGINE_TAKE;
}

/* One message more for the request. A message that is not whole is set aside; it never stops the
 * others. */
static enum result take(struct spool *s, struct spool_due *q, uint64_t number, struct err *err)
{
	struct spool_message **to = &q->messages[q->count];
	enum result r = claim_load(s, number, to, err);
	if (r == E_CORRUPT && !s->broken) {
		char reason[ERR_TEXT_MAX];
		memcpy(reason, err->text, sizeof reason);
		return claim_set_aside(s, number, reason, err);
	}
	if (r == E_LIMIT) {
		if (q->next > q->now + OPEN_AGAIN)
			q->next = q->now + OPEN_AGAIN;
		return OK;
	}
	if (r == OK) {
		q->count++;
		r = book_claim(&s->book, number);
	}
	return spool_failed(s, r, err);
}

static enum result due(struct spool *s, struct spool_due *q, struct err *err)
{
	struct visit v = {.s = s, .q = q};
	enum result r = ENGINE(s, due, visit, &v, err);
	if (r == OK && q->beyond)
		r = ENGINE(s, far, q->beyond, visit_far, &v, err);
	if (r == OK && v.count)
		q->messages = calloc(v.count, sizeof *q->messages);
	if (r == OK && (v.short_of || (v.count && !q->messages)))
		r = E_NOMEM;
	spool_failed(s, r, err);
	for (size_t i = 0, bytes = 0; r == OK && i < v.count; i++) {
		size_t had = q->count;
		if (q->bytes && bytes >= q->bytes) { /* the rest at the next look */
			q->next = q->now;
			break;
		}
		r = take(s, q, v.numbers[i], err);
		if (q->count > had)
			bytes += message_of(q->messages[had])->charged;
	}
	free(v.numbers);
	return r;
}

static void settle_due(struct task *t)
{
	struct spool_due *q = (struct spool_due *)t;
	if (q->q.result == OK)
		return;
	for (size_t i = 0; i < q->count; i++) {
		book_unclaim(&q->q.spool->book, q->messages[i]->number);
		spool_message_unref(&q->messages[i]);
	}
	free(q->messages);
	q->messages = NULL;
	q->count = 0;
}

static void serve_due(struct task *t)
{
	struct spool_due *q = (struct spool_due *)t;
	struct spool *s = q->q.spool;
	enum result r = spool_ready(s, &q->q.err);
	if (r == OK)
		r = due(s, q, &q->q.err);
	spool_answer(s, &q->q, r, settle_due);
}

void spool_due(struct spool *s, struct spool_due *q)
{
	q->messages = NULL;
	q->count = 0;
	q->next = INT64_MAX;
	spool_post(s, &q->q, serve_due);
}
