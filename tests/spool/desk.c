/* See desk.h. Aborts where a test cannot go on. */
#include "spool/desk.h"

#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct desk *desk_of(struct spool_request *q)
{
	return (struct desk *)q->answer_to; /* the inbox is its first member */
}

void desk_open(struct desk *d, struct spool *s)
{
	memset(d, 0, sizeof *d);
	bell_init(&d->bell);
	inbox_init(&d->inbox, bell_ring, &d->bell);
	d->spool = s;
	d->region = region_new(0);
	mail_envelope_init(&d->envelope, d->region);
	d->envelope.reverse_path = "from@example.com";
	d->envelope.session = "s1-1";
	d->envelope.client = "192.0.2.1";
	d->envelope.arrived = clock_wall(clock_system());
	d->envelope.asks = "RET=HDRS";
	if (mail_envelope_add_asking(&d->envelope, "to@example.net", "NOTIFY=NEVER") != OK)
		abort();
}

void desk_close(struct desk *d)
{
	inbox_free(&d->inbox);
	bell_free(&d->bell);
	region_destroy(&d->region);
}

void desk_done(struct spool_request *q)
{
	desk_of(q)->answered++;
}

void desk_wait(struct desk *d, size_t n)
{
	while (d->answered < n)
		if (!inbox_drain(&d->inbox))
			bell_wait(&d->bell, -1);
}

static void prepare(struct desk *d, struct spool_request *q)
{
	memset(q, 0, sizeof *q);
	q->answer_to = &d->inbox;
	q->done = desk_done;
}

static enum result answer(struct desk *d, struct spool_request *q)
{
	desk_wait(d, d->answered + 1);
	d->err = q->err;
	return q->result;
}

struct spool_draft *desk_draft(struct desk *d, const void *data, size_t n, struct err *err)
{
	struct spool_draft *draft;
	if (spool_draft_new(d->spool, &draft, err) != OK)
		abort();
	const char *at = data;
	for (size_t piece; n; n -= piece, at += piece) {
		piece = n < 65536 ? n : 65536;
		if (spool_draft_write(draft, at, piece) != OK)
			break;
	}
	return draft;
}

enum result desk_submit(struct desk *d, const void *data, size_t n, const char *hold,
			struct spool_message **m)
{
	struct err err;
	struct spool_submit q;
	prepare(d, &q.q);
	q.draft = desk_draft(d, data, n, &err);
	q.envelope = &d->envelope;
	q.hold = hold;
	spool_submit(d->spool, &q);
	enum result r = answer(d, &q.q);
	*m = q.message;
	return r;
}

enum result desk_update(struct desk *d, struct spool_update *q)
{
	prepare(d, &q->q);
	spool_update(d->spool, q);
	return answer(d, &q->q);
}

enum result desk_report(struct desk *d, uint64_t number, size_t rcpt, enum spool_state state,
			int64_t next_at, const char *reason)
{
	struct spool_change c = {.number = number,
				 .rcpt = rcpt,
				 .state = state,
				 .next_at = next_at,
				 .attempted = true,
				 .rule = "default",
				 .peer = "mx1.example.net [192.0.2.9]",
				 .status = state == SPOOL_DELIVERED ? "2.0.0" : "4.4.1",
				 .reason = reason};
	struct spool_update q = {
		.changes = &c, .change_count = 1, .unclaim = &number, .unclaim_count = 1};
	return desk_update(d, &q);
}

enum result desk_due(struct desk *d, int64_t now, size_t limit, struct spool_due *q)
{
	q->now = now;
	q->beyond = 0;
	q->bytes = 0;
	q->limit = limit;
	return desk_due_q(d, q);
}

enum result desk_due_q(struct desk *d, struct spool_due *q)
{
	prepare(d, &q->q);
	spool_due(d->spool, q);
	return answer(d, &q->q);
}

enum result desk_list(struct desk *d, struct spool_list *q)
{
	prepare(d, &q->q);
	spool_list(d->spool, q);
	return answer(d, &q->q);
}

enum result desk_act(struct desk *d, enum spool_action action, const struct spool_filter *f,
		     int64_t now, size_t *matched)
{
	struct spool_act q = {
		.action = action, .filter = *f, .reason = "by the operator", .now = now};
	prepare(d, &q.q);
	spool_act(d->spool, &q);
	enum result r = answer(d, &q.q);
	if (matched)
		*matched = q.matched;
	return r;
}

enum result desk_totals(struct desk *d, struct spool_totals *t)
{
	prepare(d, &t->q);
	spool_totals(d->spool, t);
	return answer(d, &t->q);
}

enum result desk_verify(struct desk *d, struct spool_verify *q)
{
	prepare(d, &q->q);
	spool_verify(d->spool, q);
	return answer(d, &q->q);
}

static void open_or_abort(struct stage *st, struct spool **s)
{
	struct err err;
	if (spool_open(s, &st->o, &err) == OK)
		return;
	fprintf(stderr, "%s\n", err.text);
	abort();
}

static int64_t read_mono(void *ctx)
{
	return __atomic_load_n(&((struct stage *)ctx)->mono, __ATOMIC_SEQ_CST);
}

static int64_t read_wall(void *ctx)
{
	return read_mono(ctx) + __atomic_load_n(&((struct stage *)ctx)->skip, __ATOMIC_SEQ_CST);
}

static uint64_t read_random(void *ctx)
{
	(void)ctx;
	return clock_random(clock_system());
}

void stage_clock(struct stage *st)
{
	st->mono = STAGE_NOW;
	st->skip = 0;
	st->clock = (struct clock){read_mono, read_wall, read_random, st};
}

void stage_advance(struct stage *st, int64_t ms)
{
	__atomic_add_fetch(&st->mono, ms, __ATOMIC_SEQ_CST);
}

void stage_jump(struct stage *st, int64_t ms)
{
	__atomic_add_fetch(&st->skip, ms, __ATOMIC_SEQ_CST);
}

void stage_open(struct stage *st, enum spool_engine engine)
{
	struct spool *s;
	stage_clock(st);
	st->o = (struct spool_options){.engine = engine,
				       .path = suite_scratch(),
				       .keep = 1000000,
				       .version = "test",
				       .clock = &st->clock};
	open_or_abort(st, &s);
	desk_open(&st->desk, s);
	st->desk.envelope.arrived = STAGE_NOW;
}

void stage_reopen(struct stage *st)
{
	spool_close(&st->desk.spool);
	open_or_abort(st, &st->desk.spool);
}

void stage_close(struct stage *st)
{
	spool_close(&st->desk.spool);
	desk_close(&st->desk);
	suite_scratch_remove();
}

uint64_t stage_message(struct stage *st)
{
	struct spool_message *m;
	if (desk_submit(&st->desk, "Subject: x\r\n\r\nx\r\n", 17, NULL, &m) != OK)
		abort();
	uint64_t number = m->number;
	struct spool_update q = {.unclaim = &number, .unclaim_count = 1};
	spool_message_unref(&m);
	if (desk_update(&st->desk, &q) != OK)
		abort();
	return number;
}

void stage_list(struct stage *st, struct spool_list *l)
{
	*l = (struct spool_list){.attempts = true, .limit = SIZE_MAX, .filter.ended = true};
	if (desk_list(&st->desk, l) != OK)
		abort();
}

enum spool_state stage_state(struct stage *st, uint64_t number, size_t rcpt)
{
	struct spool_list l = {.limit = 1, .filter.ended = true, .after = number - 1};
	if (desk_list(&st->desk, &l) != OK || l.count != 1)
		abort();
	enum spool_state state = l.entries[0].rcpts[rcpt].state;
	region_destroy(&l.region);
	return state;
}

static bool chain_closes(struct stage *st)
{
	struct spool_verify q = {.known = 0};
	if (desk_verify(&st->desk, &q) != OK)
		abort();
	if (q.faults)
		fprintf(stderr, "%zu faults: %s\n", q.faults, q.texts[0]);
	region_destroy(&q.region);
	return !q.faults;
}

bool stage_sums(struct stage *st)
{
	struct spool_list l;
	struct spool_totals t;
	uint64_t accepted = 0, states[SPOOL_STATE_COUNT] = {0}, waiting = 0, held = 0, bytes = 0;
	int64_t oldest = 0;
	stage_list(st, &l);
	for (size_t i = 0; i < l.count; i++) {
		const struct spool_entry *e = &l.entries[i];
		size_t w = 0, h = 0;
		for (size_t k = 0; k < e->rcpt_count; k++) {
			states[e->rcpts[k].state]++;
			w += e->rcpts[k].state == SPOOL_WAITING;
			h += e->rcpts[k].state == SPOOL_HELD;
		}
		accepted += e->rcpt_count;
		waiting += w != 0;
		held += !w && h;
		bytes += w || h ? e->size : 0;
		if (w && !oldest)
			oldest = e->envelope.arrived;
	}
	region_destroy(&l.region);
	return desk_totals(&st->desk, &t) == OK && t.accepted == accepted &&
	       memcmp(t.states, states, sizeof states) == 0 && t.messages_waiting == waiting &&
	       t.messages_held == held && t.bytes == bytes && t.oldest == oldest && !t.broken &&
	       chain_closes(st);
}
