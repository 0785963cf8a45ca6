/*
 * Listeners: one multishot request accepts for each, and what happens when no descriptor is left.
 *
 * Out of descriptors, accepting pauses for PAUSE_MS and is tried again; peers wait in the kernel's
 * queue meanwhile. The log has it once, until accepting went well for as long. A connection for
 * which there is no memory was accepted by the kernel already: it is closed, and the log says so.
 */
#include "xln/xln.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAUSE_MS 200

struct sgt_listener {
	struct xln_op op;
	struct sgt_stack *stack;
	LIST_ENTRY(sgt_listener) all;
	void *user;
	int fd;
	bool paused;
	bool dead;    /* ended; freed when the op is not live any more */
	bool serving; /* a completion is being served: not to be freed under it */
	char address[SGT_ADDRESS_MAX];
};

static void accept_on(struct sgt_listener *l)
{
	struct xln_ring *r = &l->stack->ring;
	struct io_uring_sqe *entry = xln_ring_entry(r);
	l->paused = !entry;
	if (!entry) {
		l->stack->accept_again_ms = l->stack->host->now_ms(l->stack->host->ctx) + 1;
		return;
	}
	io_uring_prep_multishot_accept(entry, l->fd, NULL, NULL, SOCK_CLOEXEC);
	xln_ring_start(r, &l->op, entry);
}

static void pause_accepting(struct sgt_listener *l, int errnum)
{
	struct sgt_stack *s = l->stack;
	l->paused = true;
	s->accept_again_ms = s->host->now_ms(s->host->ctx) + PAUSE_MS;
	if (s->limit_told)
		return;
	s->limit_told = true;
	xln_log(s, SGT_LOG_WARN, "%s: no more connections can be taken (%s): new ones wait",
		l->address, strerrordesc_np(errnum));
}

/* After a pause there is a time of probation: when nothing pauses again in it, the trouble is over. */
int xln_listener_resume(struct sgt_stack *s)
{
	struct sgt_listener *l;
	bool paused = false;
	if (!s->accept_again_ms)
		return -1;
	uint64_t now = s->host->now_ms(s->host->ctx);
	if (now < s->accept_again_ms)
		return (int)(s->accept_again_ms - now);
	s->accept_again_ms = 0;
	LIST_FOREACH(l, &s->listeners, all)
	{
		if (!l->paused)
			continue;
		paused = true;
		accept_on(l);
	}
	if (paused && s->limit_told && !s->accept_again_ms)
		s->accept_again_ms = now + PAUSE_MS;
	if (!paused && s->limit_told) {
		s->limit_told = false;
		xln_log(s, SGT_LOG_INFO, "connections are taken again");
	}
	return s->accept_again_ms ? (int)(s->accept_again_ms - now) : -1;
}

/* ---- accepting ---- */

static bool read_peer(struct sgt_conn *c)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof sa;
	return getpeername(c->fd, (struct sockaddr *)&sa, &len) == 0 &&
	       ipaddr_from(&c->peer, (struct sockaddr *)&sa);
}

static void accepted(struct sgt_listener *l, struct sgt_conn *c)
{
	struct sgt_stack *s = l->stack;
	char peer[SGT_ADDRESS_MAX], local[SGT_ADDRESS_MAX] = "";
	struct ipaddr own;
	if (socket_local(c->fd, &own))
		ipaddr_format(&own, local);
	xln_conn_adopt(c, c->fd, XLN_OPEN);
	s->counters.accepted++;
	struct sgt_event event = {.type = SGT_EV_ACCEPTED,
				  .user = l->user,
				  .listener = l,
				  .conn = c,
				  .peer = ipaddr_format(&c->peer, peer),
				  .local = local};
	s->host->deliver(s->host->ctx, &event);
	if (c->state == XLN_OPEN)
		xln_receive_set(c);
}

static void take(struct sgt_listener *l, int fd)
{
	struct sgt_stack *s = l->stack;
	int on = 1;
	struct sgt_conn *c = l->dead || s->stopping ? NULL : xln_conn_new(s);
	if (!c) {
		close(fd);
		if (!l->dead && !s->stopping)
			xln_log(s, SGT_LOG_WARN, "%s: memory is short: a connection was closed",
				l->address);
		return;
	}
	c->fd = fd;
	if (!read_peer(c)) { /* it is lost already */
		xln_conn_drop(c);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	accepted(l, c);
}

/* What accept said; the request may have ended with it. */
static void refused(struct sgt_listener *l, int errnum)
{
	switch (errnum) {
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		pause_accepting(l, errnum);
		break;
	default: /* this one connection's trouble (accept(2), "Error handling"), or a signal */
		break;
	}
}

static void bury(struct sgt_listener *l)
{
	if (l->dead && !l->op.live && !l->serving)
		xln_alloc(l->stack, l, 0);
}

static void accept_done(struct xln_op *op, int res, uint32_t flags)
{
	struct sgt_listener *l = XLN_OWNER(op, struct sgt_listener, op);
	(void)flags;
	l->serving = true;
	if (res >= 0)
		take(l, res);
	else if (!l->dead)
		refused(l, -res);
	if (!op->live && !l->dead && !l->paused && !l->stack->stopping)
		accept_on(l);
	l->serving = false;
	bury(l);
}

/* ---- opening and ending ---- */

enum sgt_result xln_listen(struct sgt_stack *s, const struct sgt_plan *plan, void *user,
			   struct sgt_listener **listener, struct sgt_error *error)
{
	int fd;
	struct ipaddr at;
	enum sgt_result r = ports_take(&s->ports, plan, &fd, error);
	if (r != SGT_OK)
		return r;
	struct sgt_listener *l = xln_alloc(s, NULL, sizeof *l);
	if (!l || !socket_name(fd, &at)) {
		xln_alloc(s, l, 0);
		ports_ended(&s->ports, fd);
		return error_set(error, SGT_NOMEM, "memory is short for a listener");
	}
	*l = (struct sgt_listener){.op = {.done = accept_done}, .stack = s, .user = user, .fd = fd};
	ipaddr_format(&at, l->address);
	LIST_INSERT_HEAD(&s->listeners, l, all);
	accept_on(l);
	*listener = l;
	return SGT_OK;
}

const char *xln_listener_address(struct sgt_listener *l)
{
	return l->address;
}

void xln_unlisten(struct sgt_listener *l)
{
	struct sgt_stack *s = l->stack;
	l->dead = true;
	LIST_REMOVE(l, all);
	xln_ring_cancel(&s->ring, &l->op);
	/* Refuses peers at once, though the request keeps the socket until the kernel has given it up. */
	ports_ended(&s->ports, l->fd);
	bury(l);
}

void xln_listener_stop(struct sgt_stack *s)
{
	while (!LIST_EMPTY(&s->listeners))
		xln_unlisten(LIST_FIRST(&s->listeners));
}
