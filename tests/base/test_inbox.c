/* inbox: order, one wake for many posts, and many threads posting to one. */
#include "base/inbox.h"
#include "support/suite.h"

#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

static unsigned woken;

static void wake(void *ctx)
{
	ck_assert_ptr_eq(ctx, &woken);
	__atomic_fetch_add(&woken, 1, __ATOMIC_RELAXED);
}

struct numbered {
	struct task task;
	struct inbox *in;
	unsigned thread, number;
};

static unsigned ran[8];

static void in_order(struct task *t)
{
	struct numbered *n = (struct numbered *)t;
	ck_assert_uint_eq(n->number, ran[n->thread]);
	ran[n->thread]++;
	free(n);
}

static struct numbered *make(struct inbox *in, unsigned thread, unsigned number)
{
	struct numbered *n = calloc(1, sizeof *n);
	ck_assert_ptr_nonnull(n);
	*n = (struct numbered){.task.run = in_order, .in = in, .thread = thread, .number = number};
	return n;
}

START_TEST(runs_in_order_after_one_wake)
{
	struct inbox in;
	inbox_init(&in, wake, &woken);
	for (unsigned i = 0; i < 5; i++)
		inbox_post(&in, &make(&in, 0, i)->task);
	ck_assert_uint_eq(woken, 1);
	ck_assert_uint_eq(inbox_drain(&in), 5);
	ck_assert_uint_eq(ran[0], 5);
	ck_assert_uint_eq(inbox_drain(&in), 0);
	inbox_post(&in, &make(&in, 0, 5)->task);
	ck_assert_uint_eq(woken, 2);
	ck_assert_uint_eq(inbox_drain(&in), 1);
	inbox_free(&in);
}
END_TEST

static void post_next(struct task *t)
{
	struct numbered *n = (struct numbered *)t;
	if (n->number < 3) {
		struct numbered *next = make(n->in, 0, n->number + 1);
		next->task.run = post_next;
		inbox_post(n->in, &next->task);
	}
	free(n);
}

START_TEST(what_a_task_posts_waits_for_the_next_drain)
{
	struct inbox in;
	inbox_init(&in, wake, &woken);
	struct numbered *first = make(&in, 0, 1);
	first->task.run = post_next;
	inbox_post(&in, &first->task);
	ck_assert_uint_eq(inbox_drain(&in), 1);
	ck_assert_uint_eq(woken, 2); /* it was announced */
	ck_assert_uint_eq(inbox_drain(&in), 1);
	ck_assert_uint_eq(inbox_drain(&in), 1);
	ck_assert_uint_eq(inbox_drain(&in), 0);
	inbox_free(&in);
}
END_TEST

START_TEST(take_hands_over_the_list)
{
	struct inbox in;
	inbox_init(&in, NULL, NULL); /* nobody to wake is fine */
	ck_assert_ptr_null(inbox_take(&in));
	struct task a = {.next = &a}, b = {.next = &a}; /* of an earlier use */
	inbox_post(&in, &a);
	inbox_post(&in, &b);
	ck_assert_ptr_eq(inbox_take(&in), &a);
	ck_assert_ptr_eq(a.next, &b);
	ck_assert_ptr_null(b.next);
	ck_assert_ptr_null(inbox_take(&in));
	inbox_free(&in);
}
END_TEST

#define THREADS 4
#define EACH 5000

struct poster {
	pthread_t thread;
	struct inbox *in;
	unsigned number;
};

static void *post_many(void *arg)
{
	struct poster *p = arg;
	for (unsigned i = 0; i < EACH; i++)
		inbox_post(p->in, &make(p->in, p->number, i)->task);
	return NULL;
}

START_TEST(many_threads_post)
{
	struct inbox in;
	struct poster posters[THREADS];
	inbox_init(&in, wake, &woken);
	for (unsigned i = 0; i < THREADS; i++) {
		posters[i] = (struct poster){.in = &in, .number = i};
		ck_assert_int_eq(pthread_create(&posters[i].thread, NULL, post_many, &posters[i]),
				 0);
	}
	size_t got = 0, turns = 0;
	while (got < (size_t)THREADS * EACH) { /* a drain only after a wake: none may be lost */
		if (!__atomic_exchange_n(&woken, 0, __ATOMIC_RELAXED)) {
			sched_yield();
			continue;
		}
		got += inbox_drain(&in);
		turns++;
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(posters[i].thread, NULL);
		ck_assert_uint_eq(ran[i], EACH);
	}
	ck_assert_uint_ge(turns, 1);
	ck_assert_uint_eq(inbox_drain(&in), 0);
	inbox_free(&in);
}
END_TEST

static bool ringing; /* atomic */

static void ring_slowly(void *ctx)
{
	(void)ctx;
	__atomic_store_n(&ringing, true, __ATOMIC_SEQ_CST);
	usleep(100000);
	__atomic_store_n(&ringing, false, __ATOMIC_SEQ_CST);
}

static void *post_one(void *arg)
{
	inbox_post(arg, &make(arg, 0, 0)->task);
	return NULL;
}

/* The owner may have run the last task, and free what rings, before the ringing has ended. */
START_TEST(freed_when_nobody_rings)
{
	struct inbox in;
	pthread_t poster;
	inbox_init(&in, ring_slowly, NULL);
	ck_assert_int_eq(pthread_create(&poster, NULL, post_one, &in), 0);
	while (!__atomic_load_n(&ringing, __ATOMIC_SEQ_CST))
		sched_yield();
	ck_assert_uint_eq(inbox_drain(&in), 1);
	inbox_free(&in);
	ck_assert(!__atomic_load_n(&ringing, __ATOMIC_SEQ_CST));
	pthread_join(poster, NULL);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("base/inbox");
	SUITE_CASE(s, "one thread", runs_in_order_after_one_wake,
		   what_a_task_posts_waits_for_the_next_drain, take_hands_over_the_list);
	SUITE_CASE(s, "threads", many_threads_post, freed_when_nobody_rings);
	return s;
}
SUITE_MAIN(suite)
