/* core/transport when memory runs short: each allocation of an instance, a stack and its connections fails once. */
#include "transport/dgram.h"
#include "transport/dial.h"
#include "transport/loader.h"
#include "transport/twin.h"
#include "support/scarce.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

static struct clock_fake fake;

/* ---- an instance ---- */

static enum result make_instance(struct instance **i)
{
	static const struct instance_setting list[] = {{"address", "a, b", NULL, 0},
						       {"network", "scarce", NULL, 0},
						       {"connect_wait", "5", NULL, 0},
						       {"connections", "10", NULL, 0}};
	const struct instance_config c = {
		.name = "net", .settings = list, .count = 4, .state_dir = "/nonexistent"};
	return instance_new(i, &SGT_MODULE(mem), &c, NULL);
}

START_TEST(instance)
{
	struct instance *i = NULL;
	enum result r;
	unsigned fails = 0;
	for (unsigned n = 1; scarce_fail_at(n), (r = make_instance(&i)) != OK; n++, fails++)
		if (r != E_NOMEM || i)
			break;
	scarce_end();
	ck_assert_int_eq(r, OK);
	ck_assert_uint_ge(fails, 2); /* a region takes few */
	ck_assert_uint_eq(instance_value(i, 1)->count, 2);
	instance_destroy(&i);
}
END_TEST

START_TEST(unknown_key)
{
	const struct instance_setting at = {"adress", "a", NULL, 0};
	const struct instance_config c = {.name = "net", .settings = &at, .count = 1};
	for (unsigned n = 1; n < 40; n++) {
		struct instance *i = NULL;
		scarce_fail_at(n);
		enum result r = instance_new(&i, &SGT_MODULE(mem), &c, NULL);
		scarce_end();
		ck_assert(r == E_CONFIG || r == E_NOMEM);
		ck_assert_ptr_null(i);
	}
}
END_TEST

START_TEST(scan)
{
	const char *const dirs[] = {"/nonexistent", NULL};
	struct transport_list list;
	enum result r;
	transport_preload("mem", &SGT_MODULE(mem));
	for (unsigned n = 1; scarce_fail_at(n), (r = transport_scan(dirs, &list)) != OK; n++)
		if (r != E_NOMEM || list.count)
			break;
	scarce_end();
	ck_assert_int_eq(r, OK);
	ck_assert_uint_eq(list.count, 1);
	transport_list_free(&list);
}
END_TEST

/* ---- a stack ---- */

static struct twin a, b;
static struct seen client, server;
static struct acceptor acceptor;

START_TEST(stack)
{
	struct stack *s = NULL;
	const struct stack_config how = {.clock = &fake.clock, .ops = &twin_ops, .ctx = &a};
	enum sgt_result r;
	unsigned fails = 0;
	clock_fake_init(&fake, 0, 0);
	ck_assert_int_eq(make_instance(&a.instance), OK);
	for (unsigned n = 1;
	     scarce_fail_at(n), (r = stack_create(&s, a.instance, &how, NULL)) != SGT_OK;
	     n++, fails++)
		if (r != SGT_NOMEM || s)
			break;
	scarce_end();
	ck_assert_int_eq(r, SGT_OK);
	ck_assert_uint_ge(fails, 3);
	stack_destroy(&s);
	instance_destroy(&a.instance);
}
END_TEST

static unsigned dial_ends;

static void dialled(void *ctx, struct conn *c)
{
	(void)ctx;
	dial_ends++;
	client.conn = c;
	conn_take(c, &seen_ops, &client);
}

static void not_dialled(void *ctx, const struct dial_failure *f)
{
	(void)ctx;
	(void)f;
	dial_ends++;
}

/* Dials, talks and ends while allocation n fails. Whatever happens, each user is told of one end. */
static void session(unsigned n)
{
	static const struct dial_ops ops = {dialled, not_dialled};
	const char *addresses[] = {"b"};
	const struct dial_target target = {
		.host = "b", .addresses = addresses, .count = 1, .port = 25};
	struct dial *d = NULL;
	memset(&client, 0, sizeof client);
	memset(&server, 0, sizeof server);
	client.close_on_error = server.close_on_error = server.close_on_eof = server.echo = true;
	acceptor.at = 0;
	dial_ends = 0;
	scarce_fail_at(n);
	enum result r = dial_start(&d, a.stack, &target, &ops, NULL);
	twin_turns(&a, &b, 3);
	if (client.conn && conn_write(client.conn, "hello", 5) != OK)
		conn_abort(client.conn);
	else if (client.conn)
		conn_set_timeout(client.conn, 1000);
	twin_turns(&a, &b, 5);
	if (client.conn)
		conn_close(client.conn);
	twin_turns(&a, &b, 5);
	scarce_end();
	fake.mono_ms += CONN_FLUSH_MS;
	twin_turns(&a, &b, 5);
	fake.mono_ms += CONN_FLUSH_MS;
	twin_turns(&a, &b, 5);
	ck_assert_uint_eq(dial_ends, r == OK);
	ck_assert_ptr_null(client.conn);
	ck_assert_ptr_null(server.conn);
}

START_TEST(sessions)
{
	clock_fake_init(&fake, 0, 0);
	twin_make(&a, "a", "scarce", "a", NULL, &fake.clock);
	twin_make(&b, "b", "scarce", "b", NULL, &fake.clock);
	twin_up(&a);
	twin_up(&b);
	acceptor = (struct acceptor){&server, 1, 0};
	acceptor_open(&b, "b:25", &acceptor);
	for (unsigned n = 1; n < 60; n++)
		session(n);
	ck_assert_uint_eq(client.len, 5); /* none failed in the last one */
	twin_end(&a);
	twin_end(&b);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("transport/scarce");
	SUITE_CASE(s, "settings", instance, unknown_key, scan);
	SUITE_CASE(s, "stack", stack, sessions);
	return s;
}
SUITE_MAIN(suite)
