/*
 * Connections as their users see them: states and ends. See the diagram in conn.h. Input is in conn_input.c, output in
 * conn_output.c. Owns the module's handle until its CLOSED.
 *
 * Users are called from events and from conn_serve_all; a connection is freed in conn_serve_all only, so no callback can
 * take it away from the code that called it.
 */
#include "transport/conn_internal.h"
#include "base/text.h"
#include "transport/error.h"

#include <assert.h>
#include <stdlib.h>

static size_t nobody_data(void *ctx, struct conn *c, const char *bytes, size_t n)
{
	(void)ctx;
	(void)c;
	(void)bytes;
	return n;
}

static void nobody_closed(void *ctx, struct conn *c)
{
	(void)ctx;
	(void)c;
}

const struct conn_ops conn_nobody = {.on_data = nobody_data, .on_closed = nobody_closed};

static void timer_fired(struct timer *t);

struct conn *conn_new(struct stack *s, const struct conn_ops *ops, void *ctx)
{
	struct conn *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	c->stack = s;
	c->ops = ops;
	c->ctx = ctx;
	c->timer.fire = timer_fired;
	buf_init(&c->fill, 0);
	buf_init(&c->lent, 0);
	c->next = s->conns;
	c->link = &s->conns;
	if (c->next)
		c->next->link = &c->next;
	s->conns = c;
	return c;
}

static void conn_free(struct conn *c)
{
	timers_clear(&c->stack->timers, &c->timer);
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	buf_free(&c->fill);
	buf_free(&c->lent);
	free(c->pieces);
	free(c);
}

void conn_due(struct conn *c)
{
	struct stack *s = c->stack;
	if (c->queued)
		return;
	c->queued = true;
	c->next_work = NULL;
	*s->work_last = c;
	s->work_last = &c->next_work;
}

/* ---- beginnings ---- */

enum sgt_result conn_connect(struct conn **out, struct stack *s, const char *address,
			     const char *source, const struct conn_ops *ops, void *ctx,
			     struct sgt_error *error)
{
	struct sgt_error why = {0};
	enum sgt_result r = SGT_STATE;
	struct conn *c = NULL;
	if (!s->up)
		r = transport_error_set(&why, SGT_STATE, "%s is not up", stack_name(s));
	else if (!(c = conn_new(s, ops, ctx)))
		r = transport_error_set(&why, SGT_NOMEM, NULL);
	else
		r = transport_error_mend(
			&why, s->module->connect(s->sgt, address, source, c, &c->sgt, &why));
	if (r == SGT_OK) {
		text_copy(c->peer, sizeof c->peer, address);
		*out = c;
	} else if (c) {
		conn_free(c);
	}
	if (error)
		*error = why;
	return r;
}

void conn_accepted(struct conn *c, const struct sgt_event *event)
{
	c->sgt = event->conn;
	c->state = CONN_OPEN;
	text_copy(c->peer, sizeof c->peer, event->peer);
	text_copy(c->local, sizeof c->local, event->local);
}

void conn_take(struct conn *c, const struct conn_ops *ops, void *ctx)
{
	c->ops = ops;
	c->ctx = ctx;
	if (c->piece_count || c->eof)
		conn_resume(c);
}

bool conn_is_taken(const struct conn *c)
{
	return c->ops != &conn_nobody;
}

static void connected(struct conn *c, const struct sgt_event *event)
{
	if (c->state != CONN_OPENING)
		return;
	c->state = CONN_OPEN;
	text_copy(c->peer, sizeof c->peer, event->peer);
	text_copy(c->local, sizeof c->local, event->local);
	conn_due(c);
	if (c->ops->on_connected)
		c->ops->on_connected(c->ctx, c);
}

/* ---- ends ---- */

/* Gives the module's handle back; CLOSED follows, or has nothing to follow where the stack is lost. */
void conn_release(struct conn *c, bool orderly)
{
	timers_clear(&c->stack->timers, &c->timer);
	if (!c->stack->up || !c->sgt) {
		c->state = CONN_GONE;
		conn_due(c);
		return;
	}
	c->state = CONN_CLOSING;
	if (orderly)
		c->stack->module->close(c->sgt);
	else
		c->stack->module->abort(c->sgt);
}

void conn_fail(struct conn *c, const struct sgt_error *error)
{
	switch (c->state) {
	case CONN_OPENING:
	case CONN_OPEN:
		c->state = CONN_FAILED;
		timers_clear(&c->stack->timers, &c->timer);
		if (c->ops->on_error)
			c->ops->on_error(c->ctx, c, error);
		else
			conn_abort(c);
		break;
	case CONN_FLUSHING:
	case CONN_LINGERING:
		conn_release(c, false);
		break;
	default:
		break;
	}
}

/* A fault of ours: told from the work queue, so never from inside the call that met it. */
void conn_break(struct conn *c, enum sgt_result why)
{
	if (c->broken == SGT_OK)
		c->broken = why;
	conn_due(c);
}

/* For CONN_FLUSH_MS or CONN_LINGER_MS; without memory for a timer there is no patience. */
bool conn_set_end(struct conn *c, int64_t ms)
{
	int64_t due = clock_mono(c->stack->clock) + ms;
	if (timers_set(&c->stack->timers, &c->timer, due) == OK)
		return true;
	conn_release(c, false);
	return false;
}

void conn_close(struct conn *c)
{
	switch (c->state) {
	case CONN_OPENING:
	case CONN_FAILED:
		conn_release(c, true);
		break;
	case CONN_OPEN:
		c->state = CONN_FLUSHING;
		if (!conn_set_end(c, CONN_FLUSH_MS))
			break;
		conn_drop_input(c);
		conn_due(c);
		break;
	default:
		break;
	}
}

void conn_abort(struct conn *c)
{
	if (c->state != CONN_CLOSING && c->state != CONN_GONE)
		conn_release(c, false);
}

static void timer_fired(struct timer *t)
{
	struct conn *c = (struct conn *)((char *)t - offsetof(struct conn, timer));
	if (c->state == CONN_FLUSHING)
		conn_release(c, false);
	else if (c->state == CONN_LINGERING)
		conn_release(c, true);
	else if (c->ops->on_timeout)
		c->ops->on_timeout(c->ctx, c);
}

void conn_set_timeout(struct conn *c, int64_t ms)
{
	if (c->state != CONN_OPENING && c->state != CONN_OPEN)
		return;
	if (!ms)
		timers_clear(&c->stack->timers, &c->timer);
	else if (timers_set(&c->stack->timers, &c->timer, clock_mono(c->stack->clock) + ms) != OK)
		conn_break(c, SGT_NOMEM);
}

/* ---- events and work ---- */

void conn_event(struct conn *c, const struct sgt_event *event)
{
	switch (event->type) {
	case SGT_EV_CONNECTED:
		connected(c, event);
		break;
	case SGT_EV_DATA:
		conn_data(c, event->data, event->len);
		break;
	case SGT_EV_SENT:
		conn_sent(c);
		break;
	case SGT_EV_PEER_EOF:
		conn_eof(c);
		break;
	case SGT_EV_ERROR:
		conn_fail(c, event->error);
		break;
	case SGT_EV_CLOSED:
		assert(c->state == CONN_CLOSING);
		c->sgt = NULL;
		c->state = CONN_GONE;
		conn_due(c);
		break;
	default:
		break;
	}
}

static void serve(struct conn *c)
{
	struct sgt_error error;
	if (c->state == CONN_GONE) {
		c->ops->on_closed(c->ctx, c);
		conn_free(c);
		return;
	}
	if (c->broken != SGT_OK && c->state != CONN_FAILED) {
		transport_error_set(&error, c->broken, NULL);
		conn_fail(c, &error);
	}
	conn_offer(c);
	conn_flush(c);
}

void conn_serve_all(struct stack *s)
{
	struct conn *c = s->work, *next;
	s->work = NULL;
	s->work_last = &s->work;
	for (; c; c = next) {
		next = c->next_work;
		c->queued = false;
		serve(c);
	}
}

void conn_lose_all(struct stack *s, const struct sgt_error *why)
{
	for (struct conn *c = s->conns; c; c = c->next) {
		c->sgt = NULL;
		c->piece_count = 0; /* what was lent is not ours any more */
		if (c->state == CONN_CLOSING)
			conn_release(c, false);
		else
			conn_fail(c, why);
	}
}

void conn_end_all(struct stack *s)
{
	for (struct conn *c = s->conns; c; c = c->next)
		conn_abort(c);
	while (s->work)
		conn_serve_all(s);
}

/* ---- what they are ---- */

const char *conn_peer(const struct conn *c)
{
	return c->peer;
}

const char *conn_local(const struct conn *c)
{
	return c->local;
}

struct stack *conn_stack(const struct conn *c)
{
	return c->stack;
}

bool conn_is_open(const struct conn *c)
{
	return c->state == CONN_OPEN;
}
