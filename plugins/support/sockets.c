/* The socket stack's start, run and stop, its ready queue: see sockets.h. */
#include "support/sockets_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void *sock_alloc(struct sock_stack *s, void *old, size_t size)
{
	return s->host->alloc(s->host->ctx, old, size);
}

void sock_log(struct sock_stack *s, enum sgt_level level, const char *format, ...)
{
	char text[2 * SGT_TEXT_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	s->host->log(s->host->ctx, level, text);
}

void sock_init(struct sock_stack *s, const struct sgt_host *host, const struct sock_ways *ways,
	       void *ways_ctx)
{
	memset(s, 0, sizeof *s);
	s->host = host;
	s->ways = ways;
	s->ways_ctx = ways_ctx;
	s->maker = (struct socket_maker){.open = ways->open, .ctx = ways_ctx};
	s->poller.epoll_fd = s->poller.event_fd = -1;
	LIST_INIT(&s->conns);
	LIST_INIT(&s->listeners);
	LIST_INIT(&s->dgrams);
	STAILQ_INIT(&s->ready);
	TAILQ_INIT(&s->lingering);
}

enum sgt_result sock_start(struct sock_stack *s, struct sgt_error *error)
{
	int e = poller_open(&s->poller);
	if (e)
		return error_errno(error, ERROR_SOCKET, e, "epoll");
	lend_pool_init(&s->pool, s->host, SOCK_LEND_MAX, SOCK_POOL_MAX);
	memset(&s->counters, 0, sizeof s->counters);
	s->accept_again_ms = 0;
	s->limit_told = s->starving = false;
	return SGT_OK;
}

static void free_graves(struct sock_stack *s)
{
	while (s->graves) {
		struct sock_grave *g = s->graves;
		s->graves = g->next;
		sock_alloc(s, g->handle, 0);
	}
}

void sock_stop(struct sock_stack *s)
{
	listener_stop(s);
	dgram_stop(s);
	while (!LIST_EMPTY(&s->conns))
		conn_drop(LIST_FIRST(&s->conns));
	STAILQ_INIT(&s->ready);
	linger_stop(s);
	free_graves(s);
	lend_pool_free(&s->pool);
	s->datagram = sock_alloc(s, s->datagram, 0);
	poller_close(&s->poller);
}

void sock_wakeup(struct sock_stack *s)
{
	poller_wakeup(&s->poller);
}

void sock_bury(struct sock_stack *s, void *handle, struct sock_grave *grave)
{
	if (!s->poller.waiting) {
		sock_alloc(s, handle, 0);
		return;
	}
	grave->handle = handle;
	grave->next = s->graves;
	s->graves = grave;
}

void sock_ready_add(struct sgt_conn *c)
{
	if (c->queued)
		return;
	c->queued = true;
	STAILQ_INSERT_TAIL(&c->stack->ready, c, ready);
}

/* Serves those that were ready when it began: what they cause is for the next run. */
static void serve_ready(struct sock_stack *s)
{
	struct sock_ready now = STAILQ_HEAD_INITIALIZER(now);
	STAILQ_CONCAT(&now, &s->ready);
	while (!STAILQ_EMPTY(&now)) {
		struct sgt_conn *c = STAILQ_FIRST(&now);
		STAILQ_REMOVE_HEAD(&now, ready);
		c->queued = false;
		conn_serve(c);
	}
}

/* Receive memory came back: those that waited for it read on. */
static void feed_starving(struct sock_stack *s)
{
	struct sgt_conn *c;
	if (!s->starving || lend_pool_spent(&s->pool))
		return;
	s->starving = false;
	LIST_FOREACH(c, &s->conns, all)
	if (c->readable)
		sock_ready_add(c);
}

static int sooner(int a, int b)
{
	return b >= 0 && b < a ? b : a;
}

int sock_patience(struct sock_stack *s, int timeout_ms)
{
	int timeout = sooner(timeout_ms < 0 ? 0 : timeout_ms, listener_resume(s));
	timeout = sooner(timeout, linger_expire(s));
	feed_starving(s);
	return STAILQ_EMPTY(&s->ready) ? timeout : 0;
}

enum sgt_result sock_run(struct sock_stack *s, int timeout_ms, struct sgt_error *error)
{
	int e = poller_wait(&s->poller, sock_patience(s, timeout_ms));
	if (e)
		return error_errno(error, ERROR_READ, e, "epoll");
	serve_ready(s);
	free_graves(s);
	return SGT_OK;
}
