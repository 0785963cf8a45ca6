/*
 * Listeners: accepting in batches, fairly, and what happens when no descriptor is left.
 *
 * Out of descriptors or memory, accepting pauses for PAUSE_MS and is tried again; peers wait in the
 * kernel's queue meanwhile. The log has it once, until a queue was emptied again.
 */
#include "support/sockets_int.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ACCEPTS 64 /* of one listener before others have their turn */
#define PAUSE_MS 200

struct sgt_listener {
	struct watch watch;
	struct sock_grave grave;
	struct sock_stack *stack;
	LIST_ENTRY(sgt_listener) all;
	void *user;
	bool paused;
	char address[SGT_ADDRESS_MAX];
};

static void pause_accepting(struct sgt_listener *l, int errnum)
{
	struct sock_stack *s = l->stack;
	poller_change(&s->poller, &l->watch, 0);
	l->paused = true;
	s->accept_again_ms = s->host->now_ms(s->host->ctx) + PAUSE_MS;
	if (s->limit_told)
		return;
	s->limit_told = true;
	sock_log(s, SGT_LOG_WARN, "%s: no more connections can be taken (%s): new ones wait",
		 l->address, strerrordesc_np(errnum));
}

int listener_resume(struct sock_stack *s)
{
	struct sgt_listener *l;
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
		l->paused = false;
		poller_change(&s->poller, &l->watch, EPOLLIN);
	}
	return -1;
}

/* The queue is empty: the trouble, if there was any, is over. */
static void emptied(struct sgt_listener *l)
{
	struct sock_stack *s = l->stack;
	if (s->limit_told)
		sock_log(s, SGT_LOG_INFO, "%s: connections are taken again", l->address);
	s->limit_told = false;
}

static void deliver_accepted(struct sgt_listener *l, struct sgt_conn *c, const char *local)
{
	struct sock_stack *s = l->stack;
	char peer[SGT_ADDRESS_MAX];
	s->counters.accepted++;
	struct sgt_event event = {.type = SGT_EV_ACCEPTED,
				  .user = l->user,
				  .listener = l,
				  .conn = c,
				  .peer = ipaddr_format(&c->peer, peer),
				  .local = local};
	s->host->deliver(s->host->ctx, &event);
}

static void accepted(struct sgt_listener *l, struct sgt_conn *c, const struct sockaddr *from)
{
	char local[SGT_ADDRESS_MAX] = "";
	struct ipaddr own;
	ipaddr_from(&c->peer, from);
	if (socket_local(c->watch.fd, &own))
		ipaddr_format(&own, local);
	deliver_accepted(l, c, local);
}

/* What accept4 said; true when the next connection may be tried. */
static bool refused(struct sgt_listener *l, int errnum)
{
	switch (errnum) {
	case EAGAIN:
		emptied(l);
		return false;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		pause_accepting(l, errnum);
		return false;
	default: /* this one connection's trouble (accept(2), "Error handling"), or a signal */
		return true;
	}
}

/* Takes one out of the queue: 0, or an errno. */
static int take_one(struct sgt_listener *l, struct sockaddr_storage *from, struct sgt_conn **conn)
{
	socklen_t len = sizeof *from;
	/* Before accept: a connection that was taken is not lost. */
	struct sgt_conn *c = conn_new(l->stack);
	if (!c)
		return ENOMEM;
	int fd = accept4(l->watch.fd, (struct sockaddr *)from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	int e = fd < 0 ? errno : conn_adopt(c, fd, CONN_OPEN);
	if (!e) {
		*conn = c;
		return 0;
	}
	if (fd >= 0)
		close(fd);
	conn_drop(c);
	return e;
}

/* true when the next connection may be tried. */
static bool accept_one(struct sgt_listener *l)
{
	struct sockaddr_storage from;
	struct sgt_conn *c;
	int on = 1, e = take_one(l, &from, &c);
	if (e)
		return refused(l, e);
	setsockopt(c->watch.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	accepted(l, c, (const struct sockaddr *)&from);
	return true;
}

int sock_accept(struct sgt_listener *l, const struct sock_ends *ends, void *own,
		struct sgt_conn **conn)
{
	char local[SGT_ADDRESS_MAX];
	struct sockaddr_storage from;
	int e = take_one(l, &from, conn);
	if (e)
		return e;
	(*conn)->own = own;
	(*conn)->peer = ends->peer;
	deliver_accepted(l, *conn, ipaddr_format(&ends->local, local));
	return 0;
}

static void listener_event(struct watch *w, uint32_t events)
{
	struct sgt_listener *l = (struct sgt_listener *)w;
	(void)events;
	/* The callee may unlisten: then the watch is dead. */
	for (int i = 0; i < ACCEPTS && w->fn; i++)
		if (!accept_one(l))
			return;
}

static bool read_address(struct sgt_listener *l)
{
	struct ipaddr a;
	if (!socket_name(l->watch.fd, &a))
		return false;
	ipaddr_format(&a, l->address);
	return true;
}

static struct sgt_listener *listener_new(struct sock_stack *s, int fd, void *user,
					 struct sgt_error *error)
{
	struct sgt_listener *l = sock_alloc(s, NULL, sizeof *l);
	if (l)
		*l = (struct sgt_listener){.watch = {.fd = fd}, .stack = s, .user = user};
	else
		error_set(error, SGT_NOMEM, "memory is short for a listener");
	return l;
}

enum sgt_result sock_listen_at(struct sock_stack *s, int fd, const char *address, void *user,
			       struct sgt_listener **listener, struct sgt_error *error)
{
	struct sgt_listener *l = listener_new(s, fd, user, error);
	if (!l)
		return error->result;
	snprintf(l->address, sizeof l->address, "%s", address);
	LIST_INSERT_HEAD(&s->listeners, l, all);
	*listener = l;
	return SGT_OK;
}

enum sgt_result sock_listen(struct sock_stack *s, int fd, void *user,
			    struct sgt_listener **listener, struct sgt_error *error)
{
	struct sgt_listener *l = listener_new(s, fd, user, error);
	if (!l)
		return error->result;
	l->watch.fn = listener_event;
	int e = read_address(l) ? poller_add(&s->poller, &l->watch, EPOLLIN) : ENOTSOCK;
	if (e) {
		sock_alloc(s, l, 0);
		return error_errno(error, ERROR_SOCKET, e, "listening");
	}
	LIST_INSERT_HEAD(&s->listeners, l, all);
	*listener = l;
	return SGT_OK;
}

const char *sock_listener_address(struct sgt_listener *l)
{
	return l->address;
}

void sock_unlisten(struct sgt_listener *l)
{
	struct sock_stack *s = l->stack;
	poller_remove(&s->poller, &l->watch);
	LIST_REMOVE(l, all);
	s->ways->ended(s->ways_ctx, l->watch.fd);
	sock_bury(s, l, &l->grave);
}

void listener_stop(struct sock_stack *s)
{
	while (!LIST_EMPTY(&s->listeners))
		sock_unlisten(LIST_FIRST(&s->listeners));
}
