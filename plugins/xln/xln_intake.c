/* Buffers for the kernel: see xln_intake.h. Owns the ring of places and the blocks in it. */
#include "xln/xln_intake.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define PLACES_MOST 32768u /* the kernel's bound */
#define PLACES_LEAST 8u    /* so many are filled though the pool is spent */

static void *host_alloc(const struct xln_intake *in, void *old, size_t size)
{
	return in->pool->host->alloc(in->pool->host->ctx, old, size);
}

static void give(struct xln_intake *in, unsigned place)
{
	io_uring_buf_ring_add(in->ring, lend_block_bytes(in->blocks[place]),
			      (unsigned)in->pool->block, (unsigned short)place,
			      io_uring_buf_ring_mask(in->count), 0);
	io_uring_buf_ring_advance(in->ring, 1);
}

static unsigned places(size_t block, size_t bytes)
{
	unsigned n = PLACES_LEAST;
	while (n < PLACES_MOST && 2 * n * block <= bytes)
		n *= 2;
	return n;
}

/* Everything starts empty; xln_intake_fill makes the blocks. */
static bool make(struct xln_intake *in)
{
	in->blocks = host_alloc(in, NULL, in->count * sizeof(struct lend_block *));
	in->empty = host_alloc(in, NULL, in->count * sizeof *in->empty);
	if (in->blocks)
		memset(in->blocks, 0, in->count * sizeof(struct lend_block *));
	if (!in->blocks || !in->empty)
		return false;
	for (in->empty_count = 0; in->empty_count < in->count; in->empty_count++)
		in->empty[in->empty_count] = (uint16_t)(in->count - 1 - in->empty_count);
	void *p = mmap(NULL, in->ring_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);
	in->ring = p == MAP_FAILED ? NULL : p;
	return in->ring != NULL;
}

int xln_intake_open(struct xln_intake *in, struct xln_ring *r, struct lend_pool *pool, size_t bytes)
{
	*in = (struct xln_intake){.pool = pool, .count = places(pool->block, bytes)};
	in->ring_bytes = in->count * sizeof(struct io_uring_buf);
	int e = make(in) ? 0 : -ENOMEM;
	if (!e) {
		struct io_uring_buf_reg how = {.ring_addr = (uintptr_t)in->ring,
					       .ring_entries = in->count,
					       .bgid = XLN_GROUP};
		io_uring_buf_ring_init(in->ring);
		e = io_uring_register_buf_ring(&r->io, &how, 0);
	}
	if (!e)
		xln_intake_fill(in);
	if (!e && xln_intake_dry(in))
		e = -ENOMEM;
	return e;
}

void xln_intake_close(struct xln_intake *in)
{
	for (unsigned i = 0; in->blocks && i < in->count; i++)
		if (in->blocks[i])
			lend_block_drop(in->pool, in->blocks[i]);
	if (in->pool) {
		host_alloc(in, in->blocks, 0);
		host_alloc(in, in->empty, 0);
	}
	if (in->ring)
		munmap(in->ring, in->ring_bytes);
	*in = (struct xln_intake){.pool = NULL};
}

void xln_intake_fill(struct xln_intake *in)
{
	while (in->empty_count) {
		unsigned filled = in->count - in->empty_count;
		if (lend_pool_spent(in->pool) && filled >= PLACES_LEAST)
			return;
		struct lend_block *b = lend_block_new(in->pool);
		if (!b)
			return;
		unsigned place = in->empty[--in->empty_count];
		in->blocks[place] = b;
		give(in, place);
	}
}

void xln_intake_keep(struct xln_intake *in, struct lend *l, unsigned place, size_t n)
{
	if (!lend_keep(in->pool, l, in->blocks[place], n)) {
		give(in, place);
		return;
	}
	in->blocks[place] = NULL;
	in->empty[in->empty_count++] = (uint16_t)place;
	xln_intake_fill(in);
}

void xln_intake_waste(struct xln_intake *in, unsigned place)
{
	give(in, place);
}

bool xln_intake_dry(const struct xln_intake *in)
{
	return in->empty_count == in->count;
}
