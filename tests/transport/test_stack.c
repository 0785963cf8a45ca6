/* stack and turn in the test's own thread: states, retries by a clock of our own, tasks. (Threads: test_stack_threads.) */
#include "transport/twin.h"
#include "support/suite.h"

#include <string.h>

static struct clock_fake fake;
static struct twin t;

static enum stack_state state_of(struct stack *s)
{
	struct stack_status st;
	stack_status(s, &st);
	return st.state;
}

START_TEST(states)
{
	struct stack_status st;
	clock_fake_init(&fake, 1000, 500000);
	twin_make(&t, "net", "states", "10.0.0.1", NULL, &fake.clock);
	ck_assert_int_eq(state_of(t.stack), STACK_CREATED);
	ck_assert_int_eq(stack_prepare(t.stack, NULL), SGT_OK);
	ck_assert_int_eq(state_of(t.stack), STACK_PREPARED);
	ck_assert(!stack_is_up(t.stack));
	ck_assert_int_eq(stack_start_here(t.stack, NULL), SGT_OK);
	stack_status(t.stack, &st);
	ck_assert_int_eq(st.state, STACK_UP);
	ck_assert_int_eq(st.since, 500000);
	ck_assert_int_eq(st.error.result, SGT_OK);
	ck_assert(stack_is_up(t.stack) && stack_here(t.stack));
	ck_assert_uint_eq(t.ups, 1);
	twin_end(&t);
	ck_assert_uint_eq(t.downs, 1);
	ck_assert_str_eq(t.why.text, "net is being stopped");
	ck_assert_str_eq(stack_state_word(STACK_DOWN), "down");
}
END_TEST

START_TEST(small_ones)
{
	char out[SGT_ADDRESS_MAX];
	struct sgt_error error;
	struct sgt_report report;
	twin_make(&t, "net", "small", "10.0.0.1", NULL, NULL);
	ck_assert_int_eq(stack_address(t.stack, "Mail.Example", 25, out, &error), SGT_OK);
	ck_assert_str_eq(out, "mail.example:25");
	ck_assert_int_eq(stack_address(t.stack, "a:b:", 0, out, &error), SGT_BAD_ADDRESS);
	stack_detect(t.stack, &report);
	ck_assert_int_eq(report.state, SGT_RUNNING);
	ck_assert_str_eq(stack_name(t.stack), "net");
	ck_assert_str_eq(stack_module(t.stack)->code, "mem");
	ck_assert_ptr_eq(stack_instance(t.stack), t.instance);
	stack_destroy(&t.stack);
	instance_destroy(&t.instance);
}
END_TEST

START_TEST(create_fails)
{
	const struct instance_setting at = {"address", "no such thing", NULL, 0};
	const struct instance_config c = {.name = "x", .settings = &at, .count = 1};
	const struct stack_config how = {.ops = &twin_ops};
	struct instance *i;
	struct stack *s = NULL;
	struct sgt_error error;
	ck_assert_int_eq(instance_new(&i, &SGT_MODULE(mem), &c, NULL), OK);
	ck_assert_int_eq(stack_create(&s, i, &how, &error), SGT_BAD_SETTING);
	ck_assert_ptr_null(s);
	ck_assert_str_eq(error.text, "address: \"no such thing\" is not an address");
	instance_destroy(&i);
}
END_TEST

START_TEST(prepare_fails)
{
	struct sgt_error error;
	twin_make(&t, "net", "prepare", "10.0.0.1", NULL, NULL);
	mem_fail("prepare", MEM_PREPARE, 1, SGT_DENIED);
	ck_assert_int_eq(stack_prepare(t.stack, &error), SGT_DENIED);
	ck_assert_int_eq(error.number, 123);
	ck_assert_int_eq(state_of(t.stack), STACK_CREATED);
	stack_destroy(&t.stack);
	instance_destroy(&t.instance);
}
END_TEST

/* Delays double from 5 s to 5 min; each try happens at its time and not before. */
START_TEST(retries)
{
	static const int64_t delays[] = {5000, 10000, 20000, 40000, 80000, 160000, 300000, 300000};
	struct sgt_error error;
	struct stack_status st;
	clock_fake_init(&fake, 77, 1000000);
	twin_make(&t, "net", "retries", "10.0.0.1", NULL, &fake.clock);
	mem_state("retries", SGT_NOT_RUNNING);
	stack_prepare(t.stack, &error);
	ck_assert_int_eq(stack_start_here(t.stack, &error), SGT_SOCKET);
	ck_assert_str_eq(error.text, "the cable of retries is pulled");
	for (size_t i = 0; i < sizeof delays / sizeof *delays; i++) {
		/* told apart by the error that the next try will meet */
		enum sgt_result before = i % 2 ? SGT_DENIED : SGT_SOCKET;
		enum sgt_result after = i % 2 ? SGT_SOCKET : SGT_DENIED;
		mem_fail("retries", MEM_START, 1, after);
		stack_status(t.stack, &st);
		ck_assert_int_eq(st.state, STACK_DOWN);
		ck_assert_int_eq(st.retry_at - clock_wall(&fake.clock), delays[i]);
		fake.mono_ms += delays[i] - 1;
		stack_turn(t.stack, 0);
		stack_status(t.stack, &st);
		ck_assert_int_eq(st.error.result, before);
		fake.mono_ms++;
		stack_turn(t.stack, 0);
		stack_status(t.stack, &st);
		ck_assert_int_eq(st.error.result, after);
	}
	mem_state("retries", SGT_RUNNING);
	fake.mono_ms += 300000;
	stack_turn(t.stack, 0);
	ck_assert_int_eq(state_of(t.stack), STACK_UP);
	ck_assert_uint_eq(t.ups, 1);
	twin_end(&t);
}
END_TEST

static void pull(const char *network)
{
	mem_state(network, SGT_NOT_RUNNING);
	stack_turn(t.stack, 0);
	ck_assert_int_eq(state_of(t.stack), STACK_DOWN);
	mem_state(network, SGT_RUNNING);
}

static int64_t retry_in(void)
{
	struct stack_status st;
	stack_status(t.stack, &st);
	return st.retry_at - clock_wall(&fake.clock);
}

START_TEST(lost_and_back)
{
	struct stack_status st;
	clock_fake_init(&fake, 0, 0);
	twin_make(&t, "net", "lost", "10.0.0.1", NULL, &fake.clock);
	twin_up(&t);
	for (unsigned i = 1; i <= 3; i++) {
		pull("lost");
		ck_assert_uint_eq(t.downs, i);
		ck_assert_str_eq(t.why.text, "the cable of lost was pulled");
		/* up for no time: more patience each time */
		ck_assert_int_eq(retry_in(), 5000 << (i - 1));
		fake.mono_ms += 5000 << (i - 1);
		stack_turn(t.stack, 0);
		ck_assert_uint_eq(t.ups, i + 1);
	}
	stack_status(t.stack, &st);
	ck_assert_uint_eq(st.losses, 3);
	fake.mono_ms += 20001; /* up for longer than the last delay: from the start */
	pull("lost");
	ck_assert_int_eq(retry_in(), 5000);
	twin_end(&t);
}
END_TEST

START_TEST(run_error_is_down)
{
	clock_fake_init(&fake, 0, 0);
	twin_make(&t, "net", "run", "10.0.0.1", NULL, &fake.clock);
	twin_up(&t);
	mem_fail("run", MEM_RUN, 2, SGT_READ);
	stack_turn(t.stack, 0);
	ck_assert(stack_is_up(t.stack));
	stack_turn(t.stack, 0);
	ck_assert(!stack_is_up(t.stack));
	ck_assert_int_eq(t.why.result, SGT_READ);
	ck_assert_int_eq(t.why.number, 116);
	twin_end(&t);
	ck_assert_uint_eq(t.downs, 1);
}
END_TEST

/* A module that goes on delivering after DOWN, and one that fails without a word. */
static const struct sgt_host *lent;

static enum sgt_result keep_host(const struct sgt_host *host, const struct sgt_create *with,
				 struct sgt_stack **stack, struct sgt_error *error)
{
	lent = host;
	return SGT_MODULE(mem).create(host, with, stack, error);
}

static enum sgt_result babble(struct sgt_stack *stack, int timeout_ms, struct sgt_error *error)
{
	static int nobody; /* not a listener: it must not be looked at */
	struct sgt_error why = {.result = SGT_RESET, .text = "first"};
	struct sgt_event event = {.type = SGT_EV_DOWN, .error = &why};
	(void)stack;
	(void)timeout_ms;
	(void)error;
	lent->deliver(lent->ctx, &event);
	strcpy(why.text, "second");
	lent->deliver(lent->ctx, &event);
	event = (struct sgt_event){.type = SGT_EV_DATAGRAM, .user = &nobody};
	lent->deliver(lent->ctx, &event);
	return SGT_SOCKET;
}

START_TEST(nothing_counts_after_down)
{
	static struct sgt_module module;
	const struct instance_config c = {.name = "babble"};
	const struct stack_config how = {.ops = &twin_ops, .ctx = &t};
	struct sgt_error error;
	module = SGT_MODULE(mem);
	module.create = keep_host;
	module.run = babble;
	ck_assert_int_eq(instance_new(&t.instance, &module, &c, NULL), OK);
	ck_assert_int_eq(stack_create(&t.stack, t.instance, &how, &error), SGT_OK);
	twin_up(&t);
	stack_turn(t.stack, 0);
	ck_assert_uint_eq(t.downs, 1);
	ck_assert_str_eq(t.why.text, "first");
	twin_end(&t);
}
END_TEST

static enum sgt_result refuse_up(struct twin *w, struct sgt_error *error)
{
	const struct sgt_plan plan = {.name = "a", .address = "10.0.0.1:25"};
	struct listener *l;
	if (w->ups == 1)
		ck_assert_int_eq(listener_open(&l, w->stack, &plan, NULL, NULL, error), SGT_OK);
	return listener_open(&l, w->stack, &plan, NULL, NULL, error);
}

/* A taken port in on_up is the result of the start; what was opened before it is freed. */
START_TEST(on_up_fails)
{
	struct sgt_error error;
	clock_fake_init(&fake, 0, 0);
	twin_make(&t, "net", "onup", "10.0.0.1", NULL, &fake.clock);
	t.on_up = refuse_up;
	stack_prepare(t.stack, &error);
	ck_assert_int_eq(stack_start_here(t.stack, &error), SGT_IN_USE);
	ck_assert_int_eq(error.number, 110);
	ck_assert_str_eq(error.text, "10.0.0.1:25 is in use by net");
	ck_assert_int_eq(state_of(t.stack), STACK_DOWN);
	ck_assert_uint_eq(t.downs, 0);
	fake.mono_ms += 5000;
	stack_turn(t.stack, 0);
	ck_assert_int_eq(state_of(t.stack), STACK_UP);
	twin_end(&t);
}
END_TEST

/* ---- tasks and timers ---- */

struct counting {
	struct task task;
	struct timer timer;
	unsigned runs;
};

static void count_task(struct task *task)
{
	((struct counting *)task)->runs++;
}

static void count_timer(struct timer *timer)
{
	((struct counting *)((char *)timer - offsetof(struct counting, timer)))->runs++;
}

START_TEST(tasks_and_timers_run_while_down)
{
	struct counting c = {.task.run = count_task, .timer.fire = count_timer};
	struct sgt_error error;
	clock_fake_init(&fake, 0, 0);
	twin_make(&t, "net", "tasks", "10.0.0.1", NULL, &fake.clock);
	mem_state("tasks", SGT_NOT_RUNNING);
	stack_prepare(t.stack, &error);
	ck_assert_int_ne(stack_start_here(t.stack, &error), SGT_OK);
	inbox_post(stack_inbox(t.stack), &c.task);
	ck_assert_int_eq(timers_set(stack_timers(t.stack), &c.timer, 10), OK);
	stack_turn(t.stack, 0);
	ck_assert_uint_eq(c.runs, 1);
	fake.mono_ms = 10;
	stack_turn(t.stack, 0);
	ck_assert_uint_eq(c.runs, 2);
	inbox_post(stack_inbox(t.stack), &c.task); /* left for stack_stop */
	twin_end(&t);
	ck_assert_uint_eq(c.runs, 3);
}
END_TEST

START_TEST(destroyed_before_start)
{
	twin_make(&t, "net", "never", "10.0.0.1", NULL, NULL);
	ck_assert_int_eq(stack_prepare(t.stack, NULL), SGT_OK);
	stack_destroy(&t.stack);
	stack_destroy(&t.stack);
	instance_destroy(&t.instance);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("transport/stack");
	SUITE_CASE(s, "states", states, small_ones, create_fails, prepare_fails,
		   destroyed_before_start);
	SUITE_CASE(s, "losing", retries, lost_and_back, run_error_is_down, on_up_fails,
		   nothing_counts_after_down);
	SUITE_CASE(s, "work", tasks_and_timers_run_while_down);
	return s;
}
SUITE_MAIN(suite)
