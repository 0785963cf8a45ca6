/* The bytes that arrive: which request is set when, what is delivered, and what the core gives back.
 * See the life in xln.h. */
#include "xln/xln.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>

#define HALF (XLN_LEND_MAX / 2)

/* ---- requests ---- */

static void set_multishot(struct sgt_conn *c)
{
	struct xln_ring *r = &c->stack->ring;
	struct io_uring_sqe *entry = xln_ring_entry(r);
	if (!entry) {
		xln_ready_add(c);
		return;
	}
	io_uring_prep_recv_multishot(entry, c->fd, NULL, 0, 0);
	entry->flags |= IOSQE_BUFFER_SELECT;
	entry->buf_group = XLN_GROUP;
	xln_ring_start(r, &c->recv, entry);
}

static void set_single(struct sgt_conn *c, size_t most)
{
	struct xln_ring *r = &c->stack->ring;
	struct io_uring_sqe *entry = xln_ring_entry(r);
	if (!entry) {
		xln_ready_add(c);
		return;
	}
	io_uring_prep_recv(entry, c->fd, NULL, most < XLN_BLOCK ? most : XLN_BLOCK, 0);
	entry->flags |= IOSQE_BUFFER_SELECT;
	entry->buf_group = XLN_GROUP;
	xln_ring_start(r, &c->recv, entry);
}

/* Nothing is being received that would meet the loss of the connection. */
static void set_watch(struct sgt_conn *c)
{
	struct xln_ring *r = &c->stack->ring;
	if (c->watch.live || c->watched)
		return;
	struct io_uring_sqe *entry = xln_ring_entry(r);
	if (!entry) {
		xln_ready_add(c);
		return;
	}
	io_uring_prep_poll_add(entry, c->fd, POLLERR | POLLHUP);
	xln_ring_start(r, &c->watch, entry);
}

static void give_up_multishot(struct sgt_conn *c)
{
	if (c->pausing || c->lend.lent + c->lend.kept < HALF)
		return;
	c->pausing = true;
	xln_ring_cancel(&c->stack->ring, &c->recv);
}

void xln_receive_set(struct sgt_conn *c)
{
	struct sgt_stack *s = c->stack;
	if (c->recv.live) {
		give_up_multishot(c);
		return;
	}
	size_t room = c->lend.kept ? 0 : lend_room(&s->pool, &c->lend, XLN_LEND_MAX);
	if (c->fin || !room || xln_intake_dry(&s->intake)) {
		s->starving = s->starving || (!c->fin && c->lend.lent < XLN_LEND_MAX);
		set_watch(c);
	} else if (lend_pool_spent(&s->pool) || c->lend.lent >= HALF) {
		set_single(c, room);
	} else {
		set_multishot(c);
	}
}

/* ---- completions ---- */

static void receive_failed(struct sgt_conn *c, int e)
{
	switch (e) {
	case ENOBUFS:   /* the kernel had no buffer left */
	case ECANCELED: /* given up by ourselves */
	case EINTR:
	case EAGAIN:
		break; /* xln_receive_set decides how it goes on */
	default:
		xln_conn_fail(c, ERROR_READ, e);
	}
}

void xln_received(struct xln_op *op, int res, uint32_t flags)
{
	struct sgt_conn *c = XLN_OWNER(op, struct sgt_conn, recv);
	struct sgt_stack *s = c->stack;
	unsigned place = flags >> IORING_CQE_BUFFER_SHIFT;
	bool wanted = !s->stopping && (c->state == XLN_OPEN || c->error_due);
	if (!op->live)
		c->pausing = false;
	if (res > 0 && wanted) {
		s->counters.bytes_in += (uint64_t)res;
		xln_intake_keep(&s->intake, &c->lend, place, (size_t)res);
	} else if (flags & IORING_CQE_F_BUFFER) {
		xln_intake_waste(&s->intake, place);
	}
	if (res == 0 && wanted)
		c->fin = true;
	else if (res < 0 && wanted)
		receive_failed(c, -res);
	if (s->stopping)
		return;
	if (c->state == XLN_CLOSING)
		xln_ready_add(c);
	else
		xln_conn_serve(c);
}

void xln_watched(struct xln_op *op, int res, uint32_t flags)
{
	struct sgt_conn *c = XLN_OWNER(op, struct sgt_conn, watch);
	(void)flags;
	if (c->stack->stopping)
		return;
	if (c->state == XLN_OPEN && res > 0) {
		c->watched = true;
		int e = c->recv.live ? 0 : socket_error(c->fd);
		if (e)
			xln_conn_fail(c, ERROR_READ, e);
	}
	xln_ready_add(c);
}

/* ---- delivering ---- */

bool xln_receive_deliver(struct sgt_conn *c)
{
	struct sgt_event data = {.type = SGT_EV_DATA}, end = {.type = SGT_EV_PEER_EOF};
	while (c->state != XLN_CLOSING) {
		data.data = lend_next(&c->lend, XLN_LEND_MAX, &data.len);
		if (!data.data)
			break;
		xln_conn_deliver(c, &data);
	}
	if (c->state == XLN_OPEN && c->fin && !c->eof && !c->lend.kept) {
		c->eof = true;
		xln_conn_deliver(c, &end);
	}
	return c->lend.kept > 0;
}

void xln_consume(struct sgt_conn *c, size_t n)
{
	if (c->state == XLN_CLOSING)
		return;
	assert(n <= c->lend.lent);
	lend_consume(&c->stack->pool, &c->lend, n);
	if (c->state == XLN_OPEN && !c->eof && (!c->recv.live || c->lend.kept))
		xln_ready_add(c);
}
