/* Connections: their making, their loss and their end. Bytes are transfer.c's. The life is drawn in
 * sockets_int.h. */
#include "support/sockets_int.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void conn_event(struct watch *w, uint32_t events);

struct sgt_conn *conn_new(struct sock_stack *s)
{
	struct sgt_conn *c = sock_alloc(s, NULL, sizeof *c);
	if (!c)
		return NULL;
	memset(c, 0, sizeof *c);
	c->stack = s;
	c->watch.fd = -1;
	return c;
}

int conn_adopt(struct sgt_conn *c, int fd, enum conn_state state)
{
	struct sock_stack *s = c->stack;
	c->watch.fd = fd;
	c->watch.fn = conn_event;
	c->state = state;
	c->writable = state == CONN_OPEN;
	int e = poller_add(&s->poller, &c->watch, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
	if (e) {
		c->watch.fd = -1;
		return e;
	}
	LIST_INSERT_HEAD(&s->conns, c, all);
	s->counters.open++;
	return 0;
}

void conn_drop(struct sgt_conn *c)
{
	struct sock_stack *s = c->stack;
	if (c->watch.fd >= 0) {
		poller_remove(&s->poller, &c->watch);
		close(c->watch.fd);
	}
	if (c->all.le_prev)
		LIST_REMOVE(c, all);
	lend_free(&s->pool, &c->lend);
	sock_alloc(s, c->file, 0);
	sock_alloc(s, c, 0);
}

static void deliver(struct sgt_conn *c, struct sgt_event *e)
{
	e->user = c->user;
	e->conn = c;
	c->stack->host->deliver(c->stack->host->ctx, e);
}

/* ---- connecting ---- */

/* A connection to a free port of the own host may meet itself (both ends open at once). Nobody
 * listened there. */
static bool is_itself(const struct sgt_conn *c, struct ipaddr *local)
{
	if (!socket_local(c->watch.fd, local)) {
		memset(local, 0, sizeof *local);
		local->u.sa.sa_family = AF_INET;
	}
	return ipaddr_equal(local, &c->peer);
}

static const char *peer_of(const struct sgt_conn *c, char text[SGT_ADDRESS_MAX])
{
	return c->file ? c->file : ipaddr_format(&c->peer, text);
}

static void deliver_connected(struct sgt_conn *c, const struct ipaddr *local)
{
	char peer[SGT_ADDRESS_MAX], text[SGT_ADDRESS_MAX];
	c->state = CONN_OPEN;
	c->stack->counters.connected++;
	struct sgt_event event = {.type = SGT_EV_CONNECTED,
				  .peer = peer_of(c, peer),
				  .local = ipaddr_format(local, text)};
	deliver(c, &event);
}

static void connected(struct sgt_conn *c)
{
	struct ipaddr local;
	int e = socket_error(c->watch.fd);
	if (!e && is_itself(c, &local))
		e = ECONNREFUSED;
	if (e)
		conn_fail(c, ERROR_CONNECT, e);
	else
		deliver_connected(c, &local);
}

enum sgt_result conn_begin(struct sgt_conn *c, int fd, const struct sockaddr *to, socklen_t n,
			   struct sgt_conn **conn, struct sgt_error *error)
{
	int e = connect(fd, to, n) < 0 ? errno : 0;
	/* Watched only now: epoll would report a socket that has not begun to connect. */
	if (conn_adopt(c, fd, CONN_CONNECTING) != 0) {
		close(fd);
		conn_drop(c);
		return error_set(error, SGT_NOMEM, "memory is short for a connection");
	}
	if (e && e != EINPROGRESS)
		conn_fail(c, ERROR_CONNECT, e);
	*conn = c;
	return SGT_OK;
}

enum sgt_result sock_connect(struct sock_stack *s, const struct ipaddr *to,
			     const struct ipaddr *source, void *user, struct sgt_conn **conn,
			     struct sgt_error *error)
{
	int fd;
	enum sgt_result r = socket_from(&s->maker, to->u.sa.sa_family, source, &fd, error);
	if (r != SGT_OK)
		return r;
	struct sgt_conn *c = conn_new(s);
	if (!c) {
		close(fd);
		return error_set(error, SGT_NOMEM, "memory is short for a connection");
	}
	c->user = user;
	c->peer = *to;
	return conn_begin(c, fd, &to->u.sa, ipaddr_len(to), conn, error);
}

/* ---- standing for connections made elsewhere ---- */

enum sgt_result sock_stand_in(struct sock_stack *s, int fd, const struct ipaddr *peer, void *own,
			      void *user, struct sgt_conn **conn, struct sgt_error *error)
{
	struct sgt_conn *c = conn_new(s);
	if (!c || conn_adopt(c, fd, CONN_CONNECTING) != 0) {
		if (c)
			conn_drop(c);
		return error_set(error, SGT_NOMEM, "memory is short for a connection");
	}
	c->own = own;
	c->user = user;
	c->peer = *peer;
	*conn = c;
	return SGT_OK;
}

void sock_connected(struct sgt_conn *c, const struct ipaddr *local)
{
	if (c->state != CONN_CONNECTING)
		return;
	sock_ready_add(c); /* for what its descriptor has said meanwhile */
	deliver_connected(c, local);
}

void sock_failed(struct sgt_conn *c, int errnum)
{
	if (c->state == CONN_CONNECTING)
		conn_fail(c, ERROR_CONNECT, errnum);
}

int sock_descriptor(const struct sgt_conn *c)
{
	return c->watch.fd;
}

bool conn_lost(struct sgt_conn *c)
{
	const struct sock_stack *s = c->stack;
	int e = s->ways->lost(s->ways_ctx, c->own, c->watch.fd, c->ended && !c->end_due);
	if (e)
		conn_fail(c, c->state == CONN_CONNECTING ? ERROR_CONNECT : ERROR_READ, e);
	return e != 0;
}

/* ---- losing ---- */

void conn_fail(struct sgt_conn *c, enum error_phase phase, int errnum)
{
	if (c->state != CONN_CONNECTING && c->state != CONN_OPEN)
		return;
	if (phase == ERROR_CONNECT)
		c->readable = false;
	c->state = CONN_FAILED;
	c->error_due = true;
	c->phase = phase;
	c->errnum = errnum;
	if (c->send == SEND_GOING)
		c->send = SEND_NONE;
	c->stack->counters.failed++;
	sock_ready_add(c);
}

static void deliver_error(struct sgt_conn *c)
{
	struct sgt_error error;
	char text[SGT_ADDRESS_MAX];
	error_errno(&error, c->phase, c->errnum, peer_of(c, text));
	struct sgt_event event = {.type = SGT_EV_ERROR, .error = &error};
	c->error_due = false;
	deliver(c, &event);
}

/* The kernel told of an error, but nothing is being read that would meet it: the peer's end was
 * read before, or the core does not consume. */
static void find_error(struct sgt_conn *c)
{
	c->faulty = false;
	if (c->own) {
		conn_lost(c);
		return;
	}
	int e = socket_error(c->watch.fd);
	if (e)
		conn_fail(c, ERROR_READ, e);
}

/* ---- serving ---- */

static void deliver_closed(struct sgt_conn *c)
{
	struct sgt_event event = {.type = SGT_EV_CLOSED};
	LIST_REMOVE(c, all);
	c->all.le_prev = NULL;
	deliver(c, &event);
	conn_drop(c);
}

static void deliver_sent(struct sgt_conn *c)
{
	struct sgt_event event = {.type = SGT_EV_SENT, .len = c->send_len};
	c->send = SEND_NONE;
	deliver(c, &event);
}

static void serve_open(struct sgt_conn *c)
{
	if (c->state == CONN_FAILED && !c->error_due)
		return; /* only CLOSED may follow */
	if (c->send == SEND_GOING && c->writable)
		transfer_flush(c);
	if (c->send == SEND_TAKEN)
		deliver_sent(c);
	bool more = c->state != CONN_CLOSING && c->readable && transfer_read(c);
	if (c->state == CONN_OPEN && c->faulty && !more)
		find_error(c);
	if (c->state == CONN_FAILED && c->error_due && !more)
		deliver_error(c);
	if (more && c->state != CONN_CLOSING)
		sock_ready_add(c);
}

void conn_serve(struct sgt_conn *c)
{
	if (c->state == CONN_CLOSING) {
		deliver_closed(c);
		return;
	}
	if (c->state == CONN_CONNECTING && c->own && c->faulty)
		find_error(c);
	if (c->state == CONN_CONNECTING && !c->own && c->writable)
		connected(c);
	if (c->state != CONN_CONNECTING && c->state != CONN_CLOSING)
		serve_open(c);
}

static void conn_event(struct watch *w, uint32_t events)
{
	struct sgt_conn *c = (struct sgt_conn *)w;
	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		c->readable = true;
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		c->fin = true;
	if (events & (c->own ? EPOLLERR | EPOLLHUP : EPOLLERR))
		c->faulty = true;
	if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		c->writable = true;
	conn_serve(c);
}

/* ---- ending ---- */

void sock_set_user(struct sgt_conn *c, void *user)
{
	c->user = user;
}

/* Takes the descriptor out of the connection; CLOSED comes from the next run. */
static int begin_closing(struct sgt_conn *c, bool aborted)
{
	int fd = c->watch.fd;
	if (c->own)
		c->stack->ways->gone(c->stack->ways_ctx, c->own, aborted);
	poller_remove(&c->stack->poller, &c->watch);
	c->watch.fd = -1;
	c->state = CONN_CLOSING;
	c->stack->counters.open--;
	sock_ready_add(c);
	return fd;
}

void sock_close(struct sgt_conn *c)
{
	if (c->state == CONN_CLOSING)
		return;
	bool plain = c->state != CONN_OPEN || c->eof;
	int fd = begin_closing(c, false);
	if (plain)
		close(fd);
	else
		linger_close(c->stack, fd);
}

void sock_abort(struct sgt_conn *c)
{
	struct linger reset = {.l_onoff = 1, .l_linger = 0};
	if (c->state == CONN_CLOSING)
		return;
	int fd = begin_closing(c, true);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	close(fd);
}
