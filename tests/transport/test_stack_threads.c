/* stack and turn with threads: wakeups from others, retries, a start that hangs, threads that share a listener. */
#include "transport/twin.h"
#include "support/suite.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

static struct twin t;

struct storm {
	struct stack *stack;
	struct task tasks[20000];
	atomic_uint *runs;
};
static atomic_uint storm_runs;

static void storm_task(struct task *task)
{
	(void)task;
	atomic_fetch_add(&storm_runs, 1);
}

static void *storm_main(void *arg)
{
	struct storm *s = arg;
	for (size_t i = 0; i < sizeof s->tasks / sizeof *s->tasks; i++) {
		s->tasks[i].run = storm_task;
		inbox_post(stack_inbox(s->stack), &s->tasks[i]);
	}
	return NULL;
}

static void nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

/* Two threads post while the stack runs; each task runs once, none waits for the stack's own timeout of a minute. */
START_TEST(wakeup_storm)
{
	static struct storm storms[2];
	pthread_t threads[2];
	twin_make(&t, "net", "storm", "10.0.0.1", NULL, NULL);
	ck_assert_int_eq(stack_prepare(t.stack, NULL), SGT_OK);
	ck_assert_int_eq(stack_start(t.stack, 10000, NULL), SGT_OK);
	ck_assert(!stack_here(t.stack));
	for (int i = 0; i < 2; i++) {
		storms[i].stack = t.stack;
		pthread_create(&threads[i], NULL, storm_main, &storms[i]);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	while (atomic_load(&storm_runs) < 40000)
		nap();
	ck_assert_int_eq(stack_stop(t.stack, 10000), OK);
	ck_assert_uint_eq(atomic_load(&storm_runs), 40000);
	stack_destroy(&t.stack);
	instance_destroy(&t.instance);
}
END_TEST

/* A task is not kept waiting for the next try. */
START_TEST(wakeup_while_down)
{
	struct sgt_error error;
	struct task task = {.run = storm_task};
	const struct stack_config how = {
		.ops = &twin_ops, .ctx = &t, .retry_first = 600000, .retry_most = 600000};
	twin_make(&t, "net", "rung", "10.0.0.1", NULL, NULL);
	stack_destroy(&t.stack);
	ck_assert_int_eq(stack_create(&t.stack, t.instance, &how, &error), SGT_OK);
	mem_state("rung", SGT_NOT_RUNNING);
	stack_prepare(t.stack, &error);
	ck_assert_int_eq(stack_start(t.stack, 10000, &error), SGT_SOCKET);
	nap();
	inbox_post(stack_inbox(t.stack), &task);
	while (!atomic_load(&storm_runs))
		nap();
	ck_assert_int_eq(stack_stop(t.stack, 10000), OK);
	stack_destroy(&t.stack);
	instance_destroy(&t.instance);
}
END_TEST

START_TEST(thread_retries)
{
	struct sgt_error error;
	struct stack_status st;
	const struct stack_config how = {
		.ops = &twin_ops, .ctx = &t, .retry_first = 1, .retry_most = 2};
	twin_make(&t, "net", "thread", "10.0.0.1", NULL, NULL);
	stack_destroy(&t.stack);
	ck_assert_int_eq(stack_create(&t.stack, t.instance, &how, &error), SGT_OK);
	mem_state("thread", SGT_NOT_RUNNING);
	stack_prepare(t.stack, &error);
	ck_assert_int_eq(stack_start(t.stack, 10000, &error), SGT_SOCKET);
	ck_assert_int_eq(stack_wait_up(t.stack, 1, &error), SGT_SOCKET);
	mem_state("thread", SGT_RUNNING);
	ck_assert_int_eq(stack_wait_up(t.stack, 10000, &error), SGT_OK);
	for (unsigned losses = 1; losses <= 20; losses++) {
		mem_state("thread", SGT_NOT_RUNNING);
		do {
			nap();
			stack_status(t.stack, &st);
		} while (st.losses < losses);
		mem_state("thread", SGT_RUNNING);
		ck_assert_int_eq(stack_wait_up(t.stack, 10000, &error), SGT_OK);
	}
	ck_assert_int_eq(stack_stop(t.stack, 10000), OK);
	stack_status(t.stack, &st);
	ck_assert_int_eq(st.state, STACK_STOPPED);
	ck_assert_uint_eq(t.downs, 21);
	ck_assert_int_eq(stack_wait_up(t.stack, 0, &error), error.result);
	ck_assert_int_ne(error.result, SGT_OK);
	stack_destroy(&t.stack);
	instance_destroy(&t.instance);
}
END_TEST

/* A start that hangs does not hang the caller: neither at start nor at stop. */
START_TEST(start_hangs)
{
	struct sgt_error error;
	twin_make(&t, "net", "hang", "10.0.0.1", NULL, NULL);
	mem_hang("hang", MEM_START, 300);
	stack_prepare(t.stack, &error);
	ck_assert_int_eq(stack_start(t.stack, 10, &error), SGT_TIMEOUT);
	ck_assert_str_eq(error.text, "starting net has not come to an end yet");
	ck_assert_int_eq(stack_stop(t.stack, 10), E_TIMEOUT);
	static struct stack *left; /* its memory is the thread's, which ends by itself */
	left = t.stack;
	stack_destroy(&t.stack);
	ck_assert_ptr_null(t.stack);
	struct stack_status st;
	do {
		nap();
		stack_status(left, &st);
	} while (st.state != STACK_STOPPED);
}
END_TEST

/* Two stacks of one instance listen on one address and share what comes. */
static atomic_uint shared[2];

static void count_accept(void *ctx, struct listener *l, struct conn *c)
{
	(void)l;
	atomic_fetch_add((atomic_uint *)ctx, 1);
	conn_abort(c);
}

static enum sgt_result share_up(struct twin *w, struct sgt_error *error)
{
	const struct sgt_plan plan = {.name = "a", .address = "*:25", .share = 1};
	return listener_open(&w->listener, w->stack, &plan, count_accept, w->user, error);
}

START_TEST(threads_share_a_listener)
{
	static struct twin w[2], client;
	struct seen seen[40];
	memset(seen, 0, sizeof seen);
	for (int i = 0; i < 2; i++) {
		twin_make(&w[i], "net", "share", "10.0.0.1", NULL, NULL);
		w[i].on_up = share_up;
		w[i].user = &shared[i];
		ck_assert_int_eq(stack_prepare(w[i].stack, NULL), SGT_OK);
		ck_assert_int_eq(stack_start(w[i].stack, 10000, NULL), SGT_OK);
	}
	twin_make(&client, "client", "share", "10.0.0.2", NULL, NULL);
	twin_up(&client);
	for (int i = 0; i < 40; i++) {
		seen[i].close_on_error = true;
		ck_assert_int_eq(conn_connect(&seen[i].conn, client.stack, "10.0.0.1:25", NULL,
					      &seen_ops, &seen[i], NULL),
				 SGT_OK);
	}
	for (int i = 0; i < 40; i++)
		while (!seen[i].closed)
			stack_turn(client.stack, 1000);
	twin_end(&client);
	for (int i = 0; i < 2; i++)
		twin_end(&w[i]);
	ck_assert_uint_eq(atomic_load(&shared[0]), 20);
	ck_assert_uint_eq(atomic_load(&shared[1]), 20);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("transport/stack_threads");
	SUITE_CASE(s, "threads", wakeup_storm, wakeup_while_down, thread_retries, start_hangs,
		   threads_share_a_listener);
	return s;
}
SUITE_MAIN(suite)
