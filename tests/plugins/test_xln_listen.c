/* xln: planned listeners are bound once, kept over stop and start, and bound again after a crash; a taken port names its
 * holder. */
#include "plugins/lmn_rig.h"
#include "support/suite.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static char address[SGT_ADDRESS_MAX];
static struct sgt_plan plan = {.name = "door", .address = address};

static void plan_at(unsigned port)
{
	snprintf(address, sizeof address, "127.0.0.1:%u", port);
}

START_TEST(kept_over_stop_and_start)
{
	struct lmn_case c;
	unsigned port = 0;
	plan_at(0);
	lmn_make(&c, NULL, NULL, &plan, 1, NULL, 0);
	ck_assert_int_eq(lmn_make_ready(&c), SGT_OK);
	for (int i = 0; i < 6; i++) {
		ck_assert(rig_start(&c.rig));
		struct door *d = door_open(&c.rig, address, 0);
		ck_assert_ptr_nonnull(d);
		ck_assert(!port || port == lmn_port_of(d->address));
		port = lmn_port_of(d->address);
		ck_assert(lmn_answers(port));
		ck_assert_msg(end_accept(d, 10000) != NULL, "turn %d: %s", i, c.rig.failure);
		if (i % 2) { /* also a listener that was ended before */
			door_close(d);
			ck_assert(!lmn_answers(port));
		}
		rig_stop(&c.rig);
		ck_assert_msg(!lmn_answers(port), "peers are not refused while it is stopped");
	}
	lmn_end(&c);
}
END_TEST

/* Ended and opened again without a run in between: the same request must not serve both. */
START_TEST(opened_again_at_once)
{
	struct lmn_case c;
	plan_at(0);
	lmn_make(&c, NULL, NULL, &plan, 1, NULL, 0);
	ck_assert_int_eq(lmn_make_ready(&c), SGT_OK);
	ck_assert(rig_start(&c.rig));
	struct door *d = door_open(&c.rig, address, 0);
	for (int i = 0; i < 20; i++) {
		ck_assert_ptr_nonnull(d);
		ck_assert(lmn_answers(lmn_port_of(d->address)));
		ck_assert_msg(end_accept(d, 10000) != NULL, "turn %d: %s", i, c.rig.failure);
		door_close(d);
		d = door_open(&c.rig, address, 0);
		arena_turn(&c.arena);
	}
	lmn_end(&c);
}
END_TEST

START_TEST(unplanned_is_freed)
{
	struct lmn_case c;
	lmn_make(&c, NULL, NULL, NULL, 0, NULL, 0);
	ck_assert_int_eq(lmn_make_ready(&c), SGT_OK);
	ck_assert(rig_start(&c.rig));
	struct door *d = door_open(&c.rig, "127.0.0.1:0", 0);
	ck_assert_ptr_nonnull(d);
	unsigned port = lmn_port_of(d->address);
	door_close(d);
	ck_assert(!lmn_answers(port));
	rig_stop(&c.rig);
	close(lmn_socket("127.0.0.1", port, true, NULL));
	lmn_end(&c);
}
END_TEST

/* A child that listens by xln at the planned address, with a connection, until it is killed. */
static pid_t listening_child(int caller_too)
{
	int ready[2];
	char byte;
	ck_assert_int_eq(pipe(ready), 0);
	pid_t child = fork();
	if (child == 0) {
		struct lmn_case c;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		lmn_make(&c, NULL, NULL, &plan, 1, NULL, 0);
		if (lmn_make_ready(&c) != SGT_OK || !rig_start(&c.rig) ||
		    !door_open(&c.rig, address, 0))
			_exit(1);
		arena_turns(&c.arena, 5);
		ck_assert_int_eq(write(ready[1], "x", 1), 1);
		for (;;)
			rig_run(&c.rig, 1000);
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	while (caller_too--)
		ck_assert(lmn_answers(lmn_port_of(address)));
	return child;
}

/* A killed process' requests keep its port a moment longer than the process lives. */
START_TEST(bound_again_after_a_crash)
{
	struct lmn_case c;
	unsigned port;
	close(lmn_socket("127.0.0.1", 0, false, &port));
	plan_at(port);
	for (int i = 0; i < 5; i++) {
		pid_t child = listening_child(3);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		lmn_make(&c, NULL, NULL, &plan, 1, NULL, 0);
		ck_assert_msg(lmn_make_ready(&c) == SGT_OK, "%s", c.error.text);
		lmn_end(&c);
	}
}
END_TEST

START_TEST(taken_by_another)
{
	struct lmn_case c;
	unsigned port;
	char text[SGT_TEXT_MAX], remedy[SGT_TEXT_MAX];
	close(lmn_socket("127.0.0.1", 0, false, &port));
	plan_at(port);
	pid_t child = listening_child(0);
	lmn_make(&c, NULL, NULL, &plan, 1, NULL, 0);
	ck_assert_int_eq(lmn_make_ready(&c), SGT_IN_USE);
	ck_assert_int_eq(c.error.number, 110);
	snprintf(text, sizeof text, "%s is in use: ", address);
	ck_assert_msg(strncmp(c.error.text, text, strlen(text)) == 0, "%s", c.error.text);
	snprintf(text, sizeof text, "(pid %d) listens there", child);
	ck_assert_ptr_nonnull(strstr(c.error.text, text));
	snprintf(remedy, sizeof remedy, "kill %d ", child);
	ck_assert_ptr_nonnull(strstr(c.error.remedy, remedy));
	lmn_end(&c);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("plugins/xln_listen");
	SUITE_CASE(s, "kept", kept_over_stop_and_start, opened_again_at_once, unplanned_is_freed);
	SUITE_CASE(s, "taken", bound_again_after_a_crash, taken_by_another);
	return s;
}
SUITE_MAIN(suite)
