/* The whole of core/transport under load: ten thousand sessions between two threads, while the cable is pulled. */
#include "transport/twin.h"
#include "support/suite.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SESSIONS = 10000, AT_A_TIME = 500 };

/* A client says hello, the server echoes it and closes when the client has ended its side. */
struct session {
	size_t got;
	bool done;
};
static struct session sessions[SESSIONS];
static unsigned begun;
static atomic_uint served, finished, broken;
static struct twin client, server;
static bool may_break;

static size_t echo_data(void *ctx, struct conn *c, const char *bytes, size_t n)
{
	(void)ctx;
	ck_assert_int_eq(conn_write(c, bytes, n), OK);
	return n;
}

static void echo_eof(void *ctx, struct conn *c)
{
	(void)ctx;
	conn_close(c);
}

static void echo_error(void *ctx, struct conn *c, const struct sgt_error *error)
{
	(void)ctx;
	(void)error;
	conn_abort(c);
}

static void echo_closed(void *ctx, struct conn *c)
{
	(void)ctx;
	(void)c;
	atomic_fetch_add(&served, 1);
}

static const struct conn_ops echo_ops = {
	.on_data = echo_data, .on_eof = echo_eof, .on_error = echo_error, .on_closed = echo_closed};

static void echo_accept(void *ctx, struct listener *l, struct conn *c)
{
	(void)ctx;
	(void)l;
	conn_take(c, &echo_ops, NULL);
}

static enum sgt_result serve(struct twin *t, struct sgt_error *error)
{
	const struct sgt_plan plan = {.name = "echo", .address = "*:25"};
	return listener_open(&t->listener, t->stack, &plan, echo_accept, NULL, error);
}

/* ---- the client ---- */

static void begin_more(void);

static size_t talk_data(void *ctx, struct conn *c, const char *bytes, size_t n)
{
	struct session *s = ctx;
	ck_assert_int_eq(memcmp(bytes, &"hello world"[s->got], n), 0);
	s->got += n;
	if (s->got == 11)
		conn_close(c);
	return n;
}

static void talk_error(void *ctx, struct conn *c, const struct sgt_error *error)
{
	(void)ctx;
	ck_assert_msg(may_break, "%s", error->text);
	conn_close(c);
}

static void talk_closed(void *ctx, struct conn *c)
{
	struct session *s = ctx;
	(void)c;
	ck_assert(!s->done);
	s->done = true;
	if (s->got == 11)
		atomic_fetch_add(&finished, 1);
	else
		atomic_fetch_add(&broken, 1);
	begin_more();
}

static const struct conn_ops talk_ops = {
	.on_data = talk_data, .on_error = talk_error, .on_closed = talk_closed};

static void begin_more(void)
{
	struct conn *c;
	if (begun == SESSIONS || !stack_is_up(client.stack))
		return;
	struct session *s = &sessions[begun];
	if (conn_connect(&c, client.stack, "10.0.0.2:25", NULL, &talk_ops, s, NULL) != SGT_OK)
		return;
	begun++;
	ck_assert_int_eq(conn_write(c, "hello ", 6), OK);
	ck_assert_int_eq(conn_write(c, "world", 5), OK);
}

static enum sgt_result talk(struct twin *t, struct sgt_error *error)
{
	(void)t;
	(void)error;
	for (int i = 0; i < AT_A_TIME; i++)
		begin_more();
	return SGT_OK;
}

static void nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
}

static void make(struct twin *t, const char *name, const char *address,
		 enum sgt_result (*on_up)(struct twin *t, struct sgt_error *error))
{
	const struct stack_config how = {
		.ops = &twin_ops, .ctx = t, .retry_first = 1, .retry_most = 2};
	twin_make(t, name, "load", address, (const char *const[]){"window=4K", NULL}, NULL);
	stack_destroy(&t->stack);
	ck_assert_int_eq(stack_create(&t->stack, t->instance, &how, NULL), SGT_OK);
	ck_assert_int_eq(stack_prepare(t->stack, NULL), SGT_OK);
	t->on_up = on_up;
	ck_assert_int_eq(stack_start(t->stack, 10000, NULL), SGT_OK);
}

static void destroy(struct twin *t)
{
	stack_destroy(&t->stack);
	instance_destroy(&t->instance);
}

START_TEST(two_threads)
{
	make(&server, "server", "10.0.0.2", serve);
	make(&client, "client", "10.0.0.1", talk);
	while (atomic_load(&finished) < SESSIONS)
		nap();
	ck_assert_int_eq(stack_stop(client.stack, 10000), OK);
	ck_assert_int_eq(stack_stop(server.stack, 10000), OK);
	ck_assert_uint_eq(atomic_load(&served), SESSIONS);
	ck_assert_uint_eq(atomic_load(&broken), 0);
	destroy(&client);
	destroy(&server);
}
END_TEST

/* Each session ends once, well or broken, however often the network goes. */
START_TEST(cable_pulled_again_and_again)
{
	may_break = true;
	make(&server, "server", "10.0.0.2", serve);
	make(&client, "client", "10.0.0.1", talk);
	while (atomic_load(&finished) + atomic_load(&broken) < SESSIONS) {
		mem_state("load", SGT_NOT_RUNNING);
		nap();
		mem_state("load", SGT_RUNNING);
		nap();
		mem_reset("load", "10.0.0.2:25");
		for (int i = 0; i < 10; i++)
			nap();
	}
	ck_assert_int_eq(stack_stop(client.stack, 10000), OK);
	ck_assert_int_eq(stack_stop(server.stack, 10000), OK);
	for (int i = 0; i < SESSIONS; i++)
		ck_assert(sessions[i].done);
	destroy(&client);
	destroy(&server);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("transport/mem_load");
	SUITE_CASE(s, "load", two_threads, cable_pulled_again_and_again);
	return s;
}
SUITE_MAIN(suite)
