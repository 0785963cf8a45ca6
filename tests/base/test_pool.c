/* pool: every job's done runs in the thread that asked, the bound is kept, destroy finishes what was taken. */
#include "base/pool.h"
#include "support/scarce.h"
#include "support/suite.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>

static sem_t bell, gate, entered;

static void ring(void *ctx)
{
	(void)ctx;
	sem_post(&bell);
}

struct counted {
	struct job job;
	bool blocks;
	int worked, done;
	pthread_t worker;
};

static void work(struct job *j)
{
	struct counted *c = (struct counted *)j;
	c->worker = pthread_self();
	if (c->blocks) {
		sem_post(&entered);
		sem_wait(&gate);
	}
	c->worked++;
}

static void done(struct job *j)
{
	struct counted *c = (struct counted *)j;
	ck_assert_int_eq(c->worked, 1);
	ck_assert(!pthread_equal(c->worker, pthread_self()));
	c->done++;
}

static struct inbox inbox;

static void setup(void)
{
	sem_init(&bell, 0, 0);
	sem_init(&gate, 0, 0);
	sem_init(&entered, 0, 0);
	inbox_init(&inbox, ring, NULL);
}

static void teardown(void)
{
	inbox_free(&inbox);
}

static struct counted job(bool blocks)
{
	return (struct counted){.job = {.answer_to = &inbox, .work = work, .done = done},
				.blocks = blocks};
}

START_TEST(jobs_come_back)
{
	struct pool *p;
	struct counted jobs[100];
	ck_assert_int_eq(pool_new(&p, 4, 100, NULL), OK);
	for (int i = 0; i < 100; i++) {
		jobs[i] = job(false);
		ck_assert_int_eq(pool_run(p, &jobs[i].job), OK);
	}
	for (size_t n = 0; n < 100;) {
		sem_wait(&bell);
		n += inbox_drain(&inbox);
	}
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(jobs[i].done, 1);
	pool_destroy(&p);
	ck_assert_ptr_null(p);
	pool_destroy(&p);
}
END_TEST

START_TEST(the_bound_counts_waiting_and_running)
{
	struct pool *p;
	struct counted jobs[3] = {job(true), job(true), job(false)};
	ck_assert_int_eq(pool_new(&p, 1, 2, NULL), OK);
	ck_assert_int_eq(pool_run(p, &jobs[0].job), OK);
	sem_wait(&entered); /* one runs */
	ck_assert_int_eq(pool_run(p, &jobs[1].job), OK);
	ck_assert_uint_eq(pool_load(p), 2);
	ck_assert_int_eq(pool_run(p, &jobs[2].job), E_LIMIT);
	ck_assert_uint_eq(pool_load(p), 2);
	sem_post(&gate);
	sem_wait(&bell);
	ck_assert_uint_eq(inbox_drain(&inbox), 1);
	ck_assert_int_eq(pool_run(p, &jobs[2].job), OK); /* room again */
	sem_post(&gate);
	pool_destroy(&p);
	inbox_drain(&inbox);
	ck_assert_int_eq(jobs[2].done, 1);
}
END_TEST

/* Each waits for the gate, so that all have to be in work at the same time. */
START_TEST(threads_come_as_they_are_needed)
{
	struct pool *p;
	struct counted jobs[4] = {job(true), job(true), job(true), job(false)};
	ck_assert_int_eq(pool_new(&p, 3, 10, NULL), OK);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pool_run(p, &jobs[i].job), OK);
	for (int i = 0; i < 3; i++)
		sem_wait(&entered);
	ck_assert_uint_eq(pool_load(p), 4);
	for (int i = 0; i < 3; i++)
		sem_post(&gate);
	pool_destroy(&p);
	ck_assert_uint_eq(inbox_drain(&inbox), 4);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(jobs[i].done, 1);
}
END_TEST

START_TEST(destroy_finishes_what_was_taken)
{
	struct pool *p;
	struct counted jobs[10];
	ck_assert_int_eq(pool_new(&p, 1, 10, NULL), OK);
	for (int i = 0; i < 10; i++) {
		jobs[i] = job(i == 0);
		ck_assert_int_eq(pool_run(p, &jobs[i].job), OK);
	}
	sem_post(&gate);
	pool_destroy(&p);
	ck_assert_uint_eq(inbox_drain(&inbox), 10);
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(jobs[i].done, 1);
}
END_TEST

START_TEST(memory_runs_short)
{
	struct pool *p = NULL;
	struct err e;
	scarce_fail_at(1);
	ck_assert_int_eq(pool_new(&p, 1, 1, &e), E_NOMEM);
	scarce_end();
	ck_assert_str_eq(e.text, "no memory for the worker threads");
	ck_assert_ptr_null(p);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("base/pool");
	TCase *tc = tcase_create("jobs");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, jobs_come_back);
	tcase_add_test(tc, the_bound_counts_waiting_and_running);
	tcase_add_test(tc, threads_come_as_they_are_needed);
	tcase_add_test(tc, destroy_finishes_what_was_taken);
	suite_add_tcase(s, tc);
	SUITE_CASE(s, "memory", memory_runs_short);
	return s;
}
SUITE_MAIN(suite)
