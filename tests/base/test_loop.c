/* loop: descriptors, timers and tasks in one turn; a watch that goes while its event is pending. */
#include "base/loop.h"
#include "support/scarce.h"
#include "support/suite.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <unistd.h>

static struct clock_fake clock_fake;
static struct loop *loop;

static void setup(void)
{
	clock_fake_init(&clock_fake, 1000, 0);
	ck_assert_int_eq(loop_new(&loop, &clock_fake.clock, NULL), OK);
	ck_assert_ptr_eq(loop_clock(loop), &clock_fake.clock);
}

static void teardown(void)
{
	loop_destroy(&loop);
	ck_assert_ptr_null(loop);
	loop_destroy(&loop);
}

/* A pipe whose reading end is watched. */
struct piped {
	struct watch watch;
	int writing;
	unsigned ready;
	uint32_t events;
	struct piped *victim; /* unwatched when this one is ready */
};

static void pipe_ready(struct watch *w, uint32_t events)
{
	struct piped *p = (struct piped *)w;
	p->ready++;
	p->events = events;
	if (p->victim)
		loop_unwatch(loop, &p->victim->watch);
}

static void pipe_open(struct piped *p)
{
	int fds[2];
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	*p = (struct piped){.watch = {.fd = fds[0], .ready = pipe_ready}, .writing = fds[1]};
	ck_assert_int_eq(loop_watch(loop, &p->watch, EPOLLIN), OK);
}

static void pipe_close(struct piped *p)
{
	loop_unwatch(loop, &p->watch);
	close(p->watch.fd);
	if (p->writing >= 0)
		close(p->writing);
}

START_TEST(a_descriptor_is_served_while_it_is_ready)
{
	struct piped p;
	pipe_open(&p);
	loop_turn(loop, 0);
	ck_assert_uint_eq(p.ready, 0);
	ck_assert_int_eq(write(p.writing, "x", 1), 1);
	loop_turn(loop, 10000);
	loop_turn(loop, 10000);
	ck_assert_uint_eq(p.ready, 2); /* level-triggered */
	ck_assert_uint_eq(p.events, EPOLLIN);
	close(p.writing);
	p.writing = -1;
	loop_turn(loop, 10000);
	ck_assert_uint_eq(p.events, EPOLLIN | EPOLLHUP);
	ck_assert_int_eq(loop_watch(loop, &p.watch, 0),
			 OK); /* watched for nothing: still told of the end */
	loop_turn(loop, 10000);
	ck_assert_uint_eq(p.events, EPOLLHUP);
	pipe_close(&p);
	loop_turn(loop, 0);
	ck_assert_uint_eq(p.ready, 4);
}
END_TEST

START_TEST(a_pending_event_goes_with_its_watch)
{
	struct piped pipes[2];
	pipe_open(&pipes[0]);
	pipe_open(&pipes[1]);
	pipes[0].victim = &pipes[1];
	pipes[1].victim = &pipes[0];
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(write(pipes[i].writing, "x", 1), 1);
	loop_turn(loop, 10000);
	ck_assert_uint_eq(pipes[0].ready + pipes[1].ready,
			  1); /* whoever came first took the other away */
	pipe_close(&pipes[0]);
	pipe_close(&pipes[1]);
}
END_TEST

START_TEST(one_may_unwatch_itself)
{
	struct piped p;
	pipe_open(&p);
	p.victim = &p;
	ck_assert_int_eq(write(p.writing, "x", 1), 1);
	loop_turn(loop, 10000);
	loop_turn(loop, 0);
	ck_assert_uint_eq(p.ready, 1);
	pipe_close(&p);
}
END_TEST

START_TEST(a_bad_descriptor_is_refused)
{
	struct watch w = {.fd = -1, .ready = pipe_ready};
	ck_assert_int_ne(loop_watch(loop, &w, EPOLLIN), OK);
	loop_unwatch(loop, &w);
}
END_TEST

static unsigned fired;

static void fire(struct timer *t)
{
	(void)t;
	fired++;
}

static void end(struct task *t)
{
	(void)t;
	loop_end(loop);
}

START_TEST(timers_fire_by_the_injected_clock)
{
	struct timer t = {.fire = fire};
	ck_assert_int_eq(timers_set(loop_timers(loop), &t, 1500), OK);
	loop_turn(loop, 0);
	ck_assert_uint_eq(fired, 0);
	clock_fake.mono_ms = 1500;
	loop_turn(loop, 60000); /* due: does not wait */
	ck_assert_uint_eq(fired, 1);
}
END_TEST

static void *post_end(void *arg)
{
	inbox_post(loop_inbox(loop), arg);
	return NULL;
}

START_TEST(a_task_of_another_thread_wakes_and_ends_it)
{
	for (int i = 0; i < 2; i++) { /* and it can run again */
		struct task t = {.run = end};
		pthread_t thread;
		ck_assert_int_eq(pthread_create(&thread, NULL, post_end, &t), 0);
		loop_run(loop);
		pthread_join(thread, NULL);
	}
}
END_TEST

START_TEST(memory_runs_short)
{
	struct loop *l = NULL;
	struct err e;
	scarce_fail_at(1);
	ck_assert_int_eq(loop_new(&l, clock_system(), &e), E_NOMEM);
	scarce_end();
	ck_assert_str_eq(e.text, "no memory for the main loop");
	ck_assert_ptr_null(l);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("base/loop");
	TCase *tc = tcase_create("turns");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_descriptor_is_served_while_it_is_ready);
	tcase_add_test(tc, a_pending_event_goes_with_its_watch);
	tcase_add_test(tc, one_may_unwatch_itself);
	tcase_add_test(tc, a_bad_descriptor_is_refused);
	tcase_add_test(tc, timers_fire_by_the_injected_clock);
	tcase_add_test(tc, a_task_of_another_thread_wakes_and_ends_it);
	suite_add_tcase(s, tc);
	SUITE_CASE(s, "memory", memory_runs_short);
	return s;
}
SUITE_MAIN(suite)
