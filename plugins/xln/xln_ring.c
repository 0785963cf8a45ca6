/* The ring: see xln_ring.h. Owns the mapped queues and their descriptor. */
#include "xln/xln_ring.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#define QUIET_TURNS 100 /* of QUIET_MS each */
#define QUIET_MS 100
#define SHORT_TURNS 50 /* of SHORT_MS each */
#define SHORT_MS 10
#define POLL_IDLE_MS 100 /* then the kernel's thread sleeps, until it is woken by a call */

/* Best first. An older kernel refuses flags that it does not know. */
static const unsigned setups[] = {
	IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL,
	IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SUBMIT_ALL,
	IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SUBMIT_ALL,
	0,
};
/* The kernel's own thread collects requests: it defers nothing to ours. */
static const unsigned polled_setups[] = {
	IORING_SETUP_SQPOLL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_SUBMIT_ALL,
	IORING_SETUP_SQPOLL,
};

#define FEATURES                                                                  \
	(IORING_FEAT_NODROP | IORING_FEAT_SUBMIT_STABLE | IORING_FEAT_FAST_POLL | \
	 IORING_FEAT_EXT_ARG | IORING_FEAT_CQE_SKIP)

static int try_setups(struct xln_ring *r, unsigned entries, const unsigned *flags, size_t count)
{
	int e = -EINVAL;
	for (size_t i = 0; i < count && e == -EINVAL; i++) {
		struct io_uring_params p = {.flags = flags[i] | IORING_SETUP_CLAMP,
					    .sq_thread_idle = POLL_IDLE_MS};
		e = io_uring_queue_init_params(entries, &r->io, &p);
		r->setup = flags[i];
	}
	return e;
}

/* A ring counts against what its user may lock (ulimit -l), and the kernel takes a closed one back some time after: who starts
 * again and again is not short of memory, and waits. */
static int set_up(struct xln_ring *r, unsigned entries, const unsigned *flags, size_t count)
{
	int e = try_setups(r, entries, flags, count);
	for (unsigned i = 0; i < SHORT_TURNS && e == -ENOMEM; i++) {
		usleep(SHORT_MS * 1000);
		e = try_setups(r, entries, flags, count);
	}
	return e;
}

/* Multishot receive has no feature bit of its own: it came with the same release as SEND_ZC. */
static bool is_new_enough(struct xln_ring *r)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(&r->io);
	bool has = probe && io_uring_opcode_supported(probe, IORING_OP_SEND_ZC);
	if (probe)
		io_uring_free_probe(probe);
	return has && (r->io.features & FEATURES) == FEATURES;
}

int xln_ring_open(struct xln_ring *r, unsigned entries, bool sqpoll)
{
	if (sqpoll)
		return xln_ring_open_as(r, entries, polled_setups,
					sizeof polled_setups / sizeof *setups);
	return xln_ring_open_as(r, entries, setups, sizeof setups / sizeof *setups);
}

int xln_ring_open_as(struct xln_ring *r, unsigned entries, const unsigned *flags, size_t count)
{
	*r = (struct xln_ring){.live = 0};
	int e = set_up(r, entries, flags, count);
	if (e < 0)
		return e;
	r->open = true;
	if (!is_new_enough(r)) {
		xln_ring_close(r);
		return -EOPNOTSUPP;
	}
	io_uring_register_ring_fd(&r->io); /* saves a look-up a call; goes without as well */
	return 0;
}

void xln_ring_close(struct xln_ring *r)
{
	if (r->open)
		io_uring_queue_exit(&r->io);
	r->open = false;
}

/* ---- requests ---- */

struct io_uring_sqe *xln_ring_entry(struct xln_ring *r)
{
	struct io_uring_sqe *entry = io_uring_get_sqe(&r->io);
	if (entry)
		return entry;
	io_uring_submit(&r->io);
	if (r->setup & IORING_SETUP_SQPOLL)
		io_uring_sqring_wait(&r->io);
	return io_uring_get_sqe(&r->io);
}

void xln_ring_start(struct xln_ring *r, struct xln_op *op, struct io_uring_sqe *entry)
{
	io_uring_sqe_set_data(entry, op);
	op->live = true;
	r->live++;
}

/* Without an entry the kernel is asked at once; it does not wait for the op's end either. */
static void cancel_now(struct xln_ring *r, struct xln_op *op)
{
	struct io_uring_sync_cancel_reg how = {.addr = (uintptr_t)op, .fd = -1};
	io_uring_register_sync_cancel(&r->io, &how);
}

void xln_ring_cancel(struct xln_ring *r, struct xln_op *op)
{
	if (!op->live)
		return;
	struct io_uring_sqe *entry = xln_ring_entry(r);
	if (!entry) {
		cancel_now(r, op);
		return;
	}
	io_uring_prep_cancel(entry, op, 0);
	io_uring_sqe_set_data(entry, NULL);
	io_uring_sqe_set_flags(entry, IOSQE_CQE_SKIP_SUCCESS);
}

/* ---- completions ---- */

static void dispatch(struct xln_ring *r, const struct io_uring_cqe *cqe)
{
	struct xln_op *op = io_uring_cqe_get_data(cqe);
	int res = cqe->res;
	uint32_t flags = cqe->flags;
	/* Ours no more before the call: it may submit, and that may need room. */
	io_uring_cq_advance(&r->io, 1);
	if (!op)
		return; /* a cancel that came too late */
	if (!(flags & IORING_CQE_F_MORE)) {
		op->live = false;
		r->live--;
	}
	op->done(op, res, flags);
}

static int wait_for(struct xln_ring *r, int timeout_ms)
{
	struct io_uring_cqe *cqe;
	struct __kernel_timespec t = {.tv_sec = timeout_ms / 1000,
				      .tv_nsec = (long long)(timeout_ms % 1000) * 1000000};
	if (timeout_ms <= 0 || io_uring_cq_ready(&r->io))
		return io_uring_submit_and_get_events(&r->io);
	return io_uring_submit_and_wait_timeout(&r->io, &cqe, 1, &t, NULL);
}

int xln_ring_run(struct xln_ring *r, int timeout_ms)
{
	struct io_uring_cqe *cqe;
	int e = wait_for(r, timeout_ms);
	/* EBUSY, EAGAIN: completions or memory first; they are here, or come with the next run. */
	if (e < 0 && e != -ETIME && e != -EINTR && e != -EBUSY && e != -EAGAIN)
		return e;
	/* What is there now: what the calls cause is for the next run. */
	for (unsigned n = io_uring_cq_ready(&r->io); n; n--) {
		if (io_uring_peek_cqe(&r->io, &cqe) < 0)
			break;
		dispatch(r, cqe);
	}
	return 0;
}

bool xln_ring_quiet(struct xln_ring *r)
{
	for (int i = 0; i < QUIET_TURNS && r->live; i++) {
		struct io_uring_sqe *entry = xln_ring_entry(r);
		if (entry) {
			io_uring_prep_cancel(entry, NULL,
					     IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
			io_uring_sqe_set_data(entry, NULL);
			io_uring_sqe_set_flags(entry, IOSQE_CQE_SKIP_SUCCESS);
		}
		xln_ring_run(r, QUIET_MS);
	}
	return !r->live;
}
