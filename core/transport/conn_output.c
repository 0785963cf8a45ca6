/*
 * Output of a connection: two buffers, one being filled while the other is with the module. They are swapped, never
 * copied, and keep a little memory between uses so that a reply costs no allocation. See conn.h.
 */
#include "transport/conn_internal.h"

#include <assert.h>

#define KEEP_BYTES 32768 /* an empty buffer larger than that is freed */

size_t conn_output_pending(const struct conn *c)
{
	return c->fill.len + (c->sending ? c->lent.len : 0);
}

size_t conn_output_held(const struct conn *c)
{
	return c->fill.len;
}

void conn_limit_output(struct conn *c, size_t max)
{
	c->limit = max;
}

static enum result may_write(const struct conn *c, size_t n)
{
	if ((c->state != CONN_OPEN && c->state != CONN_OPENING) || c->shut)
		return E_STATE;
	size_t pending = conn_output_pending(c);
	if (c->limit && (n > c->limit || pending > c->limit - n))
		return E_LIMIT;
	return OK;
}

enum result conn_write(struct conn *c, const void *bytes, size_t n)
{
	enum result r = may_write(c, n);
	if (r != OK || !n)
		return r;
	r = buf_append(&c->fill, bytes, n);
	if (r == OK)
		conn_due(c);
	return r;
}

enum result conn_write_buf(struct conn *c, struct buf *b)
{
	if (c->fill.len || !b->len) {
		enum result r = conn_write(c, buf_head(b), b->len);
		if (r == OK)
			buf_clear(b);
		return r;
	}
	enum result r = may_write(c, b->len);
	if (r != OK)
		return r;
	struct buf empty = c->fill;
	c->fill = *b;
	c->fill.max = 0;
	empty.max = b->max;
	*b = empty;
	conn_due(c);
	return OK;
}

static void trim(struct buf *b)
{
	buf_clear(b);
	if (b->cap > KEEP_BYTES)
		buf_free(b);
}

static void send_filled(struct conn *c)
{
	struct buf empty = c->lent;
	c->lent = c->fill;
	c->fill = empty;
	c->sending = true;
	struct sgt_bytes piece = {buf_head(&c->lent), c->lent.len};
	enum sgt_result r = c->stack->module->send(c->sgt, &piece, 1);
	if (r == SGT_OK)
		return;
	c->sending = false;
	trim(&c->lent);
	conn_break(c, r);
}

static void send_end(struct conn *c)
{
	if (c->fin)
		return;
	c->fin = true;
	enum sgt_result r = c->stack->module->shutdown(c->sgt);
	if (r != SGT_OK)
		conn_break(c, r);
}

void conn_sent(struct conn *c)
{
	assert(c->sending);
	c->sending = false;
	trim(&c->lent);
	if (c->fill.len || c->shut || c->state == CONN_FLUSHING)
		conn_due(c);
	if (c->state == CONN_OPEN && c->ops->on_sent)
		c->ops->on_sent(c->ctx, c);
}

/* Sends what can be sent; goes on with the end where one is wanted. */
void conn_flush(struct conn *c)
{
	if ((c->state != CONN_OPEN && c->state != CONN_FLUSHING) || c->sending || !c->stack->up)
		return;
	if (c->fill.len) {
		send_filled(c);
		return;
	}
	if (!c->shut && c->state == CONN_OPEN)
		return;
	if (c->state == CONN_FLUSHING && c->eof) {
		conn_release(c, true);
		return;
	}
	send_end(c);
	if (c->state == CONN_FLUSHING) {
		c->state = CONN_LINGERING;
		conn_set_end(c, CONN_LINGER_MS);
	}
}

void conn_shutdown(struct conn *c)
{
	if (c->state != CONN_OPEN && c->state != CONN_OPENING)
		return;
	c->shut = true;
	conn_due(c);
}
