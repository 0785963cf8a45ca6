/* The bytes of connections: reading while bounds allow, lending, writing at once and when the
 * kernel has room. */
#include "support/sockets_int.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#define READS 4                  /* of one connection before others have their turn */
#define WRITE_TURN (1024 * 1024) /* bytes, likewise */

static void deliver(struct sgt_conn *c, enum sgt_event_type type, const void *data, size_t len)
{
	struct sgt_event event = {
		.type = type, .user = c->user, .conn = c, .data = data, .len = len};
	c->stack->host->deliver(c->stack->host->ctx, &event);
}

/* ---- reading ---- */

static void read_failed(struct sgt_conn *c, int errnum)
{
	if (errnum == EINTR)
		return; /* still readable */
	c->readable = false;
	if (errnum != EAGAIN && !(c->own && conn_lost(c)))
		conn_fail(c, ERROR_READ, errnum);
}

static void read_end(struct sgt_conn *c)
{
	c->readable = false;
	if (c->own && conn_lost(c))
		return;
	c->eof = true;
	deliver(c, SGT_EV_PEER_EOF, NULL, 0);
}

/* Reads once; false when the bounds or memory forbid it. */
static bool read_once(struct sgt_conn *c)
{
	size_t space_len;
	struct sock_stack *s = c->stack;
	void *space = lend_space(&s->pool, &c->lend, SOCK_LEND_MAX, &space_len);
	if (!space) {
		s->starving = s->starving || c->lend.lent < SOCK_LEND_MAX;
		return false;
	}
	ssize_t n = recv(c->watch.fd, space, space_len, 0);
	if (n < 0) {
		read_failed(c, errno);
	} else if (n == 0) {
		read_end(c);
	} else {
		const void *at = lend_commit(&s->pool, &c->lend, space, (size_t)n);
		s->counters.bytes_in += (size_t)n;
		/* A short read emptied the queue; an end behind it was told, or will be an edge of
		 * its own. */
		if ((size_t)n < space_len && !c->fin)
			c->readable = false;
		deliver(c, SGT_EV_DATA, at, (size_t)n);
	}
	return true;
}

bool transfer_read(struct sgt_conn *c)
{
	for (int i = 0; i < READS; i++) {
		if (c->state == CONN_CLOSING || !c->readable || c->eof)
			return false;
		if (!read_once(c))
			return false;
	}
	return c->state != CONN_CLOSING && c->readable && !c->eof;
}

void sock_consume(struct sgt_conn *c, size_t n)
{
	if (c->state == CONN_CLOSING)
		return;
	assert(n <= c->lend.lent);
	lend_consume(&c->stack->pool, &c->lend, n);
	if (c->readable && !c->eof && c->state == CONN_OPEN)
		sock_ready_add(c);
}

/* ---- writing ---- */

static void end_direction(struct sgt_conn *c)
{
	c->end_due = false;
	/* It fails only when the connection is lost, and that is told by ERROR. */
	shutdown(c->watch.fd, SHUT_WR);
}

static void advance(struct sgt_conn *c, size_t n)
{
	while (c->piece < c->piece_count) {
		struct sgt_bytes *p = &c->pieces[c->piece];
		if (n < p->len) {
			p->data = (const char *)p->data + n;
			p->len -= n;
			return;
		}
		n -= p->len;
		c->piece++;
	}
}

static ssize_t write_once(const struct sgt_conn *c)
{
	struct iovec iov[SGT_SEND_PIECES];
	size_t n = 0;
	for (size_t i = c->piece; i < c->piece_count; i++) {
		void *base;
		memcpy(&base, &c->pieces[i].data, sizeof base); /* iovec knows no const */
		iov[n++] = (struct iovec){.iov_base = base, .iov_len = c->pieces[i].len};
	}
	struct msghdr m = {.msg_iov = iov, .msg_iovlen = n};
	return sendmsg(c->watch.fd, &m, MSG_NOSIGNAL);
}

void transfer_flush(struct sgt_conn *c)
{
	size_t turn = 0;
	while (c->piece < c->piece_count && turn < WRITE_TURN) {
		ssize_t n = write_once(c);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			c->writable = false;
			return;
		}
		if (n < 0) {
			int e = errno;
			if (!c->own || !conn_lost(c))
				conn_fail(c, ERROR_WRITE, e);
			return;
		}
		c->stack->counters.bytes_out += (size_t)n;
		turn += (size_t)n;
		advance(c, (size_t)n);
	}
	if (c->piece == c->piece_count) {
		c->send = SEND_TAKEN;
		if (c->end_due)
			end_direction(c);
	}
	sock_ready_add(c);
}

static enum sgt_result may_send(const struct sgt_conn *c)
{
	if (c->state == CONN_CLOSING)
		return SGT_CLOSED_HANDLE;
	if (c->state == CONN_FAILED)
		return SGT_NOT_CONNECTED;
	return c->state != CONN_OPEN || c->ended ? SGT_STATE : SGT_OK;
}

enum sgt_result sock_send(struct sgt_conn *c, const struct sgt_bytes *pieces, size_t count)
{
	enum sgt_result r = may_send(c);
	if (r != SGT_OK)
		return r;
	if (c->send != SEND_NONE)
		return SGT_BUSY;
	if (count > SGT_SEND_PIECES)
		return SGT_LIMIT;
	c->send = SEND_GOING;
	c->send_len = 0;
	c->piece = 0;
	c->piece_count = count;
	for (size_t i = 0; i < count; i++) {
		c->pieces[i] = pieces[i];
		c->send_len += pieces[i].len;
	}
	advance(c, 0); /* past empty pieces */
	if (c->writable || c->piece == count)
		transfer_flush(c);
	return SGT_OK;
}

enum sgt_result sock_shutdown(struct sgt_conn *c)
{
	enum sgt_result r = may_send(c);
	if (r != SGT_OK)
		return r;
	c->ended = true;
	if (c->send == SEND_GOING)
		c->end_due = true;
	else
		end_direction(c);
	return SGT_OK;
}
