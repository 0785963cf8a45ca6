/* lmn: out of descriptors it waits, tells it once, and goes on; out of memory nothing is lost for good. */
#include "plugins/limits.h"
#include "support/sockets.h"
#include "support/suite.h"

#include <sys/socket.h>
#include <unistd.h>

START_TEST(out_of_descriptors)
{
	limits_descriptors();
}
END_TEST

START_TEST(pause_does_not_spin)
{
	limits_pause();
}
END_TEST

START_TEST(pool_is_shared)
{
	limits_pool(&(struct limits_bound){.lent = SOCK_POOL_MAX,
					   .lent_each = LEND_FLOOR,
					   .memory = SOCK_POOL_MAX +
						     LIMITS_CROWD * (LEND_FLOOR + 2048)});
}
END_TEST

START_TEST(each_allocation_of_create_fails)
{
	limits_create();
}
END_TEST

/* Each allocation of a whole session fails in turn: it may end sooner, but nothing leaks, and the next one works. */
static bool session(struct door *d, struct lmn_case *c)
{
	int fd = limits_call(lmn_port_of(d->address));
	ck_assert_int_eq(send(fd, "hallo", 5, 0), 5);
	struct end *end = end_accept(d, 10000);
	bool good = end && end_wait_received(end, 5, 10000);
	if (end) {
		end_close(end);
		ck_assert(end_wait(end, END_CLOSED, 10000));
	}
	close(fd);
	arena_turns(&c->arena, 5);
	return good;
}

START_TEST(each_allocation_fails)
{
	struct lmn_case c;
	struct door *d = limits_open(&c, NULL, NULL);
	limits_fail(&c.rig);
	for (long i = 1; i <= 8; i++) {
		limits_fail_at = i;
		ck_assert_msg(session(d, &c), "allocation %ld", i);
	}
	lmn_end(&c);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("plugins/lmn_limits");
	SUITE_CASE(s, "descriptors", out_of_descriptors, pause_does_not_spin);
	SUITE_CASE(s, "memory", pool_is_shared, each_allocation_fails,
		   each_allocation_of_create_fails);
	return s;
}
SUITE_MAIN(suite)
