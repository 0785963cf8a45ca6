/* lmn: out of descriptors it waits, tells it once, and goes on; out of memory nothing is lost for good. */
#include "plugins/lmn_rig.h"
#include "support/sockets.h"
#include "support/suite.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define CALLERS 20

static unsigned lines_with(const char *log, const char *word)
{
	unsigned n = 0;
	for (const char *p = log; (p = strstr(p, word)); p++)
		n++;
	return n;
}

static int call(unsigned port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons((uint16_t)port),
				.sin_addr = {htonl(INADDR_LOOPBACK)}};
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	return fd;
}

static void limit_to(rlim_t n)
{
	struct rlimit r;
	getrlimit(RLIMIT_NOFILE, &r);
	r.rlim_cur = n;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &r), 0);
}

static struct door *opened(struct lmn_case *c)
{
	lmn_make(c, NULL, NULL, NULL, 0, NULL, 0);
	ck_assert_int_eq(lmn_make_ready(c), SGT_OK);
	ck_assert(rig_start(&c->rig));
	struct door *d = door_open(&c->rig, "127.0.0.1:0", 0);
	ck_assert_ptr_nonnull(d);
	return d;
}

static bool all_came(const void *ctx)
{
	return ((const struct door *)ctx)->accepted == CALLERS;
}

START_TEST(out_of_descriptors)
{
	struct lmn_case c;
	int callers[CALLERS];
	struct door *d = opened(&c);
	unsigned port = lmn_port_of(d->address);
	for (int i = 0; i < CALLERS; i++)
		callers[i] = call(port);
	int next = dup(0);
	close(next);
	limit_to((rlim_t)next + 5); /* five can be taken */
	arena_turns(&c.arena, 1000);
	ck_assert_uint_eq(d->accepted, 5);
	ck_assert_uint_eq(lines_with(c.log, "no more connections can be taken"), 1);
	struct sgt_error e;
	struct sgt_conn *conn;
	ck_assert_int_eq(c.rig.module->connect(c.rig.stack, d->address, NULL, NULL, &conn, &e),
			 SGT_LIMIT);
	/* One ends, one may come. */
	end_close(c.rig.ends);
	ck_assert(end_wait(c.rig.ends, END_CLOSED, 10000));
	limit_to(1000);
	ck_assert(arena_until(&c.arena, all_came, d, 10000));
	ck_assert_uint_eq(lines_with(c.log, "connections are taken again"), 1);
	for (int i = 0; i < CALLERS; i++)
		close(callers[i]);
	lmn_end(&c);
}
END_TEST

/* An accepting that pauses does not spin: run waits meanwhile. */
START_TEST(pause_does_not_spin)
{
	struct lmn_case c;
	struct door *d = opened(&c);
	int caller = call(lmn_port_of(d->address));
	int next = dup(0), runs = 0;
	close(next);
	limit_to((rlim_t)next);
	uint64_t end = rig_now_ms() + 1000;
	while (rig_now_ms() < end) {
		rig_run(&c.rig, 1000);
		runs++;
	}
	ck_assert_msg(runs < 100, "%d runs in a second", runs);
	limit_to(1000);
	close(caller);
	lmn_end(&c);
}
END_TEST

/* ---- memory ---- */

static long fail_at; /* the allocation that fails; counts down */
static void *(*real_alloc)(void *ctx, void *old, size_t size);

static void *failing_alloc(void *ctx, void *old, size_t size)
{
	if (size && fail_at && --fail_at == 0)
		return NULL;
	return real_alloc(ctx, old, size);
}

#define CROWD 600
#define EACH 60000u

static size_t received_by_all(const struct rig *rig, size_t *least)
{
	size_t all = 0;
	*least = EACH;
	for (const struct end *e = rig->ends; e; e = e->next) {
		all += e->received;
		*least = e->received < *least ? e->received : *least;
	}
	return all;
}

static bool all_received(const void *ctx)
{
	size_t least;
	received_by_all(ctx, &least);
	return least == EACH;
}

/* Many hold what they got: memory stays within the pool, each has its floor, and when some give theirs back the others
 * go on by themselves. */
START_TEST(pool_is_shared)
{
	static unsigned char data[EACH];
	struct lmn_case c;
	struct door *d = opened(&c);
	int callers[CROWD];
	size_t least = 0;
	limit_to(2 * CROWD + 100);
	d->mode = END_HOLD;
	d->checked = true;
	pattern_fill(data, 0, 0, sizeof data);
	for (int i = 0; i < CROWD; i++) {
		callers[i] = call(lmn_port_of(d->address));
		arena_turn(&c.arena);
		ck_assert_int_eq(send(callers[i], data, sizeof data, MSG_DONTWAIT), sizeof data);
	}
	arena_turns(&c.arena, 300);
	size_t all = received_by_all(&c.rig, &least);
	ck_assert_msg(all < (size_t)CROWD * EACH && all <= SOCK_POOL_MAX + CROWD * LEND_FLOOR,
		      "%zu bytes", all);
	ck_assert_uint_ge(least, LEND_FLOOR);
	ck_assert_uint_le(atomic_load(&c.rig.purse.bytes),
			  SOCK_POOL_MAX + CROWD * (LEND_FLOOR + 2048));
	for (struct end *e = c.rig.ends; e; e = e->next)
		if (e->received == EACH)
			end_take(e);
	ck_assert(arena_until(&c.arena, all_received, &c.rig, 10000));
	for (int i = 0; i < CROWD; i++)
		close(callers[i]);
	lmn_end(&c);
}
END_TEST

/* Each allocation of a whole session fails in turn: it may end sooner, but nothing leaks, and the next one works. */
static bool session(struct door *d, struct lmn_case *c)
{
	int fd = call(lmn_port_of(d->address));
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
	struct door *d = opened(&c);
	real_alloc = c.rig.host.alloc;
	c.rig.host.alloc = failing_alloc;
	for (long i = 1; i <= 8; i++) {
		fail_at = i;
		ck_assert_msg(session(d, &c), "allocation %ld", i);
	}
	lmn_end(&c);
}
END_TEST

START_TEST(each_allocation_of_create_fails)
{
	struct sgt_plan plan = {.name = "lan", .address = "127.0.0.1:0"};
	const struct sgt_module *m = &SGT_MODULE(lmn);
	struct lmn_case c;
	bool made = false;
	lmn_make(&c, NULL, NULL, NULL, 0, NULL, 0);
	real_alloc = c.rig.host.alloc;
	c.rig.host.alloc = failing_alloc;
	size_t before = atomic_load(&c.rig.purse.bytes);
	struct sgt_value *values = values_make(m->keys, NULL, c.rig.failure);
	struct sgt_create with = {.size = sizeof with,
				  .name = "lmn",
				  .values = values,
				  .plans = &plan,
				  .plan_count = 1};
	for (long i = 1; !made; i++) {
		struct sgt_stack *stack;
		fail_at = i;
		enum sgt_result r = m->create(&c.rig.host, &with, &stack, &c.error);
		made = r == SGT_OK;
		if (made)
			r = m->prepare(stack, &c.error);
		ck_assert(r == SGT_OK || r == SGT_NOMEM);
		fail_at = 0;
		if (made)
			m->destroy(stack);
		ck_assert_uint_eq(atomic_load(&c.rig.purse.bytes), before);
	}
	values_free(m->keys, values);
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
