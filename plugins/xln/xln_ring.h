/*
 * The ring: requests to the kernel, their completions, and the wait for them.
 *
 * Whoever has something for the kernel to do owns a struct xln_op, gets an entry of the submission
 * queue, fills it and starts the op. Its function is called for each completion, from
 * xln_ring_run alone; as long as an op is live the kernel may write to what the entry names, so its
 * owner must not be freed. Entries leave for the kernel with the next xln_ring_run.
 */
#ifndef SMTPGATE_XLN_RING_H
#define SMTPGATE_XLN_RING_H

#include <liburing.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xln_op {
	/* res: of the call or -errno; flags: IORING_CQE_F_*. The op is not live any more, unless F_MORE is set. */
	void (*done)(struct xln_op *op, int res, uint32_t flags);
	bool live;
};

struct xln_ring {
	struct io_uring io;
	bool open;
	unsigned live;  /* ops */
	unsigned setup; /* IORING_SETUP_* that the kernel took */
};

/* What the kernel must have (6.0, its first with multishot receive) is looked for. Returns 0, -errno of the setup, or
 * -EOPNOTSUPP when it is too old. The ring belongs to the calling thread. */
int xln_ring_open(struct xln_ring *r, unsigned entries, bool sqpoll);
/* The same with the first of these IORING_SETUP_* that the kernel takes. */
int xln_ring_open_as(struct xln_ring *r, unsigned entries, const unsigned *setups, size_t count);
/* No op may be live. */
void xln_ring_close(struct xln_ring *r);

/* The op that a structure begins with or holds: the structure. */
#define XLN_OWNER(op, type, member) ((type *)(void *)((char *)(op)-offsetof(type, member)))

/* A cleared entry; NULL when the queue is full and cannot be emptied now: try again after the next run. */
struct io_uring_sqe *xln_ring_entry(struct xln_ring *r);
/* Hands a filled entry to the op. */
void xln_ring_start(struct xln_ring *r, struct xln_op *op, struct io_uring_sqe *entry);
/* Asks the kernel to give up on a live op; its function is called all the same. */
void xln_ring_cancel(struct xln_ring *r, struct xln_op *op);

/* Submits, waits for at most timeout_ms for a completion, and calls what is due. Returns 0 or -errno. */
int xln_ring_run(struct xln_ring *r, int timeout_ms);
/* Cancels everything and runs until no op is live; false: the kernel still holds some after 10 s. */
bool xln_ring_quiet(struct xln_ring *r);

#endif
