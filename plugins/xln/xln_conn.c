/* Connections: their making, their loss and their end; the life is drawn in xln.h. Owns a
 * connection and its descriptor from making to CLOSED. */
#include "xln/xln.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct sgt_conn *xln_conn_new(struct sgt_stack *s)
{
	struct sgt_conn *c = xln_alloc(s, NULL, sizeof *c);
	if (!c)
		return NULL;
	memset(c, 0, sizeof *c);
	c->stack = s;
	c->fd = -1;
	c->recv.done = xln_received;
	c->send.done = xln_sent;
	c->watch.done = xln_watched;
	return c;
}

void xln_conn_adopt(struct sgt_conn *c, int fd, enum xln_state state)
{
	c->fd = fd;
	c->state = state;
	LIST_INSERT_HEAD(&c->stack->conns, c, all);
	c->stack->counters.open++;
}

static void close_plainly(struct sgt_conn *c)
{
	struct linger reset = {.l_onoff = 1, .l_linger = 0};
	if (c->reset)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	close(c->fd);
}

void xln_conn_drop(struct sgt_conn *c)
{
	struct sgt_stack *s = c->stack;
	if (c->fd >= 0)
		close_plainly(c);
	if (c->all.le_prev)
		LIST_REMOVE(c, all);
	lend_free(&s->pool, &c->lend);
	xln_alloc(s, c, 0);
}

void xln_conn_deliver(struct sgt_conn *c, struct sgt_event *e)
{
	e->user = c->user;
	e->conn = c;
	c->stack->host->deliver(c->stack->host->ctx, e);
}

/* ---- connecting ---- */

static bool begin_connect(struct sgt_conn *c)
{
	struct xln_ring *r = &c->stack->ring;
	struct io_uring_sqe *entry = xln_ring_entry(r);
	if (!entry)
		return false;
	io_uring_prep_connect(entry, c->fd, &c->peer.u.sa, ipaddr_len(&c->peer));
	xln_ring_start(r, &c->send, entry);
	return true;
}

enum sgt_result xln_connect(struct sgt_stack *s, const struct ipaddr *to,
			    const struct ipaddr *source, void *user, struct sgt_conn **conn,
			    struct sgt_error *error)
{
	int fd;
	enum sgt_result r = socket_from(&s->maker, to->u.sa.sa_family, source, &fd, error);
	if (r != SGT_OK)
		return r;
	struct sgt_conn *c = xln_conn_new(s);
	if (!c) {
		close(fd);
		return error_set(error, SGT_NOMEM, "memory is short for a connection");
	}
	c->user = user;
	c->peer = *to;
	xln_conn_adopt(c, fd, XLN_CONNECTING);
	if (!begin_connect(c))
		xln_conn_fail(c, ERROR_CONNECT, ENOBUFS);
	*conn = c;
	return SGT_OK;
}

/* ---- losing ---- */

void xln_conn_fail(struct sgt_conn *c, enum error_phase phase, int errnum)
{
	if (c->state != XLN_CONNECTING && c->state != XLN_OPEN)
		return;
	c->state = XLN_FAILED;
	c->error_due = true;
	c->phase = phase;
	c->errnum = errnum;
	if (c->send_state == XLN_SEND_GOING)
		c->send_state = XLN_SEND_NONE;
	c->stack->counters.failed++;
	xln_ready_add(c);
}

static void deliver_error(struct sgt_conn *c)
{
	struct sgt_error error;
	char text[SGT_ADDRESS_MAX];
	error_errno(&error, c->phase, c->errnum, ipaddr_format(&c->peer, text));
	struct sgt_event event = {.type = SGT_EV_ERROR, .error = &error};
	c->error_due = false;
	xln_conn_deliver(c, &event);
}

/* ---- serving ---- */

static bool is_live(const struct sgt_conn *c)
{
	return c->recv.live || c->send.live || c->watch.live;
}

static void deliver_closed(struct sgt_conn *c)
{
	struct sgt_event event = {.type = SGT_EV_CLOSED};
	if (c->gently)
		xln_linger_close(c->stack, c->fd);
	else
		close_plainly(c);
	c->fd = -1;
	LIST_REMOVE(c, all);
	c->all.le_prev = NULL;
	xln_conn_deliver(c, &event);
	xln_conn_drop(c);
}

static void deliver_sent(struct sgt_conn *c)
{
	struct sgt_event event = {.type = SGT_EV_SENT, .len = c->send_len};
	c->send_state = XLN_SEND_NONE;
	xln_conn_deliver(c, &event);
}

static void serve_open(struct sgt_conn *c)
{
	if (c->state == XLN_FAILED && !c->error_due)
		return; /* only CLOSED may follow */
	if (c->send_due && c->state == XLN_OPEN)
		xln_send_on(c);
	if (c->send_state == XLN_SEND_TAKEN)
		deliver_sent(c);
	xln_receive_deliver(c);
	if (c->state == XLN_FAILED && c->error_due)
		deliver_error(c);
	if (c->state == XLN_OPEN)
		xln_receive_set(c);
}

void xln_conn_serve(struct sgt_conn *c)
{
	if (c->state == XLN_OPEN || c->state == XLN_FAILED)
		serve_open(c);
	else if (c->state == XLN_CLOSING && !is_live(c))
		deliver_closed(c);
}

/* ---- ending ---- */

void xln_set_user(struct sgt_conn *c, void *user)
{
	c->user = user;
}

static void begin_closing(struct sgt_conn *c)
{
	struct xln_ring *r = &c->stack->ring;
	c->state = XLN_CLOSING;
	c->stack->counters.open--;
	xln_ring_cancel(r, &c->recv);
	xln_ring_cancel(r, &c->send);
	xln_ring_cancel(r, &c->watch);
	xln_ready_add(c);
}

void xln_close(struct sgt_conn *c)
{
	if (c->state == XLN_CLOSING)
		return;
	c->gently = c->state == XLN_OPEN && !c->eof;
	begin_closing(c);
}

void xln_abort(struct sgt_conn *c)
{
	if (c->state == XLN_CLOSING)
		return;
	c->reset = true;
	begin_closing(c);
}
