/* budget: the ceiling is reached and not passed, also by several threads; what was admitted is always taken. */
#include "base/budget.h"

#include "support/suite.h"

#include <pthread.h>
#include <stdint.h>

START_TEST(no_ceiling_at_first)
{
	ck_assert(budget_state().most == SIZE_MAX);
	ck_assert(budget_try(SIZE_MAX / 2));
	budget_give(SIZE_MAX / 2);
	ck_assert_uint_eq(budget_state().used, 0);
}
END_TEST

START_TEST(up_to_the_ceiling)
{
	budget_limit(100);
	ck_assert(!budget_try(101));
	ck_assert(budget_try(100));
	ck_assert(!budget_try(1));
	ck_assert(budget_try(0));
	budget_take(10); /* admitted before */
	ck_assert_uint_eq(budget_state().used, 110);
	ck_assert(!budget_try(0));
	budget_give(50);
	ck_assert(budget_try(40));
	ck_assert(!budget_try(1));
	ck_assert(!budget_try(SIZE_MAX));
	struct budget_state s = budget_state();
	ck_assert_uint_eq(s.used, 100);
	ck_assert_uint_eq(s.peak, 110);
	ck_assert_uint_eq(s.most, 100);
	ck_assert_uint_eq(s.refused, 5);
}
END_TEST

static void *worker(void *arg)
{
	size_t *had = arg;
	for (int i = 0; i < 20000; i++) {
		size_t n = (size_t)(i % 7 + 1);
		if (!budget_try(n))
			continue;
		++*had;
		budget_give(n);
	}
	return NULL;
}

START_TEST(several_threads)
{
	pthread_t threads[4];
	size_t had[4] = {0};
	budget_limit(9);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, worker, &had[i]), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	struct budget_state s = budget_state();
	ck_assert_uint_eq(s.used, 0);
	ck_assert(s.peak <= 9 && s.peak >= 7);
	ck_assert_uint_eq(had[0] + had[1] + had[2] + had[3] + s.refused, 80000);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("budget");
	SUITE_CASE(s, "count", no_ceiling_at_first, up_to_the_ceiling, several_threads);
	return s;
}
SUITE_MAIN(suite)
