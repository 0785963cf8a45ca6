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
	s->lost = s->looped = s->starving = false;
	s->conflict_ms = s->defended_ms = 0;
	LIST_INIT(&s->conns);
	LIST_INIT(&s->listeners);
	LIST_INIT(&s->dgrams);
	STAILQ_INIT(&s->ready);
	STAILQ_INIT(&s->ready_dgrams);
	STAILQ_INIT(&s->frames);
	lend_pool_init(&s->pool, s->host, LEND_BLOCK, FTP_POOL_MAX);
}

static void close_rest(struct sgt_stack *s)
{
	wire_close(&s->wire);
	if (s->event_fd >= 0)
		close(s->event_fd);
	s->event_fd = -1;
	ftp_release(s);
}

enum sgt_result ftp_start(struct sgt_stack *s, struct sgt_error *error)
{
	enum sgt_result r = SGT_OK;
	if (!ftp_claim(s))
		return error_set(error, SGT_SOCKET,
				 "another stack of ftp runs in this process, and lwIP is there "
				 "once");
	reset(s);
	s->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->event_fd < 0)
		r = error_errno(error, ERROR_SOCKET, errno, "eventfd");
	if (r == SGT_OK)
		r = wire_open(&s->wire, error);
	if (r == SGT_OK)
		r = ftp_netif_up(s, error);
	if (r != SGT_OK)
		close_rest(s);
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
	if (s->looped || !STAILQ_EMPTY(&s->ready) || !STAILQ_EMPTY(&s->ready_dgrams))
		return 0;
	return next < (u32_t)timeout ? (int)next : timeout;
}

/* Waits, and has lwIP do its part. */
static void turn(struct sgt_stack *s, int timeout)
{
	uint64_t wakeups;
	struct pollfd fds[2] = {{.fd = wire_fd(&s->wire), .events = POLLIN},
				{.fd = s->event_fd, .events = POLLIN}};
	int n = poll(fds, 2, patience(s, timeout));
	if (n > 0 && fds[1].revents) {
		ssize_t got = read(s->event_fd, &wakeups, sizeof wakeups);
		(void)got; /* another turn has read it */
	}
	if (n > 0 && fds[0].revents) {
		ftp_netif_flush(s);
		ftp_netif_input(s);
	}
	sys_check_timeouts();
	ftp_loop(s);
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
	turn(s, timeout_ms);
	if (s->lost) {
		wire_lost(&s->wire, error);
		return error->result;
	}
	serve(s);
	serve(s); /* what that caused: mostly SENT, which is not worth a turn of its own */
	feed(s);
	return SGT_OK;
}

/* ---- the end ---- */

static void drain(struct sgt_stack *s)
{
	uint64_t end = s->host->now_ms(s->host->ctx) + DRAIN_MS;
	ftp_netif_flush(s);
	while (!s->lost && ftp_draining() && s->host->now_ms(s->host->ctx) < end) {
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
	while (!LIST_EMPTY(&s->listeners))
		ftp_unlisten(LIST_FIRST(&s->listeners));
	while (!LIST_EMPTY(&s->dgrams))
		ftp_dgram_close(LIST_FIRST(&s->dgrams));
	end_conns(s);
	drain(s);
	while (!LIST_EMPTY(&s->conns))
		ftp_conn_free(LIST_FIRST(&s->conns));
	ftp_trim_all();
	while (s->looped) /* lwIP would keep what is on its way from us to us */
		ftp_loop(s);
	ftp_netif_flush(s);
	ftp_netif_down(s);
	lend_pool_free(&s->pool);
	close_rest(s);
}
