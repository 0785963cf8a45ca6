/* The bytes that leave: one request for a send, as often as the kernel takes a part only. */
#include "xln/xln.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* The whole send is one request: the kernel goes on by itself when there is room again. */
#define HOW (MSG_NOSIGNAL | MSG_WAITALL)

static void end_direction(struct sgt_conn *c)
{
	c->end_due = false;
	/* It fails only when the connection is lost, and that is told by ERROR. */
	shutdown(c->fd, SHUT_WR);
}

/* ---- connecting: the same request ---- */

/* A connection to a free port of the own host may meet itself (both ends open at once). Nobody
 * listened there. */
static void connected(struct sgt_conn *c, int e)
{
	char peer[SGT_ADDRESS_MAX], text[SGT_ADDRESS_MAX];
	struct ipaddr local = {.u.in4 = {.sin_family = AF_INET}};
	if (!e && socket_local(c->fd, &local) && ipaddr_equal(&local, &c->peer))
		e = ECONNREFUSED;
	if (e) {
		xln_conn_fail(c, ERROR_CONNECT, e);
		return;
	}
	c->state = XLN_OPEN;
	c->stack->counters.connected++;
	struct sgt_event event = {.type = SGT_EV_CONNECTED,
				  .peer = ipaddr_format(&c->peer, peer),
				  .local = ipaddr_format(&local, text)};
	xln_conn_deliver(c, &event);
	if (c->state == XLN_OPEN)
		xln_receive_set(c);
}

/* ---- sending ---- */

static void advance(struct sgt_conn *c, size_t n)
{
	while (c->piece < c->piece_count) {
		struct iovec *p = &c->pieces[c->piece];
		if (n < p->iov_len) {
			p->iov_base = (char *)p->iov_base + n;
			p->iov_len -= n;
			return;
		}
		n -= p->iov_len;
		c->piece++;
	}
}

void xln_send_on(struct sgt_conn *c)
{
	struct xln_ring *r = &c->stack->ring;
	struct io_uring_sqe *entry = xln_ring_entry(r);
	size_t left = c->piece_count - c->piece;
	struct iovec *p = &c->pieces[c->piece];
	c->send_due = !entry;
	if (!entry) {
		xln_ready_add(c);
		return;
	}
	if (left == 1) {
		io_uring_prep_send(entry, c->fd, p->iov_base, p->iov_len, HOW);
	} else {
		c->message = (struct msghdr){.msg_iov = p, .msg_iovlen = left};
		io_uring_prep_sendmsg(entry, c->fd, &c->message, HOW);
	}
	xln_ring_start(r, &c->send, entry);
}

static void taken(struct sgt_conn *c)
{
	c->send_state = XLN_SEND_TAKEN;
	if (c->end_due)
		end_direction(c);
}

static void sent(struct sgt_conn *c, int res)
{
	if (res < 0 && res != -EINTR && res != -EAGAIN) {
		xln_conn_fail(c, ERROR_WRITE, -res);
		return;
	}
	if (res > 0) {
		c->stack->counters.bytes_out += (uint64_t)res;
		advance(c, (size_t)res);
	}
	if (c->piece == c->piece_count)
		taken(c);
	else
		xln_send_on(c);
}

void xln_sent(struct xln_op *op, int res, uint32_t flags)
{
	struct sgt_conn *c = XLN_OWNER(op, struct sgt_conn, send);
	(void)flags;
	if (c->stack->stopping)
		return;
	if (c->state == XLN_CONNECTING)
		connected(c, -res);
	else if (c->state == XLN_OPEN)
		sent(c, res);
	if (c->state == XLN_OPEN)
		xln_conn_serve(c);
	else
		xln_ready_add(c);
}

static enum sgt_result may_send(const struct sgt_conn *c)
{
	if (c->state == XLN_CLOSING)
		return SGT_CLOSED_HANDLE;
	if (c->state == XLN_FAILED)
		return SGT_NOT_CONNECTED;
	return c->state != XLN_OPEN || c->ended ? SGT_STATE : SGT_OK;
}

enum sgt_result xln_send(struct sgt_conn *c, const struct sgt_bytes *pieces, size_t count)
{
	enum sgt_result r = may_send(c);
	if (r != SGT_OK)
		return r;
	if (c->send_state != XLN_SEND_NONE)
		return SGT_BUSY;
	if (count > SGT_SEND_PIECES)
		return SGT_LIMIT;
	c->send_len = 0;
	c->piece = 0;
	c->piece_count = count;
	for (size_t i = 0; i < count; i++) {
		/* iovec knows no const */
		memcpy(&c->pieces[i].iov_base, &pieces[i].data, sizeof pieces[i].data);
		c->pieces[i].iov_len = pieces[i].len;
		c->send_len += pieces[i].len;
	}
	advance(c, 0); /* past empty pieces */
	c->send_state = c->piece < count ? XLN_SEND_GOING : XLN_SEND_TAKEN;
	if (c->piece < count)
		xln_send_on(c);
	else
		xln_ready_add(c);
	return SGT_OK;
}

enum sgt_result xln_shutdown(struct sgt_conn *c)
{
	enum sgt_result r = may_send(c);
	if (r != SGT_OK)
		return r;
	c->ended = true;
	if (c->send_state == XLN_SEND_GOING)
		c->end_due = true;
	else
		end_direction(c);
	return SGT_OK;
}
