/*
 * The stack's start, run and stop, and its ready queue.
 *
 * Where events come from: the ring calls the functions of connections, listeners and datagram
 * handles. What cannot be delivered there (because a call outside run caused it) waits in the ready
 * queue, which xln_run serves after the completions. CLOSED is always delivered from there, so no
 * connection is freed while a completion of it is being served.
 */
#include "xln/xln.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* ---- being woken ---- */

static void read_wakeups(struct sgt_stack *s)
{
	struct io_uring_sqe *entry = xln_ring_entry(&s->ring);
	if (!entry)
		return; /* xln_run tries again */
	io_uring_prep_read(entry, s->wake_fd, &s->wake_count, sizeof s->wake_count, 0);
	xln_ring_start(&s->ring, &s->wake, entry);
}

static void woken(struct xln_op *op, int res, uint32_t flags)
{
	(void)op;
	(void)res;
	(void)flags; /* xln_run waits for the next one */
}

void xln_wakeup(struct sgt_stack *s)
{
	uint64_t one = 1;
	/* It fails only when the counter is full, and then the wait is cut short already. */
	ssize_t n = write(s->wake_fd, &one, sizeof one);
	(void)n;
}

/* ---- start and stop ---- */

static enum sgt_result no_ring(struct sgt_stack *s, int e, struct sgt_error *error)
{
	struct sgt_report report;
	xln_explain(s, e, &report);
	error_set(error, report.state == SGT_FORBIDDEN ? SGT_DENIED : SGT_SOCKET, "%s",
		  report.cause);
	error_remedy(error, "%s", report.remedy);
	return error->result;
}

static void let_go(struct sgt_stack *s)
{
	xln_ring_close(&s->ring);
	xln_intake_close(&s->intake);
	lend_pool_free(&s->pool);
	if (s->wake_fd >= 0)
		close(s->wake_fd);
	s->wake_fd = -1;
}

/* Half of the buffers lie with the kernel, half may be lent. */
static int open_all(struct sgt_stack *s)
{
	int e = xln_kernel->open(&s->ring, s->entries, s->sqpoll);
	if (e < 0)
		return e;
	lend_pool_init(&s->pool, s->host, XLN_BLOCK, s->buffers / 2);
	e = xln_intake_open(&s->intake, &s->ring, &s->pool, s->buffers / 2);
	if (e == -EINVAL)
		return -EOPNOTSUPP;
	if (e < 0)
		return e;
	s->wake_fd = eventfd(0, EFD_CLOEXEC);
	return s->wake_fd < 0 ? -errno : 0;
}

enum sgt_result xln_start(struct sgt_stack *s, struct sgt_error *error)
{
	memset(&s->counters, 0, sizeof s->counters);
	s->accept_again_ms = 0;
	s->limit_told = s->starving = s->stopping = false;
	s->wake = (struct xln_op){.done = woken};
	int e = open_all(s);
	if (e < 0) {
		let_go(s);
		return no_ring(s, e, error);
	}
	return SGT_OK;
}

/* The kernel has given up all requests, and writes to nothing of ours any more. */
static void free_all(struct sgt_stack *s)
{
	while (!LIST_EMPTY(&s->conns))
		xln_conn_drop(LIST_FIRST(&s->conns));
	let_go(s);
}

void xln_stop(struct sgt_stack *s)
{
	s->stopping = true;
	xln_listener_stop(s);
	xln_dgram_stop(s);
	xln_linger_stop(s);
	bool quiet = xln_ring_quiet(&s->ring);
	STAILQ_INIT(&s->ready);
	if (quiet) {
		free_all(s);
		return;
	}
	/* Memory that the kernel may still write to is never used again. */
	xln_log(s, SGT_LOG_ERROR,
		"%s: the kernel does not give up %u requests: their memory is lost", s->name,
		s->ring.live);
	xln_ring_close(&s->ring);
	LIST_INIT(&s->conns);
	TAILQ_INIT(&s->lingering);
	s->linger_count = 0;
	close(s->wake_fd);
	s->wake_fd = -1;
}

/* ---- run ---- */

void xln_ready_add(struct sgt_conn *c)
{
	if (c->queued)
		return;
	c->queued = true;
	STAILQ_INSERT_TAIL(&c->stack->ready, c, ready);
}

/* Serves those that were ready when it began: what they cause is for the next run. */
static void serve_ready(struct sgt_stack *s)
{
	struct xln_ready now = STAILQ_HEAD_INITIALIZER(now);
	STAILQ_CONCAT(&now, &s->ready);
	while (!STAILQ_EMPTY(&now)) {
		struct sgt_conn *c = STAILQ_FIRST(&now);
		STAILQ_REMOVE_HEAD(&now, ready);
		c->queued = false;
		xln_conn_serve(c);
	}
}

/* Receive memory came back: those that waited for it read on. */
static void feed_starving(struct sgt_stack *s)
{
	struct sgt_conn *c;
	xln_intake_fill(&s->intake);
	if (!s->starving || lend_pool_spent(&s->pool) || xln_intake_dry(&s->intake))
		return;
	s->starving = false;
	LIST_FOREACH(c, &s->conns, all)
	if (!c->recv.live)
		xln_ready_add(c);
}

static int sooner(int a, int b)
{
	return b >= 0 && b < a ? b : a;
}

enum sgt_result xln_run(struct sgt_stack *s, int timeout_ms, struct sgt_error *error)
{
	int timeout = sooner(timeout_ms < 0 ? 0 : timeout_ms, xln_listener_resume(s));
	timeout = sooner(timeout, xln_linger_expire(s));
	feed_starving(s);
	if (!s->wake.live)
		read_wakeups(s);
	if (!STAILQ_EMPTY(&s->ready) || !s->wake.live)
		timeout = 0;
	int e = xln_ring_run(&s->ring, timeout);
	if (e < 0)
		return error_errno(error, ERROR_READ, -e, "io_uring");
	serve_ready(s);
	return SGT_OK;
}
