/* Input of a connection: offered as it comes, kept lent where its user is not ready. See conn.h. */
#include "transport/conn_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void consume(struct conn *c, size_t n)
{
	if (n && c->stack->up && c->sgt)
		c->stack->module->consume(c->sgt, n);
}

/* Room for one piece more: the free places at the front first. Bounded by the module's lend_max bytes. */
static bool piece_room(struct conn *c)
{
	if (c->piece_at + c->piece_count < c->piece_cap)
		return true;
	if (c->piece_at) {
		memmove(c->pieces, c->pieces + c->piece_at, c->piece_count * sizeof *c->pieces);
		c->piece_at = 0;
		return true;
	}
	size_t cap = c->piece_cap ? c->piece_cap * 2 : 4;
	struct conn_piece *more = realloc(c->pieces, cap * sizeof *more);
	if (!more)
		return false;
	c->pieces = more;
	c->piece_cap = cap;
	return true;
}

/* Keeps what is lent; pieces that lie side by side become one. */
static bool piece_add(struct conn *c, const char *bytes, size_t n)
{
	struct conn_piece *last = NULL;
	if (c->piece_count)
		last = &c->pieces[c->piece_at + c->piece_count - 1];
	if (last && last->bytes + last->n == bytes) {
		last->n += n;
		return true;
	}
	if (!c->piece_count)
		c->piece_at = 0;
	if (!piece_room(c))
		return false;
	c->pieces[c->piece_at + c->piece_count++] = (struct conn_piece){bytes, n};
	return true;
}

/* Offers these bytes; returns how many are done with. When the user closed meanwhile, all are. */
static size_t offer(struct conn *c, const char *bytes, size_t n)
{
	c->offering = true;
	c->resumed = false;
	size_t used = c->ops->on_data(c->ctx, c, bytes, n);
	c->offering = false;
	assert(used <= n);
	if (c->state != CONN_OPEN)
		return n;
	c->blocked = used < n;
	if (c->blocked && c->resumed)
		conn_due(c);
	return used;
}

static void tell_eof(struct conn *c)
{
	if (c->state != CONN_OPEN || !c->eof || c->eof_told || c->piece_count)
		return;
	c->eof_told = true;
	if (c->ops->on_eof)
		c->ops->on_eof(c->ctx, c);
}

void conn_data(struct conn *c, const char *bytes, size_t n)
{
	if (c->state == CONN_FLUSHING || c->state == CONN_LINGERING) {
		consume(c, n);
		return;
	}
	if (c->state != CONN_OPEN)
		return;
	size_t used = 0;
	if (!c->blocked && !c->piece_count) {
		used = offer(c, bytes, n);
		if (c->state == CONN_OPEN || c->state == CONN_FLUSHING)
			consume(c, used);
	}
	if (used < n && !piece_add(c, bytes + used, n - used))
		conn_break(c, SGT_NOMEM);
}

void conn_offer(struct conn *c)
{
	if (c->resumed) {
		c->resumed = false;
		c->blocked = false;
	}
	while (c->state == CONN_OPEN && c->piece_count && !c->blocked) {
		struct conn_piece *p = &c->pieces[c->piece_at];
		size_t used = offer(c, p->bytes, p->n);
		if (c->state != CONN_OPEN)
			return; /* conn_close gave all input back */
		p->bytes += used;
		p->n -= used;
		if (!p->n) {
			c->piece_at++;
			c->piece_count--;
		}
		consume(c, used);
	}
	tell_eof(c);
}

void conn_eof(struct conn *c)
{
	c->eof = true;
	if (c->state == CONN_LINGERING)
		conn_release(c, true);
	else
		tell_eof(c);
}

void conn_resume(struct conn *c)
{
	c->resumed = true;
	if (!c->offering)
		conn_due(c);
}

void conn_drop_input(struct conn *c)
{
	size_t n = 0;
	for (size_t i = 0; i < c->piece_count; i++)
		n += c->pieces[c->piece_at + i].n;
	c->piece_count = 0;
	consume(c, n);
}
