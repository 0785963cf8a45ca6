/*
 * Received bytes that are lent to the core until it consumes them.
 *
 * A stack has one pool, a connection one `struct lend`. A connection that has nothing lent owns no
 * memory. Bytes are read into the pool's landing block; few of them (a quarter of it at most) move into a
 * block of their size, many take the landing block with them. What follows is read behind them into
 * the same block, so a peer that sends byte by byte costs no block for each.
 *
 * Where bytes come before they may be lent (a kernel that fills buffers by itself), they land in
 * blocks of the pool's, are kept by lend_keep, and are lent later by lend_next.
 *
 * Bounds: lend_max bytes a connection; `max` bytes of blocks in the pool. When the pool is spent a
 * connection that holds at most LEND_FLOOR bytes may still read up to that, so that nobody waits
 * for ever on what others hold.
 */
#ifndef SMTPGATE_SUPPORT_LEND_H
#define SMTPGATE_SUPPORT_LEND_H

#include "support/prefix.h"
#include "smtpgate/transport.h"

#include <stdbool.h>

#define lend_pool_init SUPPORT(lend_pool_init)
#define lend_pool_free SUPPORT(lend_pool_free)
#define lend_pool_spent SUPPORT(lend_pool_spent)
#define lend_room SUPPORT(lend_room)
#define lend_block_new SUPPORT(lend_block_new)
#define lend_block_bytes SUPPORT(lend_block_bytes)
#define lend_block_drop SUPPORT(lend_block_drop)
#define lend_keep SUPPORT(lend_keep)
#define lend_next SUPPORT(lend_next)
#define lend_space SUPPORT(lend_space)
#define lend_commit SUPPORT(lend_commit)
#define lend_consume SUPPORT(lend_consume)
#define lend_free SUPPORT(lend_free)

#define LEND_BLOCK 16384u /* bytes of a usual block: most that one read takes */
#define LEND_FLOOR 4096u  /* what each connection may hold though the pool is spent */
#define LEND_SPARE 64u /* usual blocks kept for the next reads, or as many bytes of larger ones */

struct lend_block;

struct lend_pool {
	const struct sgt_host *host;
	size_t block; /* bytes of one */
	size_t max;   /* bytes of blocks lent at most */
	size_t held;  /* bytes of blocks lent now */
	struct lend_block *landing;
	struct lend_block *spare;
	unsigned spare_count;
};

struct lend {
	struct lend_block *head, *tail;
	size_t lent;              /* bytes not consumed yet */
	struct lend_block *fresh; /* the first with bytes that were kept and not lent yet */
	size_t kept;              /* how many those are */
};

/* block: LEND_BLOCK or a multiple of it. */
void lend_pool_init(struct lend_pool *pool, const struct sgt_host *host, size_t block, size_t max);
/* All lends must have been freed. */
void lend_pool_free(struct lend_pool *pool);
bool lend_pool_spent(const struct lend_pool *pool);

/* Where the next bytes may be read to, and how many. NULL: *len 0 because a bound is reached or
 * memory is short. */
void *lend_space(struct lend_pool *pool, struct lend *l, size_t lend_max, size_t *len);
/* n > 0 bytes were read into the last space; returns where they stand now. */
const void *lend_commit(struct lend_pool *pool, struct lend *l, void *space, size_t n);

/* How many bytes the bounds leave this connection. */
size_t lend_room(const struct lend_pool *pool, const struct lend *l, size_t lend_max);
/* A block to land in, which the caller has and may drop; NULL: memory is short. */
struct lend_block *lend_block_new(struct lend_pool *pool);
void *lend_block_bytes(struct lend_block *block);
void lend_block_drop(struct lend_pool *pool, struct lend_block *block);
/* n > 0 bytes landed in the block. true: the block is taken; false: they were copied, and it is the caller's again. */
bool lend_keep(struct lend_pool *pool, struct lend *l, struct lend_block *block, size_t n);
/* Lends the next kept bytes, up to the bound; NULL: there are none, or the bound is reached. */
const void *lend_next(struct lend *l, size_t lend_max, size_t *len);

/* n <= lent */
void lend_consume(struct lend_pool *pool, struct lend *l, size_t n);
/* With what is kept. */
void lend_free(struct lend_pool *pool, struct lend *l);

#endif
