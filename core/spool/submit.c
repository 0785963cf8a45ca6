/*
 * Submit and update: see spool.h. Messages are made in the requester's thread, given a number in
 * the spool thread. Owns a request's messages until it is answered.
 */
#include "spool/thread.h"

#include <stdlib.h>

/* ---- submit ---- */

static struct spool_submit *submit_of(struct task *t)
{
	return (struct spool_submit *)t;
}

static void settle_submit(struct task *t)
{
	struct spool_submit *q = submit_of(t);
	if (q->q.result == OK || !q->message)
		return;
	if (q->message->number)
		book_unclaim(&q->q.spool->book, q->message->number);
	side_discard(q->q.spool, message_of(q->message));
	spool_message_unref(&q->message);
}

static enum result submit_check(struct spool *s, const struct spool_submit *q, struct err *err)
{
	const char *session = q->message->envelope.session;
	bool taken = false;
	if (!spool_maildrop_named(session))
		return OK;
	enum result r = ENGINE(s, taken, session, &taken, err);
	if (r == OK && taken)
		return err_set(err, E_EXISTS, "the maildrop file %s was taken before", session);
	return spool_failed(s, r, err);
}

static void serve_submit(struct task *t)
{
	struct spool_submit *q = submit_of(t);
	struct spool *s = q->q.spool;
	struct err *err = &q->q.err;
	enum result r = q->q.result; /* of putting its file in place */
	if (r == OK)
		r = spool_ready(s, err);
	if (r == OK)
		r = submit_check(s, q, err);
	if (r == OK)
		r = spool_write_begin(s, err);
	if (r == OK)
		r = spool_failed(s, book_add(&s->book, message_of(q->message), true, err), err);
	if (r == OK)
		s->added++;
	spool_answer(s, &q->q, r, settle_submit);
}

/* Goes on by way of the side thread when one of the messages is a file. */
static enum result send_on(struct spool *s, struct spool_request *q, void (*serve)(struct task *t),
			   struct message **messages, size_t count)
{
	bool files = false;
	for (size_t i = 0; i < count; i++)
		files |= messages[i]->file[0] != '\0';
	if (!files) {
		spool_post(s, q, serve);
		return OK;
	}
	struct side_work *w = calloc(1, sizeof *w + count * sizeof *w->messages);
	if (!w)
		return E_NOMEM;
	q->spool = s;
	q->task.run = serve;
	w->request = q;
	w->messages = (struct message **)(w + 1);
	w->count = count;
	for (size_t i = 0; i < count; i++)
		w->messages[i] = messages[i];
	side_post(s, w);
	return OK;
}

static enum result make_message(struct spool *s, struct spool_draft **d,
				const struct mail_envelope *envelope, const char *hold,
				struct message **m, struct err *err)
{
	enum result r = draft_finish(d, m, err);
	if (r == OK)
		r = message_address(*m, envelope, hold, clock_wall(s->o.clock));
	if (r == OK)
		message_charge(*m);
	if (r == OK && !(*m)->m.rcpt_count)
		r = err_set(err, E_RANGE, "a message needs a recipient");
	return r;
}

void spool_submit(struct spool *s, struct spool_submit *q)
{
	struct message *m = NULL;
	q->message = NULL;
	q->q.err = (struct err){.code = OK};
	enum result r = make_message(s, &q->draft, q->envelope, q->hold, &m, &q->q.err);
	if (m)
		q->message = &m->m;
	if (r == OK)
		r = send_on(s, &q->q, serve_submit, &m, 1);
	if (r == OK)
		return;
	q->q.spool = s;
	q->q.result = r;
	settle_submit(&q->q.task);
	spool_reply(&q->q, r);
}

/* ---- update ---- */

static struct spool_update *update_of(struct task *t)
{
	return (struct spool_update *)t;
}

/* The messages it caused are not claimed: nobody but the engine has them from here on. */
static void settle_update(struct task *t)
{
	struct spool_update *q = update_of(t);
	struct spool *s = q->q.spool;
	for (size_t i = 0; i < q->new_count; i++) {
		if (q->news[i].message && q->q.result != OK)
			side_discard(s, message_of(q->news[i].message));
		spool_message_unref(&q->news[i].message);
	}
}

/* Who could not be unclaimed is the router's again. What was never unclaimed is claimed already. */
static void settle_served_update(struct task *t)
{
	struct spool_update *q = update_of(t);
	for (size_t i = 0; q->q.result != OK && i < q->unclaim_count; i++)
		if (lives_find(&q->q.spool->book.lives, q->unclaim[i]))
			book_claim(&q->q.spool->book, q->unclaim[i]);
	settle_update(t);
}

/* Refuses before anything is written; a failure of the engine is more than a refusal. */
static enum result update_check(struct spool *s, const struct spool_update *q, struct err *err)
{
	enum result r = OK;
	book_next(&s->book);
	for (size_t i = 0; r == OK && i < q->change_count; i++)
		r = book_check(&s->book, &q->changes[i], err);
	if (r == E_NOTFOUND || r == E_RANGE || r == E_STATE)
		return r;
	return spool_failed(s, r, err);
}

static enum result update_write(struct spool *s, struct spool_update *q, struct err *err)
{
	enum result r = spool_write_begin(s, err);
	for (size_t i = 0; r == OK && i < q->change_count; i++)
		r = book_apply(&s->book, &q->changes[i], err);
	for (size_t i = 0; r == OK && i < q->change_count; i++)
		r = book_settle(&s->book, q->changes[i].number, err);
	for (size_t i = 0; r == OK && i < q->new_count; i++) {
		r = book_add(&s->book, message_of(q->news[i].message), false, err);
		q->news[i].number = q->news[i].message->number;
		s->added++;
	}
	return spool_failed(s, r, err);
}

static void serve_update(struct task *t)
{
	struct spool_update *q = update_of(t);
	struct spool *s = q->q.spool;
	struct err *err = &q->q.err;
	enum result r = q->q.result;
	if (r == OK)
		r = spool_ready(s, err);
	if (r == OK)
		r = update_check(s, q, err);
	if (r == OK && (q->change_count || q->new_count))
		r = update_write(s, q, err);
	for (size_t i = 0; r == OK && i < q->unclaim_count; i++)
		book_unclaim(&s->book, q->unclaim[i]);
	spool_answer_report(s, &q->q, r, r == OK ? settle_served_update : settle_update);
}

static enum result make_new(struct spool *s, struct spool_new *n, struct err *err)
{
	struct spool_draft *d;
	struct message *m = NULL;
	enum result r = draft_new(&s->drafts, &d, err);
	if (r != OK)
		return r;
	spool_draft_write(d, n->data, n->size); /* draft_finish answers a failure */
	r = make_message(s, &d, n->envelope, NULL, &m, err);
	if (m)
		n->message = &m->m;
	return r;
}

static enum result update_send(struct spool *s, struct spool_update *q)
{
	if (!q->new_count) {
		spool_post(s, &q->q, serve_update);
		return OK;
	}
	struct message **messages = calloc(q->new_count, sizeof *messages);
	if (!messages)
		return E_NOMEM;
	enum result r = OK;
	for (size_t i = 0; r == OK && i < q->new_count; i++) {
		r = make_new(s, &q->news[i], &q->q.err);
		if (r == OK)
			messages[i] = message_of(q->news[i].message);
	}
	if (r == OK)
		r = send_on(s, &q->q, serve_update, messages, q->new_count);
	free(messages);
	return r;
}

void spool_update(struct spool *s, struct spool_update *q)
{
	q->q.err = (struct err){.code = OK};
	for (size_t i = 0; i < q->new_count; i++) {
		q->news[i].message = NULL;
		q->news[i].number = 0;
	}
	enum result r = update_send(s, q);
	if (r == OK)
		return;
	q->q.spool = s;
	q->q.result = r;
	settle_update(&q->q.task);
	spool_reply(&q->q, r);
}
