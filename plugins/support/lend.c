/* Lent bytes: see lend.h. */
#include "support/lend.h"

#include <assert.h>
#include <string.h>

#define SMALL 4096u /* bytes up to this leave the landing block where it is */
#define SMALLEST 256u

struct lend_block {
	struct lend_block *next;
	size_t size;       /* of bytes */
	size_t start, end; /* lent part */
	unsigned char bytes[];
};

static void *host_alloc(const struct lend_pool *pool, void *old, size_t size)
{
	return pool->host->alloc(pool->host->ctx, old, size);
}

static struct lend_block *block_new(struct lend_pool *pool, size_t size)
{
	struct lend_block *b = pool->spare;
	if (size == LEND_BLOCK && b) {
		pool->spare = b->next;
		pool->spare_count--;
	} else {
		b = host_alloc(pool, NULL, sizeof *b + size);
	}
	if (b) {
		b->next = NULL;
		b->size = size;
		b->start = b->end = 0;
	}
	return b;
}

static void block_free(struct lend_pool *pool, struct lend_block *b)
{
	pool->held -= b->size;
	if (b->size == LEND_BLOCK && pool->spare_count < LEND_SPARE) {
		b->next = pool->spare;
		pool->spare = b;
		pool->spare_count++;
	} else {
		host_alloc(pool, b, 0);
	}
}

void lend_pool_init(struct lend_pool *pool, const struct sgt_host *host, size_t max)
{
	memset(pool, 0, sizeof *pool);
	pool->host = host;
	pool->max = max;
}

void lend_pool_free(struct lend_pool *pool)
{
	assert(!pool->held);
	while (pool->spare) {
		struct lend_block *b = pool->spare;
		pool->spare = b->next;
		host_alloc(pool, b, 0);
	}
	if (pool->landing)
		host_alloc(pool, pool->landing, 0);
	pool->landing = NULL;
	pool->spare_count = 0;
}

bool lend_pool_spent(const struct lend_pool *pool)
{
	return pool->held + LEND_BLOCK > pool->max;
}

/* How many bytes the bounds leave this connection. */
static size_t room(const struct lend_pool *pool, const struct lend *l, size_t lend_max)
{
	size_t bound = lend_pool_spent(pool) && LEND_FLOOR < lend_max ? LEND_FLOOR : lend_max;
	return l->lent < bound ? bound - l->lent : 0;
}

void *lend_space(struct lend_pool *pool, struct lend *l, size_t lend_max, size_t *len)
{
	size_t most = room(pool, l, lend_max);
	struct lend_block *b = l->tail;
	*len = 0;
	if (!most)
		return NULL;
	if (!b || b->end == b->size) {
		if (!pool->landing)
			pool->landing = block_new(pool, LEND_BLOCK);
		b = pool->landing;
	}
	if (!b)
		return NULL;
	*len = b->size - b->end < most ? b->size - b->end : most;
	return b->bytes + b->end;
}

/* A block for n bytes that lie in the landing block: of their size, or the landing block itself. */
static struct lend_block *settle(struct lend_pool *pool, size_t n)
{
	struct lend_block *b = NULL;
	size_t size = SMALLEST;
	while (size < n)
		size *= 2;
	if (size <= SMALL)
		b = block_new(pool, size);
	if (b) {
		memcpy(b->bytes, pool->landing->bytes, n);
		return b;
	}
	b = pool->landing;
	pool->landing = NULL;
	return b;
}

const void *lend_commit(struct lend_pool *pool, struct lend *l, void *space, size_t n)
{
	struct lend_block *b = l->tail;
	if (pool->landing && space == pool->landing->bytes) {
		b = settle(pool, n);
		pool->held += b->size;
		*(l->tail ? &l->tail->next : &l->head) = b;
		l->tail = b;
	}
	assert(b && n && n <= b->size - b->end);
	const void *at = b->bytes + b->end;
	b->end += n;
	l->lent += n;
	return at;
}

void lend_consume(struct lend_pool *pool, struct lend *l, size_t n)
{
	assert(n <= l->lent);
	l->lent -= n;
	while (n) {
		struct lend_block *b = l->head;
		size_t part = b->end - b->start < n ? b->end - b->start : n;
		b->start += part;
		n -= part;
		if (b->start < b->end)
			break;
		l->head = b->next;
		if (!l->head)
			l->tail = NULL;
		block_free(pool, b);
	}
}

void lend_free(struct lend_pool *pool, struct lend *l)
{
	lend_consume(pool, l, l->lent);
}
