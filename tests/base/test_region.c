/* region: alignment, the bound, blocks of their own for large things, memory that runs short. */
#include "base/region.h"
#include "support/scarce.h"
#include "support/suite.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

START_TEST(gives_zeroed_aligned_memory)
{
	struct region *r = region_new(0);
	unsigned char *given[600];
	for (size_t i = 0; i < 600; i++) {
		given[i] = region_alloc(r, i);
		ck_assert_ptr_nonnull(given[i]);
		ck_assert_uint_eq((uintptr_t)given[i] % alignof(max_align_t), 0);
		for (size_t k = 0; k < i; k++)
			ck_assert_uint_eq(given[i][k], 0);
		memset(given[i], (int)(i & 0xff), i);
	}
	for (size_t i = 0; i < 600; i++) /* nobody wrote into another's */
		for (size_t k = 0; k < i; k++)
			ck_assert_uint_eq(given[i][k], i & 0xff);
	region_destroy(&r);
	ck_assert_ptr_null(r);
	region_destroy(&r);
}
END_TEST

START_TEST(bound_is_kept)
{
	struct region *r = region_new(64);
	ck_assert_ptr_nonnull(region_alloc(r, 48));
	ck_assert_uint_eq(region_used(r), 48);
	ck_assert_ptr_null(region_alloc(r, 17));
	ck_assert_uint_eq(region_used(r), 48);
	ck_assert_ptr_nonnull(region_alloc(r, 16));
	ck_assert_ptr_null(region_alloc(r, 1));
	ck_assert_ptr_null(region_alloc(r, 0));
	region_destroy(&r);
}
END_TEST

START_TEST(sizes_that_wrap_are_refused)
{
	struct region *r = region_new(0);
	for (size_t back = 0; back < 100; back++)
		ck_assert_ptr_null(region_alloc(r, SIZE_MAX - back));
	ck_assert_ptr_null(region_memdup(r, "", SIZE_MAX));
	ck_assert_uint_eq(region_used(r), 0);
	region_destroy(&r);
}
END_TEST

START_TEST(large_ones_leave_the_small_block_in_use)
{
	struct region *r = region_new(0);
	char *before = region_alloc(r, 16);
	char *large = region_alloc(r, 100000);
	memset(large, 1, 100000);
	ck_assert_ptr_eq(region_alloc(r, 16), before + 16);
	region_destroy(&r);
	r = region_new(0); /* and a large one may come first */
	ck_assert_ptr_nonnull(region_alloc(r, 100000));
	ck_assert_ptr_nonnull(region_alloc(r, 16));
	ck_assert_ptr_nonnull(region_alloc(r, 100000));
	region_destroy(&r);
}
END_TEST

START_TEST(copies_strings)
{
	struct region *r = region_new(0);
	char *copy = region_memdup(r, "a\0b", 3);
	ck_assert_mem_eq(copy, "a\0b", 4);
	ck_assert_str_eq(region_strdup(r, "text"), "text");
	ck_assert_ptr_null(region_strdup(r, NULL));
	ck_assert_str_eq(region_memdup(r, NULL, 0), "");
	ck_assert_str_eq(region_printf(r, "%s-%03d", "x", 7), "x-007");
	region_destroy(&r);
	r = region_new(16);
	ck_assert_ptr_null(region_printf(r, "%s", "sixteen bytes ..")); /* and its NUL */
	ck_assert_str_eq(region_printf(r, "%s", "fifteen bytes ."), "fifteen bytes .");
	region_destroy(&r);
}
END_TEST

START_TEST(memory_runs_short)
{
	scarce_fail_at(1);
	ck_assert_ptr_null(region_new(0));
	struct region *r = region_new(0);
	scarce_fail_at(1);
	ck_assert_ptr_null(region_alloc(r, 16));
	ck_assert_uint_eq(region_used(r), 0);
	ck_assert_ptr_nonnull(region_alloc(r, 16));
	scarce_fail_at(1);
	const char *small = region_strdup(r, "");
	scarce_end();
	ck_assert_ptr_nonnull(small); /* needs no new block */
	scarce_fail_at(1);
	ck_assert_ptr_null(region_alloc(r, 5000));
	scarce_end();
	ck_assert_ptr_nonnull(region_alloc(r, 5000));
	region_destroy(&r);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("base/region");
	SUITE_CASE(s, "memory", gives_zeroed_aligned_memory,
		   large_ones_leave_the_small_block_in_use, copies_strings);
	SUITE_CASE(s, "bounds", bound_is_kept, sizes_that_wrap_are_refused, memory_runs_short);
	return s;
}
SUITE_MAIN(suite)
