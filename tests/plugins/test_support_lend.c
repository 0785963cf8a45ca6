/* plugins/support: lent bytes stay where they are, within their bounds, and cost what they weigh. */
#include "conformance/rig.h"
#include "support/lend.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

static size_t bytes, blocks;
static bool deny;

static void *counting(void *ctx, void *old, size_t size)
{
	(void)ctx;
	size_t *p = old ? (size_t *)old - 2 : NULL;
	if (p) {
		bytes -= *p;
		blocks--;
	}
	if (!size) {
		free(p);
		return NULL;
	}
	if (deny)
		return NULL;
	p = realloc(p, size + 16);
	*p = size;
	bytes += size;
	blocks++;
	return p + 2;
}

static const struct sgt_host host = {.alloc = counting};
static struct lend_pool pool;

static void set_up(size_t max)
{
	bytes = blocks = 0;
	deny = false;
	lend_pool_init(&pool, &host, LEND_BLOCK, max);
}

static void tear_down(void)
{
	ck_assert_uint_eq(pool.held, 0);
	lend_pool_free(&pool);
	ck_assert_uint_eq(bytes, 0);
}

/* Reads n bytes of the pattern as a socket would; returns how many there was room for. */
static size_t take(struct lend *l, size_t n, size_t at, size_t most)
{
	size_t len;
	void *space = lend_space(&pool, l, most, &len);
	if (!space)
		return 0;
	if (n > len)
		n = len;
	pattern_fill(space, 1, at, n);
	const unsigned char *kept = lend_commit(&pool, l, space, n);
	ck_assert(pattern_is(kept, 1, at, n));
	return n;
}

START_TEST(bytes_stay)
{
	struct lend a = {.lent = 0}, b = {.lent = 0};
	const unsigned char *where[64];
	size_t from[64], len[64], at = 0;
	set_up(1 << 20);
	for (size_t i = 0; i < 64; i++) {
		void *space = lend_space(&pool, &a, 65536, &len[i]);
		len[i] = len[i] < 100 ? len[i] : 100;
		from[i] = at;
		pattern_fill(space, 1, at, len[i]);
		where[i] = lend_commit(&pool, &a, space, len[i]);
		at += len[i];
		take(&b, 1000, 0, 65536); /* another connection in between */
	}
	for (size_t i = 0; i < 64; i++)
		ck_assert(pattern_is(where[i], 1, from[i], len[i]));
	lend_free(&pool, &a);
	lend_free(&pool, &b);
	tear_down();
}
END_TEST

START_TEST(bound_of_connection)
{
	struct lend l = {.lent = 0};
	size_t at = 0, n;
	set_up(1 << 20);
	while ((n = take(&l, 10000, at, 65536)))
		at += n;
	ck_assert_uint_eq(at, 65536);
	ck_assert_uint_eq(l.lent, 65536);
	lend_consume(&pool, &l, 1);
	ck_assert_uint_eq(take(&l, 10000, at, 65536), 1);
	for (size_t i = 0; i < 65536; i++)
		lend_consume(&pool, &l, 1);
	ck_assert_ptr_null(l.head);
	tear_down();
}
END_TEST

/* One byte at a time, never consumed: memory stays near what was sent. */
START_TEST(trickle_is_cheap)
{
	struct lend l = {.lent = 0};
	set_up(1 << 20);
	for (size_t i = 0; i < 60000; i++)
		ck_assert_uint_eq(take(&l, 1, i, 65536), 1);
	ck_assert_msg(bytes < 3 * 60000, "%zu bytes for 60000", bytes);
	lend_free(&pool, &l);
	tear_down();
}
END_TEST

/* 1000 connections with a line each cost about their lines, not a block each. */
START_TEST(lines_are_cheap)
{
	static struct lend l[1000];
	memset(l, 0, sizeof l);
	set_up(1 << 20);
	for (size_t i = 0; i < 1000; i++)
		ck_assert_uint_eq(take(&l[i], 200, 0, 65536), 200);
	ck_assert_msg(bytes < 350 * 1000, "%zu bytes", bytes);
	for (size_t i = 0; i < 1000; i++)
		lend_free(&pool, &l[i]);
	tear_down();
}
END_TEST

/* Others hold the whole pool: each may still have its floor. */
START_TEST(spent_pool_leaves_the_floor)
{
	struct lend greedy[8], late = {.lent = 0};
	size_t at = 0, n;
	memset(greedy, 0, sizeof greedy);
	set_up(8 * LEND_BLOCK);
	for (int i = 0; i < 8; i++)
		for (size_t g = 0; (n = take(&greedy[i], LEND_BLOCK, g, 65536)); g += n)
			;
	ck_assert(lend_pool_spent(&pool));
	ck_assert_uint_le(pool.held, 8 * LEND_BLOCK + 8 * LEND_FLOOR);
	while ((n = take(&late, 1500, at, 65536)))
		at += n;
	ck_assert_uint_eq(at, LEND_FLOOR);
	for (int i = 0; i < 8; i++)
		lend_free(&pool, &greedy[i]);
	ck_assert(!lend_pool_spent(&pool));
	ck_assert_uint_gt(take(&late, 1500, at, 65536), 0);
	lend_free(&pool, &late);
	tear_down();
}
END_TEST

START_TEST(idle_costs_nothing)
{
	struct lend l = {.lent = 0};
	set_up(1 << 20);
	take(&l, 16000, 0, 65536);
	lend_consume(&pool, &l, 16000);
	ck_assert_ptr_null(l.head);
	for (int i = 0; i < 200; i++) {
		take(&l, 16000, 0, 65536);
		lend_consume(&pool, &l, 16000);
	}
	ck_assert_uint_le(blocks, 2); /* the landing block and a spare one */
	tear_down();
}
END_TEST

START_TEST(memory_is_short)
{
	struct lend l = {.lent = 0};
	size_t len;
	set_up(1 << 20);
	deny = true;
	ck_assert_ptr_null(lend_space(&pool, &l, 65536, &len));
	ck_assert_uint_eq(len, 0);
	deny = false;
	void *space = lend_space(&pool, &l, 65536, &len);
	pattern_fill(space, 1, 0, 100);
	deny = true; /* no block of the right size: the landing block itself is lent */
	ck_assert(pattern_is(lend_commit(&pool, &l, space, 100), 1, 0, 100));
	ck_assert_uint_eq(take(&l, 50, 100, 65536), 50);
	lend_free(&pool, &l);
	tear_down();
}
END_TEST

/* A block takes as much as a connection may hold; what is left of them is bounded by bytes, not by their number. */
START_TEST(large_blocks)
{
	struct lend l[40];
	size_t len;
	memset(l, 0, sizeof l);
	set_up(64 * 65536);
	pool.block = 65536;
	ck_assert_ptr_nonnull(lend_space(&pool, &l[0], 65536, &len));
	ck_assert_uint_eq(len, 65536);
	ck_assert_uint_eq(take(&l[0], 16384, 0, 65536), 16384);
	ck_assert_uint_eq(pool.held, 16384); /* moved: the large block is not held for it */
	lend_free(&pool, &l[0]);
	for (size_t i = 0; i < 40; i++)
		ck_assert_uint_eq(take(&l[i], 65536, 0, 65536), 65536);
	ck_assert_uint_eq(pool.held, 40 * 65536);
	for (size_t i = 0; i < 40; i++)
		lend_free(&pool, &l[i]);
	ck_assert_uint_le(bytes, (size_t)LEND_SPARE * LEND_BLOCK + 65536 + 4096);
	tear_down();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("plugins/support_lend");
	SUITE_CASE(s, "content", bytes_stay);
	SUITE_CASE(s, "bounds", bound_of_connection, spent_pool_leaves_the_floor, memory_is_short);
	SUITE_CASE(s, "cost", trickle_is_cheap, lines_are_cheap, idle_costs_nothing, large_blocks);
	return s;
}
SUITE_MAIN(suite)
