/*
 * A stack's start, its turns and its end. One turn: wait for the wire, a wakeup or lwIP's next timer; frames in; timers;
 * packets from us to us; then, with lwIP at rest, events out.
 */
#include "ftp/ftp.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define DRAIN_MS 250u /* how long stop waits for what the core has closed */
#define DRAIN_STEP_MS 10

static void reset(struct sgt_stack *s)
{
	s->starving = false;
	LIST_INIT(&s->conns);
	LIST_INIT(&s->listeners);
	LIST_INIT(&s->dgrams);
	STAILQ_INIT(&s->ready);
	STAILQ_INIT(&s->ready_dgrams);
	lend_pool_init(&s->pool, s->host, LEND_BLOCK, FTP_POOL_MAX);
}

static void close_event(struct sgt_stack *s)
{
	if (s->event_fd >= 0)
		close(s->event_fd);
	s->event_fd = -1;
}

enum sgt_result ftp_start(struct sgt_stack *s, struct sgt_error *error)
{
	reset(s);
	s->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->event_fd < 0)
		return error_errno(error, ERROR_SOCKET, errno, "eventfd");
	enum sgt_result r = ftp_face_join(s, error);
	if (r != SGT_OK)
		close_event(s);
	return r;
}

void ftp_wakeup(struct sgt_stack *s)
{
	uint64_t one = 1;
	ssize_t n = write(s->event_fd, &one, sizeof one);
	(void)n; /* full: it is woken already */
}

/* ---- a turn ---- */

static int patience(const struct sgt_stack *s, int timeout)
{
	u32_t next = sys_timeouts_sleeptime();
	if (s->face->looped || !STAILQ_EMPTY(&s->ready) || !STAILQ_EMPTY(&s->ready_dgrams))
		return 0;
	return next < (u32_t)timeout ? (int)next : timeout;
}

/* Waits without the lock. */
static int wait(struct sgt_stack *s, struct pollfd fds[2], int timeout)
{
	timeout = patience(s, timeout);
	ftp_unlock();
	int n = poll(fds, 2, timeout);
	ftp_lock(s);
	return n;
}

/* Waits, and has lwIP do its part. */
static void turn(struct sgt_stack *s, int timeout)
{
	uint64_t wakeups;
	struct pollfd fds[2] = {{.fd = wire_fd(&s->face->wire), .events = POLLIN},
				{.fd = s->event_fd, .events = POLLIN}};
	int n = wait(s, fds, timeout);
	if (n > 0 && fds[1].revents) {
		ssize_t got = read(s->event_fd, &wakeups, sizeof wakeups);
		(void)got; /* another turn has read it */
	}
	if (n > 0 && fds[0].revents) {
		ftp_netif_flush(s->face);
		ftp_netif_input(s);
	}
	sys_check_timeouts();
	ftp_face_loop();
}

/* Connections that waited for receive memory get their turn when there is some. */
static void feed(struct sgt_stack *s)
{
	struct sgt_conn *c;
	if (!s->starving || lend_pool_spent(&s->pool))
		return;
	s->starving = false;
	LIST_FOREACH(c, &s->conns, all)
	if (c->rx)
		ftp_conn_ready(c);
}

/* What is due now; what becomes due by that waits for its next call, so that nobody starves the wire. */
static void serve(struct sgt_stack *s)
{
	struct ftp_queue now = STAILQ_HEAD_INITIALIZER(now);
	struct sgt_conn *c;
	STAILQ_CONCAT(&now, &s->ready);
	while ((c = STAILQ_FIRST(&now))) {
		STAILQ_REMOVE_HEAD(&now, next_ready);
		ftp_conn_serve(c);
	}
	for (unsigned i = 0; i < FTP_PACKETS && ftp_dgram_serve(s); i++)
		;
}

enum sgt_result ftp_run(struct sgt_stack *s, int timeout_ms, struct sgt_error *error)
{
	ftp_lock(s);
	turn(s, timeout_ms);
	bool lost = s->face->lost;
	struct wire was = s->face->wire;
	if (!lost) {
		serve(s);
		serve(s); /* what that caused: mostly SENT, which is not worth a turn of its own */
		feed(s);
	}
	ftp_unlock();
	if (!lost)
		return SGT_OK;
	wire_lost(&was, error);
	return error->result;
}

/* ---- the end ---- */

/* Who is not the last of a face leaves what it has closed to the others. */
static void drain(struct sgt_stack *s)
{
	const struct ftp_face *f = s->face;
	uint64_t end = s->host->now_ms(s->host->ctx) + DRAIN_MS;
	bool last = LIST_FIRST(&f->started) == s && !LIST_NEXT(s, of_face);
	ftp_netif_flush(s->face);
	while (last && !f->lost && ftp_draining(f) && s->host->now_ms(s->host->ctx) < end) {
		STAILQ_INIT(&s->ready); /* nothing is delivered any more */
		turn(s, DRAIN_STEP_MS);
	}
}

static void end_conns(struct sgt_stack *s)
{
	struct sgt_conn *c;
	LIST_FOREACH(c, &s->conns, all)
	{
		struct tcp_pcb *pcb = c->pcb;
		ftp_bytes_detach(c);
		if (pcb)
			tcp_abort(pcb);
	}
}

void ftp_stop(struct sgt_stack *s)
{
	pthread_mutex_lock(&s->face->door);
	ftp_lock(s);
	while (!LIST_EMPTY(&s->listeners))
		ftp_unlisten(LIST_FIRST(&s->listeners));
	while (!LIST_EMPTY(&s->dgrams))
		ftp_dgram_close(LIST_FIRST(&s->dgrams));
	end_conns(s);
	drain(s);
	while (!LIST_EMPTY(&s->conns))
		ftp_conn_free(LIST_FIRST(&s->conns));
	ftp_face_leave(s);
	ftp_unlock();
	pthread_mutex_unlock(&s->face->door);
	lend_pool_free(&s->pool);
	close_event(s);
}
