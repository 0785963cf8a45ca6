/*
 * For who writes a transport over stream sockets of some family (AF_UNIX, AF_VSOCK, AF_TIPC, Bluetooth ...): all of the
 * contract of smtpgate/transport.h that is the same for each of them. A header and nothing else, compiled into the module, so
 * that the module still needs no symbol of the program. C11 with _GNU_SOURCE, Linux.
 *
 *	struct sgt_stack { struct sgts base; ...what is yours... };             base stands first
 *	static const struct sgts_ways ways = { .address = ..., .listen = ..., .accept = ..., .open = ..., .connect = ... };
 *	const struct sgt_module SGT_MODULE(code) = { SGT_MODULE_HEAD, ..., SGTS_FUNCTIONS, .create = ..., .detect = ... };
 *
 * The module has its own create (which allocates the stack by host->alloc, in one piece, and calls sgts_init), detect, address,
 * start (which ends with sgts_start) and own_addresses.
 *
 * Owns the descriptors that the ways return, the memory of each end, an epoll and an eventfd between start and stop. Fails as
 * the contract says; a send that cannot go on loses the connection as soon as what had come is read.
 *
 *	CONNECTING --connect: SGT_OK--> OPEN      CONNECTING --connect: another--> LOST      OPEN --read, send failed--> LOST
 *	CONNECTING, OPEN, LOST --close--> CLOSING --CLOSED delivered--> GONE        LISTENING --unlisten--> GONE
 *	GONE: the memory is freed when the run is over, so that no loop stands on it
 */
#ifndef SMTPGATE_STREAMS_H
#define SMTPGATE_STREAMS_H

#include <smtpgate/transport.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define SGTS_LEND 16384 /* bytes lent at most: module.lend_max */
#define SGTS_BATCH 64   /* descriptors served in one run */
#define SGTS_AGAIN_MS 10

enum sgts_state { SGTS_LISTENING, SGTS_CONNECTING, SGTS_OPEN, SGTS_LOST, SGTS_CLOSING, SGTS_GONE };

/* A listener or a connection. own, peer, fd and mark are the ways' to read and fill, the rest is not. */
struct sgts_end {
	struct sgt_stack *stack;
	char own[SGT_ADDRESS_MAX], peer[SGT_ADDRESS_MAX];
	int fd;   /* -1: none */
	int mark; /* the module's own: 0 at first */

	struct sgts_end *next, **link, *next_later;
	void *user;
	enum sgts_state state;
	int later, busy, eof, fin, broken;
	uint32_t armed;
	unsigned char *in; /* while bytes are lent */
	size_t lent, pieces, piece, sending;
	struct sgt_bytes out[SGT_SEND_PIECES];
};

/* What the family of sockets does its own way. Every descriptor is a stream socket, non-blocking and close-on-exec. */
struct sgts_ways {
	/* The module's address function. */
	enum sgt_result (*address)(struct sgt_stack *stack, const char *text, unsigned default_port,
				   char out[SGT_ADDRESS_MAX], struct sgt_error *error);
	/* l->own is the address in its canonical form: makes l->fd, bound to it and listening, and writes what it got to l->own. */
	enum sgt_result (*listen)(struct sgts_end *l, struct sgt_error *error);
	/* Takes one connection: fills c->peer and c->own and returns the descriptor; -1: there is none. */
	int (*accept)(struct sgts_end *l, struct sgts_end *c);
	/* c->peer is canonical: makes c->fd and c->own. source: to come from, or NULL. */
	enum sgt_result (*open)(struct sgts_end *c, const char *source, struct sgt_error *error);
	/* Connects c->fd to c->peer. SGT_OK: it is; SGT_BUSY: is called again soon; else it failed, errno says why. */
	enum sgt_result (*connect)(struct sgts_end *c);
	/* The descriptor was closed: what else belonged to the address may go. NULL: nothing did. */
	void (*gone)(struct sgts_end *end);
};

/* The first member of struct sgt_stack. host and counters are yours to read. */
struct sgts {
	const struct sgt_host *host;
	const struct sgts_ways *ways;
	struct sgt_counters counters;
	int epoll, bell; /* -1: not started */
	int hurry;       /* something waits that needs no event */
	struct sgts_end *ends, *later, *dead;
};

/* Fills *e and returns result: "WHAT: WHY", with the original's number. */
static inline enum sgt_result sgts_fail(struct sgt_error *e, enum sgt_result result,
					const char *what, const char *why)
{
#define SGTS_NUMBER(name, number, word, sentence) number,
	static const int numbers[] = {SGT_RESULT_LIST(SGTS_NUMBER)};
	*e = (struct sgt_error){.result = result, .number = numbers[result]};
	snprintf(e->text, sizeof e->text, "%.120s: %.120s", what, why);
	return result;
}

static inline void sgts_init(struct sgts *s, const struct sgt_host *host,
			     const struct sgts_ways *ways)
{
	*s = (struct sgts){.host = host, .ways = ways, .epoll = -1, .bell = -1};
}

#define sgts_of(end) ((struct sgts *)(end)->stack)

static inline struct sgts_end *sgts_new(struct sgt_stack *stack, enum sgts_state state, void *user)
{
	struct sgts *s = (struct sgts *)stack;
	struct sgts_end *c = (struct sgts_end *)s->host->alloc(s->host->ctx, NULL, sizeof *c);
	if (!c)
		return NULL;
	*c = (struct sgts_end){.stack = stack, .fd = -1, .state = state, .user = user};
	c->next = s->ends;
	c->link = &s->ends;
	if (c->next)
		c->next->link = &c->next;
	s->counters.open += state != SGTS_LISTENING;
	return s->ends = c;
}

/* It is served in the next run, whatever its descriptor says. */
static inline void sgts_later(struct sgts_end *c)
{
	struct sgts *s = sgts_of(c);
	s->hurry |= c->state != SGTS_CONNECTING;
	if (c->later)
		return;
	c->later = 1;
	c->next_later = s->later;
	s->later = c;
}

/* What is wanted of its descriptor is told to epoll when it changed; one that nothing is wanted of is not watched. */
static inline void sgts_watch(struct sgts_end *c)
{
	int reads = c->state == SGTS_LISTENING || (c->state == SGTS_OPEN && !c->eof && !c->lent);
	int writes = c->state == SGTS_OPEN && c->busy && !c->later && !c->broken;
	struct epoll_event ev = {.events = (reads ? EPOLLIN : 0u) | (writes ? EPOLLOUT : 0u),
				 .data = {.ptr = c}};
	if (c->fd < 0 || ev.events == c->armed)
		return;
	int op = !ev.events ? EPOLL_CTL_DEL : c->armed ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
	if (epoll_ctl(sgts_of(c)->epoll, op, c->fd, &ev) == 0)
		c->armed = ev.events;
	else
		sgts_later(c); /* memory is short: again in the next run */
}

static inline void sgts_tell(struct sgts_end *c, enum sgt_event_type type, struct sgt_event e)
{
	const struct sgt_host *host = sgts_of(c)->host;
	e.type = type;
	e.user = c->user;
	e.conn = (struct sgt_conn *)c;
	host->deliver(host->ctx, &e);
}

/* Bytes that were lent are nobody's any more. */
static inline void sgts_free_input(struct sgts_end *c)
{
	const struct sgt_host *host = sgts_of(c)->host;
	if (c->in)
		host->alloc(host->ctx, c->in, 0);
	c->in = NULL;
	c->lent = 0;
}

/* The descriptor; the memory stays. */
static inline void sgts_let_go(struct sgts_end *c, enum sgts_state state)
{
	struct sgts *s = sgts_of(c);
	if (c->state == SGTS_GONE)
		return;
	s->counters.open -= c->state != SGTS_LISTENING && c->state < SGTS_CLOSING;
	if (c->fd >= 0)
		close(c->fd);
	if (s->ways->gone && c->state < SGTS_CLOSING)
		s->ways->gone(c);
	c->fd = -1;
	c->state = state;
	if (state == SGTS_CLOSING)
		sgts_later(c);
	if (state != SGTS_GONE)
		return;
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	c->next = s->dead;
	s->dead = c;
}

static inline void sgts_lose(struct sgts_end *c, enum sgt_result result, int e)
{
	struct sgt_error error;
	sgts_fail(&error, result, c->peer, strerror(e));
	sgts_of(c)->counters.failed++;
	c->state = SGTS_LOST;
	sgts_watch(c);
	sgts_tell(c, SGT_EV_ERROR, (struct sgt_event){.error = &error});
}

/* ---- what a run does for each ---- */

static inline void sgts_serve_listener(struct sgts_end *l)
{
	struct sgts_end *c = sgts_new(l->stack, SGTS_OPEN, l->user);
	if (!c)
		return;
	c->fd = sgts_of(l)->ways->accept(l, c);
	if (c->fd < 0) {
		sgts_let_go(c, SGTS_GONE);
		return;
	}
	sgts_of(l)->counters.accepted++;
	struct sgt_event e = {.peer = c->peer, .local = c->own};
	e.listener = (struct sgt_listener *)l;
	sgts_tell(c, SGT_EV_ACCEPTED, e);
	sgts_watch(c);
}

static inline void sgts_try_connect(struct sgts_end *c)
{
	enum sgt_result r = sgts_of(c)->ways->connect(c);
	if (r == SGT_BUSY) {
		sgts_later(c);
	} else if (r != SGT_OK) {
		sgts_lose(c, r, errno);
	} else {
		c->state = SGTS_OPEN;
		sgts_of(c)->counters.connected++;
		struct sgt_event e = {.peer = c->peer, .local = c->own};
		sgts_tell(c, SGT_EV_CONNECTED, e);
	}
}

static inline void sgts_push(struct sgts_end *c)
{
	while (c->piece < c->pieces) {
		struct sgt_bytes *b = &c->out[c->piece];
		ssize_t n = b->len ? send(c->fd, b->data, b->len, MSG_NOSIGNAL) : 0;
		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			c->broken = 1;
			if (c->eof)
				sgts_lose(c, SGT_RESET, EPIPE);
		}
		if (n < 0)
			return;
		sgts_of(c)->counters.bytes_out += (size_t)n;
		b->data = (const char *)b->data + n;
		b->len -= (size_t)n;
		c->piece += !b->len;
	}
	c->busy = 0;
	if (c->fin)
		shutdown(c->fd, SHUT_WR);
	sgts_tell(c, SGT_EV_SENT, (struct sgt_event){.len = c->sending});
}

static inline void sgts_pull(struct sgts_end *c)
{
	const struct sgt_host *host = sgts_of(c)->host;
	c->in = (unsigned char *)host->alloc(host->ctx, NULL, SGTS_LEND);
	ssize_t n = c->in ? read(c->fd, c->in, SGTS_LEND) : -1;
	int e = c->in ? errno : ENOMEM;
	if (n <= 0)
		sgts_free_input(c);
	if (n > 0) {
		c->lent = (size_t)n;
		sgts_of(c)->counters.bytes_in += c->lent;
		sgts_tell(c, SGT_EV_DATA, (struct sgt_event){.data = c->in, .len = c->lent});
	} else if (n == 0 && c->broken) {
		sgts_lose(c, SGT_RESET, EPIPE);
	} else if (n == 0) {
		c->eof = 1;
		sgts_tell(c, SGT_EV_PEER_EOF, (struct sgt_event){.data = NULL});
	} else if (e != EAGAIN && e != EINTR) {
		sgts_lose(c, e == ENOMEM ? SGT_NOMEM : SGT_RESET, e);
	}
}

/* events: of epoll; 0: it is of those that wait for none. */
static inline void sgts_serve(struct sgts_end *c, uint32_t events)
{
	int reads = c->armed & EPOLLIN && events & ~(uint32_t)EPOLLOUT;
	if (c->state == SGTS_LISTENING && events)
		sgts_serve_listener(c);
	if (c->state == SGTS_CONNECTING)
		sgts_try_connect(c);
	if (c->state == SGTS_OPEN && c->busy && !c->broken)
		sgts_push(c);
	if (c->state == SGTS_OPEN && !c->lent && !c->eof && (reads || c->broken))
		sgts_pull(c);
	if (c->state == SGTS_CLOSING && !c->later) {
		sgts_tell(c, SGT_EV_CLOSED, (struct sgt_event){.data = NULL});
		sgts_let_go(c, SGTS_GONE);
	}
	sgts_watch(c);
}

static inline void sgts_serve_later(struct sgts *s)
{
	struct sgts_end *c = s->later, *next;
	s->later = NULL;
	s->hurry = 0;
	for (; c; c = next) {
		next = c->next_later;
		c->later = 0;
		sgts_serve(c, 0);
	}
}

/* Frees what is GONE: never one that stands in the list for the next run. */
static inline void sgts_sweep(struct sgts *s)
{
	for (struct sgts_end *c; (c = s->dead);) {
		s->dead = c->next;
		sgts_free_input(c);
		s->host->alloc(s->host->ctx, c, 0);
	}
}

/* ---- the functions of the module ---- */

/* Nothing here needs rights that are dropped. */
static inline enum sgt_result sgts_prepare(struct sgt_stack *stack, struct sgt_error *e)
{
	return (void)stack, (void)e, SGT_OK;
}

static inline enum sgt_result sgts_start(struct sgt_stack *stack, struct sgt_error *e)
{
	struct sgts *s = (struct sgts *)stack;
	struct epoll_event ev = {.events = EPOLLIN, .data = {.ptr = NULL}};
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	s->bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (s->epoll >= 0 && s->bell >= 0 && epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->bell, &ev) == 0)
		return SGT_OK;
	sgts_fail(e, SGT_SOCKET, "epoll", strerror(errno));
	close(s->epoll);
	close(s->bell);
	return e->result;
}

static inline enum sgt_result sgts_run(struct sgt_stack *stack, int ms, struct sgt_error *e)
{
	struct sgts *s = (struct sgts *)stack;
	struct epoll_event ready[SGTS_BATCH];
	eventfd_t rings;
	if (s->later && ms > SGTS_AGAIN_MS)
		ms = SGTS_AGAIN_MS;
	int n = epoll_wait(s->epoll, ready, SGTS_BATCH, s->hurry ? 0 : ms);
	if (n < 0 && errno != EINTR)
		return sgts_fail(e, SGT_SOCKET, "epoll", strerror(errno));
	sgts_serve_later(s);
	for (int i = 0; i < n; i++) {
		if (ready[i].data.ptr)
			sgts_serve((struct sgts_end *)ready[i].data.ptr, ready[i].events);
		else
			(void)!eventfd_read(s->bell, &rings);
	}
	sgts_sweep(s);
	return SGT_OK;
}

static inline void sgts_wakeup(struct sgt_stack *stack)
{
	eventfd_write(((struct sgts *)stack)->bell, 1);
}

static inline void sgts_stop(struct sgt_stack *stack)
{
	struct sgts *s = (struct sgts *)stack;
	s->later = NULL;
	while (s->ends)
		sgts_let_go(s->ends, SGTS_GONE);
	sgts_sweep(s);
	close(s->epoll);
	close(s->bell);
	s->epoll = s->bell = -1;
}

static inline void sgts_destroy(struct sgt_stack *stack)
{
	const struct sgt_host *host = ((struct sgts *)stack)->host;
	host->alloc(host->ctx, stack, 0);
}

static inline enum sgt_result sgts_listen(struct sgt_stack *stack, const struct sgt_plan *plan,
					  void *user, struct sgt_listener **out,
					  struct sgt_error *e)
{
	struct sgts *s = (struct sgts *)stack;
	char own[SGT_ADDRESS_MAX];
	if (s->ways->address(stack, plan->address, 0, own, e) != SGT_OK)
		return e->result;
	struct sgts_end *l = sgts_new(stack, SGTS_LISTENING, user);
	if (!l)
		return sgts_fail(e, SGT_NOMEM, own, "no memory");
	memcpy(l->own, own, sizeof own);
	*out = (struct sgt_listener *)l;
	enum sgt_result r = s->ways->listen(l, e);
	sgts_watch(l);
	if (r == SGT_OK && !l->armed)
		r = sgts_fail(e, SGT_NOMEM, own, "epoll does not take it");
	if (r != SGT_OK)
		sgts_let_go(l, SGTS_GONE);
	return r;
}

static inline const char *sgts_listener_address(struct sgt_listener *l)
{
	return ((struct sgts_end *)l)->own;
}

static inline void sgts_unlisten(struct sgt_listener *l)
{
	sgts_let_go((struct sgts_end *)l, SGTS_GONE);
}

static inline enum sgt_result sgts_connect(struct sgt_stack *stack, const char *address,
					   const char *source, void *user, struct sgt_conn **out,
					   struct sgt_error *e)
{
	struct sgts *s = (struct sgts *)stack;
	char peer[SGT_ADDRESS_MAX];
	if (s->ways->address(stack, address, 0, peer, e) != SGT_OK)
		return e->result;
	struct sgts_end *c = sgts_new(stack, SGTS_CONNECTING, user);
	if (!c)
		return sgts_fail(e, SGT_NOMEM, address, "no memory");
	memcpy(c->peer, peer, sizeof peer);
	*out = (struct sgt_conn *)c;
	enum sgt_result r = s->ways->open(c, source, e);
	if (r != SGT_OK)
		sgts_let_go(c, SGTS_GONE);
	else
		sgts_later(c), s->hurry = 1;
	return r;
}

static inline void sgts_set_user(struct sgt_conn *conn, void *user)
{
	((struct sgts_end *)conn)->user = user;
}

static inline enum sgt_result sgts_send(struct sgt_conn *conn, const struct sgt_bytes *pieces,
					size_t count)
{
	struct sgts_end *c = (struct sgts_end *)conn;
	if (c->state != SGTS_OPEN || c->fin)
		return SGT_STATE;
	if (c->busy || count > SGT_SEND_PIECES)
		return c->busy ? SGT_BUSY : SGT_LIMIT;
	memcpy(c->out, pieces, count * sizeof *pieces);
	c->pieces = count;
	c->piece = c->sending = 0;
	for (size_t i = 0; i < count; i++)
		c->sending += pieces[i].len;
	c->busy = 1;
	sgts_later(c);
	return SGT_OK;
}

static inline void sgts_consume(struct sgt_conn *conn, size_t n)
{
	struct sgts_end *c = (struct sgts_end *)conn;
	c->lent -= n;
	if (c->lent)
		return;
	sgts_free_input(c);
	sgts_watch(c);
}

static inline enum sgt_result sgts_shutdown(struct sgt_conn *conn)
{
	struct sgts_end *c = (struct sgts_end *)conn;
	if (c->state != SGTS_OPEN || c->fin)
		return SGT_STATE;
	c->fin = 1;
	if (!c->busy)
		shutdown(c->fd, SHUT_WR);
	return SGT_OK;
}

static inline void sgts_close(struct sgt_conn *conn)
{
	sgts_let_go((struct sgts_end *)conn, SGTS_CLOSING);
}

static inline void sgts_counters(struct sgt_stack *stack, struct sgt_counters *out)
{
	*out = ((struct sgts *)stack)->counters;
}

/* All members of struct sgt_module that need nothing of the module itself. */
#define SGTS_FUNCTIONS                                                                          \
	.lend_max = SGTS_LEND, .prepare = sgts_prepare, .run = sgts_run, .wakeup = sgts_wakeup, \
	.stop = sgts_stop, .destroy = sgts_destroy, .listen = sgts_listen,                      \
	.listener_address = sgts_listener_address, .unlisten = sgts_unlisten,                   \
	.connect = sgts_connect, .set_user = sgts_set_user, .send = sgts_send,                  \
	.consume = sgts_consume, .shutdown = sgts_shutdown, .close = sgts_close,                \
	.abort = sgts_close, .counters = sgts_counters

#endif
