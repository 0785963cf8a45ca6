/* dial: families alternate, dead addresses of each kind, the first wins; by a clock of our own. */
#include "transport/dial.h"
#include "transport/twin.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static struct clock_fake fake;
static struct twin a, b;
static struct seen client, servers[8];
static struct acceptor acceptor;
static struct dial *dial;
static unsigned connected, failed;
static struct dial_failure failure;
static bool leave; /* on_connected does not take it */

static void on_connected(void *ctx, struct conn *c)
{
	ck_assert_ptr_eq(ctx, &client);
	ck_assert(conn_is_open(c));
	connected++;
	dial = NULL;
	if (leave)
		return;
	client.conn = c;
	conn_take(c, &seen_ops, &client);
}

static void on_failed(void *ctx, const struct dial_failure *f)
{
	ck_assert_ptr_eq(ctx, &client);
	failed++;
	failure = *f;
	dial = NULL;
}

static const struct dial_ops ops = {on_connected, on_failed};

static void setup(void)
{
	clock_fake_init(&fake, 1000, 0);
	twin_make(&a, "a", "dial", "10.0.0.1, 10.0.0.3, 2001:db8::1", NULL, &fake.clock);
	twin_make(&b, "b", "dial", "10.0.0.2, 2001:db8::2, word.example", NULL, &fake.clock);
	twin_up(&a);
	twin_up(&b);
	acceptor = (struct acceptor){servers, 8, 0};
	acceptor_open(&b, "*:25", &acceptor);
	mem_fault("dial", "10.0.0.66", MEM_SILENT);
	mem_fault("dial", "10.0.0.67", MEM_SILENT);
	mem_fault("dial", "2001:db8::66", MEM_SILENT);
}

static void teardown(void)
{
	dial_cancel(&dial);
	twin_end(&a);
	twin_end(&b);
}

static enum result start(const char *const *addresses, const char *source)
{
	struct dial_target t = {
		.host = "mx.example", .addresses = addresses, .port = 25, .source = source};
	while (addresses[t.count])
		t.count++;
	return dial_start(&dial, a.stack, &t, &ops, &client);
}
#define START(...) ck_assert_int_eq(start((const char *const[]){__VA_ARGS__, NULL}, NULL), OK)

static void pass(int64_t ms)
{
	fake.mono_ms += ms;
	twin_turns(&a, &b, 3);
}

START_TEST(first_answers)
{
	START("2001:db8::2", "10.0.0.2");
	ck_assert_uint_eq(connected, 0); /* never from inside dial_start */
	pass(0);
	ck_assert_uint_eq(connected, 1);
	ck_assert_str_eq(conn_peer(client.conn), "[2001:db8::2]:25");
	pass(60000);
	ck_assert_uint_eq(connected + failed, 1);
	ck_assert_uint_eq(acceptor.at, 1); /* no second attempt */
	conn_write(client.conn, "hello", 5);
	pass(0);
	ck_assert_str_eq(servers[0].text, "hello");
}
END_TEST

START_TEST(refused_goes_on_at_once)
{
	START("10.0.0.1", "10.0.0.2");
	pass(0);
	ck_assert_uint_eq(connected, 1);
	ck_assert_str_eq(conn_peer(client.conn), "10.0.0.2:25");
}
END_TEST

START_TEST(unreachable_goes_on_at_once)
{
	START("2001:db8::99", "10.0.0.99", "word.example");
	pass(0);
	ck_assert_uint_eq(connected, 1);
	ck_assert_str_eq(conn_peer(client.conn), "word.example:25");
}
END_TEST

START_TEST(silent_waits_a_quarter_second)
{
	START("2001:db8::66", "10.0.0.2");
	pass(0);
	pass(249);
	ck_assert_uint_eq(connected, 0);
	pass(1);
	ck_assert_uint_eq(connected, 1);
	ck_assert_str_eq(conn_peer(client.conn), "10.0.0.2:25");
	struct stack_status st;
	twin_turns(&a, &b, 3);
	stack_status(a.stack, &st);
	ck_assert_uint_eq(st.counters.open, 1); /* the loser is gone */
}
END_TEST

/* Given 66, 67, v6::66 and v6::2: tried as 66, v6::66, 67, v6::2. */
START_TEST(families_alternate)
{
	START("10.0.0.66", "10.0.0.67", "2001:db8::66", "2001:db8::2");
	pass(0);
	pass(250);
	pass(250);
	ck_assert_uint_eq(connected, 0);
	pass(249);
	ck_assert_uint_eq(connected, 0);
	pass(1);
	ck_assert_uint_eq(connected, 1);
	ck_assert_str_eq(conn_peer(client.conn), "[2001:db8::2]:25");
}
END_TEST

START_TEST(all_dead)
{
	START("10.0.0.1", "[2001:db8::66]:2525", "10.0.0.99:26", "not an address");
	pass(0);
	pass(29999);
	ck_assert_uint_eq(failed, 0);
	pass(1);
	ck_assert_uint_eq(failed, 1);
	ck_assert_int_eq(failure.result, SGT_TIMEOUT);
	ck_assert_int_eq(failure.number, 121);
	ck_assert_str_eq(failure.text,
			 "no connection to mx.example: "
			 "10.0.0.1:25: the peer refuses connections on this port; "
			 "[2001:db8::66]:2525: no answer in 30 s; "
			 "10.0.0.99:26: there is no way to the peer; "
			 "not an address: \"not an address\" is not an address of this network");
}
END_TEST

START_TEST(all_refused)
{
	START("10.0.0.1", "2001:db8::1");
	pass(0);
	ck_assert_uint_eq(failed, 1);
	ck_assert_int_eq(failure.result, SGT_REFUSED);
}
END_TEST

START_TEST(many_addresses)
{
	static char text[200][16];
	const char *list[201] = {0};
	for (int i = 0; i < 200; i++) {
		snprintf(text[i], sizeof text[i], "10.9.9.%d", i);
		list[i] = text[i];
	}
	ck_assert_int_eq(start(list, NULL), OK);
	pass(0);
	ck_assert_uint_eq(failed, 1);
	ck_assert_uint_lt(strlen(failure.text), sizeof failure.text);
	ck_assert_ptr_nonnull(strstr(failure.text, "; and 1"));
	ck_assert_ptr_nonnull(strstr(failure.text, " more"));
}
END_TEST

START_TEST(source_family)
{
	ck_assert_int_eq(start((const char *const[]){"2001:db8::2", "10.0.0.2", NULL}, "10.0.0.3"),
			 OK);
	pass(0);
	ck_assert_uint_eq(connected, 1);
	ck_assert_ptr_nonnull(strstr(conn_local(client.conn), "10.0.0.3:"));
	ck_assert_int_eq(start((const char *const[]){"2001:db8::2", NULL}, "10.0.0.3"), OK);
	pass(0);
	ck_assert_str_eq(failure.text, "no connection to mx.example: 2001:db8::2: "
				       "of another family than source 10.0.0.3");
}
END_TEST

START_TEST(cancelled)
{
	START("10.0.0.2");
	dial_cancel(&dial);
	START("10.0.0.66", "10.0.0.67");
	pass(0);
	pass(250);
	dial_cancel(&dial);
	dial_cancel(&dial);
	pass(60000);
	ck_assert_uint_eq(connected + failed, 0);
	ck_assert_uint_eq(acceptor.at, 0);
}
END_TEST

START_TEST(not_taken)
{
	leave = true;
	START("10.0.0.2");
	pass(0);
	ck_assert_uint_eq(connected, 1);
	pass(0);
	ck_assert_int_eq(servers[0].error.result, SGT_RESET);
}
END_TEST

START_TEST(stack_is_lost)
{
	START("10.0.0.66", "10.0.0.2");
	pass(0);
	mem_state("dial", SGT_NOT_RUNNING);
	pass(0);
	ck_assert_uint_eq(failed, 1);
	ck_assert_str_eq(failure.text, "no connection to mx.example: "
				       "10.0.0.66:25: the cable of dial was pulled; "
				       "10.0.0.2:25: a is not up");
	ck_assert_int_eq(start((const char *const[]){"10.0.0.2", NULL}, NULL), E_STATE);
	ck_assert_int_eq(start((const char *const[]){NULL}, NULL), E_RANGE);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("transport/dial");
	TCase *tc = tcase_create("dial");
	const TTest *const tests[] = {first_answers,
				      refused_goes_on_at_once,
				      unreachable_goes_on_at_once,
				      silent_waits_a_quarter_second,
				      families_alternate,
				      all_dead,
				      all_refused,
				      many_addresses,
				      source_family,
				      cancelled,
				      not_taken,
				      stack_is_lost};
	tcase_add_checked_fixture(tc, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
