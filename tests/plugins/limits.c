/* See limits.h. */
#include "plugins/limits.h"
#include "support/lend.h"

#include <arpa/inet.h>
#include <check.h>
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

int limits_call(unsigned port)
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

struct door *limits_open(struct lmn_case *c, const char *key, const char *value)
{
	lmn_make(c, key, value, NULL, 0, NULL, 0);
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

static bool told_once(const void *ctx)
{
	return lines_with(((const struct lmn_case *)ctx)->log, "connections are taken again") == 1;
}

void limits_descriptors(void)
{
	struct lmn_case c;
	int callers[CALLERS];
	struct door *d = limits_open(&c, NULL, NULL);
	unsigned port = lmn_port_of(d->address);
	for (int i = 0; i < CALLERS; i++)
		callers[i] = limits_call(port);
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
	ck_assert(arena_until(&c.arena, told_once, &c, 10000));
	for (int i = 0; i < CALLERS; i++)
		close(callers[i]);
	lmn_end(&c);
}

/* An accepting that pauses does not spin: run waits meanwhile. */
void limits_pause(void)
{
	struct lmn_case c;
	struct door *d = limits_open(&c, NULL, NULL);
	int caller = limits_call(lmn_port_of(d->address));
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

/* ---- memory ---- */

long limits_fail_at;
static void *(*real_alloc)(void *ctx, void *old, size_t size);

static void *failing_alloc(void *ctx, void *old, size_t size)
{
	if (size && limits_fail_at && --limits_fail_at == 0)
		return NULL;
	return real_alloc(ctx, old, size);
}

void limits_fail(struct rig *rig)
{
	real_alloc = rig->host.alloc;
	rig->host.alloc = failing_alloc;
}

#define CROWD LIMITS_CROWD
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
void limits_pool(const struct limits_bound *bound)
{
	static unsigned char data[EACH];
	struct lmn_case c;
	struct door *d = limits_open(&c, bound->key, bound->value);
	int callers[CROWD];
	size_t least = 0;
	limit_to(2 * CROWD + 100);
	d->mode = END_HOLD;
	d->checked = true;
	pattern_fill(data, 0, 0, sizeof data);
	for (int i = 0; i < CROWD; i++) {
		callers[i] = limits_call(lmn_port_of(d->address));
		arena_turn(&c.arena);
		ck_assert_int_eq(send(callers[i], data, sizeof data, MSG_DONTWAIT), sizeof data);
	}
	arena_turns(&c.arena, 300);
	size_t all = received_by_all(&c.rig, &least);
	ck_assert_msg(all < (size_t)CROWD * EACH && all <= bound->lent + CROWD * bound->lent_each,
		      "%zu bytes", all);
	ck_assert_uint_ge(least, LEND_FLOOR);
	ck_assert_uint_le(atomic_load(&c.rig.purse.bytes), bound->memory);
	for (struct end *e = c.rig.ends; e; e = e->next)
		if (e->received == EACH)
			end_take(e);
	ck_assert(arena_until(&c.arena, all_received, &c.rig, 10000));
	for (int i = 0; i < CROWD; i++)
		close(callers[i]);
	lmn_end(&c);
}

void limits_create(void)
{
	struct sgt_plan plan = {.name = "lan", .address = "127.0.0.1:0"};
	const struct sgt_module *m = &RIG_MODULE;
	struct lmn_case c;
	bool made = false;
	lmn_make(&c, NULL, NULL, NULL, 0, NULL, 0);
	limits_fail(&c.rig);
	size_t before = atomic_load(&c.rig.purse.bytes);
	struct sgt_value *values = values_make(m->keys, NULL, c.rig.failure);
	struct sgt_create with = {.size = sizeof with,
				  .name = "lan",
				  .values = values,
				  .plans = &plan,
				  .plan_count = 1};
	for (long i = 1; !made; i++) {
		struct sgt_stack *stack;
		limits_fail_at = i;
		enum sgt_result r = m->create(&c.rig.host, &with, &stack, &c.error);
		made = r == SGT_OK;
		if (made)
			r = m->prepare(stack, &c.error);
		ck_assert(r == SGT_OK || r == SGT_NOMEM);
		limits_fail_at = 0;
		if (made)
			m->destroy(stack);
		ck_assert_uint_eq(atomic_load(&c.rig.purse.bytes), before);
	}
	values_free(m->keys, values);
	lmn_end(&c);
}
