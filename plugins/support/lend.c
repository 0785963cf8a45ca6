/* Lent bytes: see lend.h. */
#include "support/lend.h"

#include <assert.h>
#include <string.h>

#define SMALLEST 256u

struct lend_block {
	struct lend_block *next;
	size_t size;             /* of bytes */
	size_t start, told, end; /* lent from start to told, kept from there to the end */
	unsigned char bytes[];
};

static void *host_alloc(const struct lend_pool *pool, void *old, size_t size)
{
	return pool->host->alloc(pool->host->ctx, old, size);
}

static struct lend_block *block_new(struct lend_pool *pool, size_t size)
{
	struct lend_block *b = pool->spare;
	if (size == pool->block && b) {
		pool->spare = b->next;
		pool->spare_count--;
	} else {
		b = host_alloc(pool, NULL, sizeof *b + size);
	}
	if (b) {
		b->next = NULL;
		b->size = size;
		b->start = b->told = b->end = 0;
	}
	return b;
}

void lend_block_drop(struct lend_pool *pool, struct lend_block *b)
{
	size_t spare = pool->spare_count * pool->block;
	if (b->size == pool->block && spare < (size_t)LEND_SPARE * LEND_BLOCK) {
		b->next = pool->spare;
		pool->spare = b;
		pool->spare_count++;
	} else {
		host_alloc(pool, b, 0);
	}
}

static void block_free(struct lend_pool *pool, struct lend_block *b)
{
	pool->held -= b->size;
	lend_block_drop(pool, b);
}

struct lend_block *lend_block_new(struct lend_pool *pool)
{
	return block_new(pool, pool->block);
}

void *lend_block_bytes(struct lend_block *b)
{
	return b->bytes;
}

void lend_pool_init(struct lend_pool *pool, const struct sgt_host *host, size_t block, size_t max)
{
	memset(pool, 0, sizeof *pool);
	pool->host = host;
	pool->block = block;
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
	return pool->held + pool->block > pool->max;
}

size_t lend_room(const struct lend_pool *pool, const struct lend *l, size_t lend_max)
{
	size_t bound = lend_pool_spent(pool) && LEND_FLOOR < lend_max ? LEND_FLOOR : lend_max;
	size_t has = l->lent + l->kept;
	return has < bound ? bound - has : 0;
}

void *lend_space(struct lend_pool *pool, struct lend *l, size_t lend_max, size_t *len)
{
	size_t most = lend_room(pool, l, lend_max);
	struct lend_block *b = l->tail;
	*len = 0;
	if (!most)
		return NULL;
	if (!b || b->end == b->size) {
		if (!pool->landing)
			pool->landing = block_new(pool, pool->block);
		b = pool->landing;
	}
	if (!b)
		return NULL;
	*len = b->size - b->end < most ? b->size - b->end : most;
	return b->bytes + b->end;
}

/* Bytes up to this leave the landing block where it is. */
static size_t small(const struct lend_pool *pool)
{
	return pool->block / 4;
}

/* A block for n bytes that lie in the landing one: of their size, or the landing block itself. */
static struct lend_block *settle(struct lend_pool *pool, struct lend_block *landing, size_t n)
{
	struct lend_block *b = NULL;
	size_t size = SMALLEST;
	while (size < n)
		size *= 2;
	if (size <= small(pool))
		b = block_new(pool, size);
	if (b)
		memcpy(b->bytes, landing->bytes, n);
	return b ? b : landing;
}

static void append(struct lend_pool *pool, struct lend *l, struct lend_block *b)
{
	pool->held += b->size;
	*(l->tail ? &l->tail->next : &l->head) = b;
	l->tail = b;
}

const void *lend_commit(struct lend_pool *pool, struct lend *l, void *space, size_t n)
{
	struct lend_block *b = l->tail;
	if (pool->landing && space == pool->landing->bytes) {
		b = settle(pool, pool->landing, n);
		if (b == pool->landing)
			pool->landing = NULL;
		append(pool, l, b);
	}
	assert(b && n && n <= b->size - b->end);
	const void *at = b->bytes + b->end;
	b->told = b->end += n;
	l->lent += n;
	return at;
}

bool lend_keep(struct lend_pool *pool, struct lend *l, struct lend_block *block, size_t n)
{
	struct lend_block *b = l->tail;
	if (b && n <= small(pool) && n <= b->size - b->end) {
		memcpy(b->bytes + b->end, block->bytes, n);
	} else {
		b = settle(pool, block, n);
		append(pool, l, b);
	}
	b->end += n;
	l->kept += n;
	if (!l->fresh)
		l->fresh = b;
	return b == block;
}

const void *lend_next(struct lend *l, size_t lend_max, size_t *len)
{
	struct lend_block *b = l->fresh;
	if (!b || l->lent >= lend_max)
		return NULL;
	size_t room = lend_max - l->lent, n = b->end - b->told;
	const void *at = b->bytes + b->told;
	*len = n < room ? n : room;
	b->told += *len;
	l->lent += *len;
	l->kept -= *len;
	if (b->told == b->end)
		l->fresh = b->next;
	return at;
}

void lend_consume(struct lend_pool *pool, struct lend *l, size_t n)
{
	assert(n <= l->lent);
	l->lent -= n;
	while (n) {
		struct lend_block *b = l->head;
		size_t part = b->told - b->start < n ? b->told - b->start : n;
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
	for (; l->fresh; l->fresh = l->fresh->next)
		l->fresh->told = l->fresh->end;
	l->lent += l->kept;
	l->kept = 0;
	lend_consume(pool, l, l->lent);
}
