/*
 * The buffers that the kernel receives into: blocks of the lending pool, in a ring that the kernel
 * takes them from by itself.
 *
 * A block in which much arrived becomes the connection's and is replaced; little is copied out and
 * the block goes back at once. When the pool is spent, blocks are not replaced, but for a few that
 * keep everybody going; the ring fills up again when the core has consumed.
 */
#ifndef SMTPGATE_XLN_INTAKE_H
#define SMTPGATE_XLN_INTAKE_H

#include "support/lend.h"
#include "xln/xln_ring.h"

#define XLN_GROUP 0 /* of buffers, in the kernel's words */

struct xln_intake {
	struct lend_pool *pool;
	struct io_uring_buf_ring *ring; /* shared with the kernel */
	size_t ring_bytes;
	unsigned count;             /* of places, a power of two */
	struct lend_block **blocks; /* by place; NULL: empty */
	uint16_t *empty;            /* which places are */
	unsigned empty_count;
};

/* Up to `bytes` of blocks. Returns 0 or -errno; -EINVAL: the kernel is too old. */
int xln_intake_open(struct xln_intake *in, struct xln_ring *r, struct lend_pool *pool,
		    size_t bytes);
/* After the ring was closed: the kernel writes no more. */
void xln_intake_close(struct xln_intake *in);
/* n > 0 bytes arrived in the block of this place: they are kept for the connection. */
void xln_intake_keep(struct xln_intake *in, struct lend *l, unsigned place, size_t n);
/* They are not wanted. */
void xln_intake_waste(struct xln_intake *in, unsigned place);
/* Fills empty places, as far as the pool allows. */
void xln_intake_fill(struct xln_intake *in);
/* Is there nothing the kernel could receive into? */
bool xln_intake_dry(const struct xln_intake *in);

#endif
