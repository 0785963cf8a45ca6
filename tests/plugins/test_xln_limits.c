/* xln at its bounds: descriptors, memory, places in the rings, buffers for the kernel. */
#include "plugins/limits.h"
#include "support/suite.h"
#include "xln/xln.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFERS (64u * 1024 * 1024)

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

/* Half of the buffers is lent; the other half lies with the kernel, beside spare blocks and the connections. */
START_TEST(pool_is_shared)
{
	limits_pool(&(struct limits_bound){.key = "buffers",
					   .value = "64M",
					   .lent = BUFFERS / 2,
					   .lent_each = LEND_FLOOR,
					   .memory = BUFFERS + LEND_SPARE * LEND_BLOCK +
						     LIMITS_CROWD * (LEND_FLOOR + 2048)});
}
END_TEST

START_TEST(each_allocation_of_create_fails)
{
	limits_create();
}
END_TEST

/* ---- each allocation of a session ---- */

static bool session(struct door *d, struct lmn_case *c)
{
	int fd = limits_call(lmn_port_of(d->address));
	bool good = send(fd, "hallo", 5, MSG_NOSIGNAL) == 5;
	struct end *end = end_accept(d, 1000);
	good = end && end_wait_received(end, 5, 10000) && good;
	if (end) {
		end_close(end);
		ck_assert(end_wait(end, END_CLOSED, 10000));
	}
	close(fd);
	arena_turns(&c->arena, 5);
	return good;
}

/* A connection that was accepted without memory for it is closed, and told; everything else goes on. */
START_TEST(each_allocation_fails)
{
	struct lmn_case c;
	struct door *d = limits_open(&c, NULL, NULL);
	limits_fail(&c.rig);
	for (long i = 1; i <= 8; i++) {
		limits_fail_at = i;
		bool good = session(d, &c);
		ck_assert_msg(good || strstr(c.log, "memory is short: a connection was closed"),
			      "allocation %ld", i);
		limits_fail_at = 0;
		ck_assert_msg(session(d, &c), "after allocation %ld", i);
	}
	lmn_end(&c);
}
END_TEST

/* start without memory says so, leaves nothing, and succeeds the next time. */
START_TEST(each_allocation_of_start_fails)
{
	struct lmn_case c;
	bool made = false;
	lmn_make(&c, "buffers", "512K", NULL, 0, NULL, 0);
	ck_assert_int_eq(lmn_make_ready(&c), SGT_OK);
	size_t before = atomic_load(&c.rig.purse.bytes);
	limits_fail(&c.rig);
	for (long i = 1; i <= 3; i++) {
		limits_fail_at = i;
		enum sgt_result r = c.rig.module->start(c.rig.stack, &c.error);
		limits_fail_at = 0;
		made = r == SGT_OK;
		if (made)
			c.rig.module->stop(c.rig.stack);
		else
			ck_assert_ptr_nonnull(strstr(c.error.text, "memory is short"));
		ck_assert_uint_eq(atomic_load(&c.rig.purse.bytes), before);
	}
	ck_assert_int_eq(c.rig.module->start(c.rig.stack, &c.error), SGT_OK);
	c.rig.module->stop(c.rig.stack);
	lmn_end(&c);
}
END_TEST

/* ---- many at once over little ---- */

#define MANY 300

static bool all_echoed(const void *ctx)
{
	const struct rig *rig = ctx;
	unsigned n = 0;
	for (const struct end *e = rig->ends; e; e = e->next)
		n += e->sent == 1000;
	return n == MANY;
}

/* More connections say something at once than there are places or buffers: the kernel runs out of both, receiving is
 * begun again, and nothing is lost. */
static void crowd(const char *key, const char *value)
{
	static const unsigned char data[1000];
	struct rlimit files = {3 * MANY, 3 * MANY};
	struct lmn_case c;
	int callers[MANY];
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
	lmn_make(&c, key, value, NULL, 0, NULL, 0);
	ck_assert_int_eq(lmn_make_ready(&c), SGT_OK);
	ck_assert(rig_start(&c.rig));
	struct door *d = door_open(&c.rig, "127.0.0.1:0", 0);
	ck_assert_ptr_nonnull(d);
	d->mode = END_ECHO;
	for (int i = 0; i < MANY; i++)
		callers[i] = limits_call(lmn_port_of(d->address));
	while (d->accepted < MANY)
		arena_turn(&c.arena);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < MANY; i++)
			ck_assert_int_eq(send(callers[i], data, sizeof data, 0), sizeof data);
		ck_assert_msg(arena_until(&c.arena, all_echoed, &c.rig, 30000), "round %d", round);
		for (struct end *e = c.rig.ends; e; e = e->next)
			e->sent = 0;
	}
	for (int i = 0; i < MANY; i++)
		close(callers[i]);
	arena_turns(&c.arena, 20);
	lmn_end(&c);
}

START_TEST(few_buffers)
{
	crowd("buffers", "512K"); /* 16 with the kernel */
}
END_TEST

START_TEST(few_entries)
{
	crowd("entries", "64"); /* and 128 completions */
}
END_TEST

static const struct {
	const char *key, *value, *sentence;
} faulty[] = {
	{"name_server", "ns.example.net", "name_server = ns.example.net: not an IP address"},
};

START_TEST(faulty_setting)
{
	struct conformance_bed bed = {.module = &RIG_MODULE};
	struct conformance_setting settings[] = {{faulty[_i].key, faulty[_i].value}, {NULL, NULL}};
	struct rig_with with = {.settings = settings};
	struct sgt_error e;
	struct rig rig;
	ck_assert(!rig_create(&rig, &bed, NULL, &with, &e));
	ck_assert_int_eq(e.result, SGT_BAD_SETTING);
	ck_assert_str_eq(e.text, faulty[_i].sentence);
	ck_assert_uint_eq(atomic_load(&rig.purse.bytes), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("plugins/xln_limits");
	SUITE_CASE(s, "descriptors", out_of_descriptors, pause_does_not_spin);
	SUITE_CASE(s, "memory", pool_is_shared, each_allocation_fails,
		   each_allocation_of_create_fails, each_allocation_of_start_fails);
	SUITE_CASE(s, "crowd", few_buffers, few_entries);
	TCase *settings = tcase_create("settings");
	tcase_add_loop_test(settings, faulty_setting, 0, sizeof faulty / sizeof *faulty);
	suite_add_tcase(s, settings);
	return s;
}
SUITE_MAIN(suite)
