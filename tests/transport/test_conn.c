/* conn, listener: the life of a connection, its output and its ends. (Flow of input: test_flow.) */
#include "transport/twin.h"
#include "support/suite.h"

#include <string.h>

static struct clock_fake fake;
static struct twin a, b; /* a connects to b */
static struct seen client, servers[4];
static struct acceptor acceptor;

static void setup(void)
{
	clock_fake_init(&fake, 1000, 0);
	twin_make(&a, "a", "wire", "10.0.0.1", (const char *const[]){"window=1000", NULL},
		  &fake.clock);
	twin_make(&b, "b", "wire", "10.0.0.2, fe80::2", (const char *const[]){"window=1000", NULL},
		  &fake.clock);
	twin_up(&a);
	twin_up(&b);
	acceptor = (struct acceptor){servers, 4, 0};
	acceptor_open(&b, "*:25", &acceptor);
}

static void teardown(void)
{
	twin_end(&a);
	twin_end(&b);
}

static void dial_up(void)
{
	struct sgt_error error;
	ck_assert_int_eq(conn_connect(&client.conn, a.stack, "10.0.0.2:25", NULL, &seen_ops,
				      &client, &error),
			 SGT_OK);
	ck_assert_str_eq(conn_peer(client.conn), "10.0.0.2:25");
	ck_assert(!conn_is_open(client.conn));
	twin_turns(&a, &b, 2);
	ck_assert_uint_eq(client.connected, 1);
	ck_assert_ptr_nonnull(servers[0].conn);
}

START_TEST(both_ends_are_known)
{
	dial_up();
	ck_assert(conn_is_open(client.conn) && conn_is_open(servers[0].conn));
	ck_assert_str_eq(conn_local(client.conn), "10.0.0.1:32768");
	ck_assert_str_eq(conn_peer(servers[0].conn), "10.0.0.1:32768");
	ck_assert_str_eq(conn_local(servers[0].conn), "10.0.0.2:25");
	ck_assert_uint_eq(servers[0].connected, 0);
	ck_assert_ptr_eq(conn_stack(client.conn), a.stack);
	ck_assert_str_eq(listener_address(b.listener), "*:25");
}
END_TEST

START_TEST(words_are_joined)
{
	dial_up();
	struct stack_status st;
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(conn_write(client.conn, "0123456789", 10), OK);
	ck_assert_uint_eq(conn_output_pending(client.conn), 100);
	twin_turns(&a, &b, 2);
	ck_assert_uint_eq(client.sent, 1); /* one send for ten writes */
	ck_assert_uint_eq(conn_output_pending(client.conn), 0);
	ck_assert_uint_eq(servers[0].len, 100);
	stack_status(a.stack, &st);
	ck_assert_uint_eq(st.counters.bytes_out, 100);
}
END_TEST

START_TEST(write_before_connected)
{
	struct sgt_error error;
	conn_connect(&client.conn, a.stack, "10.0.0.2:25", "10.0.0.1", &seen_ops, &client, &error);
	ck_assert_int_eq(conn_write(client.conn, "early", 5), OK);
	conn_shutdown(client.conn);
	ck_assert_int_eq(conn_write(client.conn, "late", 4), E_STATE);
	twin_turns(&a, &b, 4);
	ck_assert_str_eq(servers[0].text, "early");
	ck_assert_uint_eq(servers[0].eofs, 1);
	ck_assert_int_eq(conn_write(servers[0].conn, "answer", 6), OK); /* half closed */
	twin_turns(&a, &b, 3);
	ck_assert_str_eq(client.text, "answer");
}
END_TEST

START_TEST(buffers_move)
{
	struct buf out;
	dial_up();
	buf_init(&out, 50);
	buf_puts(&out, "x0123");
	buf_consume(&out, 1);
	const char *memory = out.data;
	ck_assert_int_eq(conn_write_buf(client.conn, &out), OK);
	ck_assert_uint_eq(out.len, 0);
	ck_assert_uint_eq(out.max, 50);
	ck_assert_ptr_ne(out.data, memory); /* not copied */
	buf_puts(&out, "456");
	ck_assert_int_eq(conn_write_buf(client.conn, &out), OK); /* joined */
	ck_assert_int_eq(conn_write_buf(client.conn, &out), OK); /* nothing */
	twin_turns(&a, &b, 2);
	ck_assert_str_eq(servers[0].text, "0123456");
	ck_assert_uint_eq(client.sent, 1);
	buf_free(&out);
}
END_TEST

START_TEST(output_is_bounded)
{
	char many[2000];
	memset(many, 'm', sizeof many);
	dial_up();
	servers[0].take = (size_t)-1; /* takes nothing: 1000 bytes fit into its window */
	conn_limit_output(client.conn, 1500);
	ck_assert_int_eq(conn_write(client.conn, many, 1501), E_LIMIT);
	ck_assert_int_eq(conn_write(client.conn, many, 1500), OK);
	twin_turns(&a, &b, 3);
	ck_assert_uint_eq(client.sent, 0); /* the send is not over */
	ck_assert_uint_eq(conn_output_pending(client.conn), 1500);
	ck_assert_int_eq(conn_write(client.conn, "x", 1), E_LIMIT);
	servers[0].take = 0;
	conn_resume(servers[0].conn);
	twin_turns(&a, &b, 4);
	ck_assert_uint_eq(servers[0].len, 1500);
	ck_assert_uint_eq(conn_output_pending(client.conn), 0);
	ck_assert_int_eq(conn_write(client.conn, many, 1500), OK);
}
END_TEST

START_TEST(close_flushes_and_lingers)
{
	char many[5000];
	memset(many, 'm', sizeof many);
	dial_up();
	ck_assert_int_eq(conn_write(client.conn, many, sizeof many), OK);
	conn_close(client.conn);
	conn_close(client.conn);
	ck_assert_uint_eq(client.closed, 0);
	ck_assert_int_eq(conn_write(client.conn, "x", 1), E_STATE);
	ck_assert_int_eq(conn_write(servers[0].conn, "unwanted", 8), OK);
	twin_turns(&a, &b, 20);
	ck_assert_uint_eq(servers[0].len, sizeof many);
	ck_assert_uint_eq(servers[0].eofs, 1);
	ck_assert_uint_eq(servers[0].errors, 0);
	ck_assert_uint_eq(client.len, 0);    /* thrown away, no callback after conn_close */
	ck_assert_uint_eq(client.closed, 0); /* lingers for the peer's end */
	conn_close(servers[0].conn);
	twin_turns(&a, &b, 4);
	ck_assert_uint_eq(client.closed, 1);
	ck_assert_uint_eq(servers[0].closed, 1);
}
END_TEST

START_TEST(lingering_ends)
{
	dial_up();
	conn_close(client.conn);
	twin_turns(&a, &b, 3);
	fake.mono_ms += CONN_LINGER_MS - 1;
	twin_turns(&a, &b, 3);
	ck_assert_uint_eq(client.closed, 0);
	fake.mono_ms += 1;
	twin_turns(&a, &b, 3);
	ck_assert_uint_eq(client.closed, 1);
	ck_assert_uint_eq(servers[0].errors, 0);
}
END_TEST

START_TEST(flushing_ends)
{
	char many[5000] = "";
	dial_up();
	servers[0].take = (size_t)-1;
	conn_write(client.conn, many, sizeof many);
	conn_close(client.conn);
	fake.mono_ms += CONN_FLUSH_MS - 1;
	twin_turns(&a, &b, 3);
	ck_assert_uint_eq(client.closed, 0);
	fake.mono_ms += 1;
	twin_turns(&a, &b, 3);
	ck_assert_uint_eq(client.closed, 1);
	ck_assert_int_eq(servers[0].error.result, SGT_RESET); /* not taken for the whole */
}
END_TEST

START_TEST(abort_resets)
{
	dial_up();
	conn_write(client.conn, "lost", 4);
	conn_abort(client.conn);
	conn_abort(client.conn);
	ck_assert_uint_eq(client.closed, 0); /* never from inside the call */
	twin_turns(&a, &b, 3);
	ck_assert_uint_eq(client.closed, 1);
	ck_assert_uint_eq(servers[0].errors, 1);
	ck_assert_int_eq(servers[0].error.result, SGT_RESET);
	ck_assert_uint_eq(servers[0].len, 0);
	ck_assert_uint_eq(servers[0].closed, 0); /* its user has to close it */
	ck_assert_int_eq(conn_write(servers[0].conn, "x", 1), E_STATE);
	conn_close(servers[0].conn);
	twin_turns(&a, &b, 3);
	ck_assert_uint_eq(servers[0].closed, 1);
}
END_TEST

START_TEST(refused_and_unreachable)
{
	struct sgt_error error;
	client.close_on_error = true;
	conn_connect(&client.conn, a.stack, "10.0.0.2:26", NULL, &seen_ops, &client, &error);
	ck_assert_uint_eq(client.errors, 0);
	twin_turns(&a, &b, 3);
	ck_assert_int_eq(client.error.result, SGT_REFUSED);
	ck_assert_uint_eq(client.closed, 1);
	conn_connect(&client.conn, a.stack, "10.0.0.9:25", NULL, &seen_ops, &client, &error);
	twin_turns(&a, &b, 3);
	ck_assert_int_eq(client.error.result, SGT_UNREACHABLE);
	ck_assert_int_eq(client.error.number, 121);
	ck_assert_uint_eq(client.closed, 2);
	ck_assert_int_eq(conn_connect(&client.conn, a.stack, "10.0.0.2:25", "10.9.9.9", &seen_ops,
				      &client, &error),
			 SGT_BAD_ADDRESS);
	mem_fail("wire", MEM_CONNECT, 1, SGT_LIMIT);
	ck_assert_int_eq(
		conn_connect(&client.conn, a.stack, "10.0.0.2:25", NULL, &seen_ops, &client, NULL),
		SGT_LIMIT);
}
END_TEST

START_TEST(closed_while_opening)
{
	struct sgt_error error;
	mem_fault("wire", "10.0.0.3", MEM_SILENT);
	conn_connect(&client.conn, a.stack, "10.0.0.3:25", NULL, &seen_ops, &client, &error);
	twin_turns(&a, &b, 2);
	conn_close(client.conn);
	twin_turns(&a, &b, 2);
	ck_assert_uint_eq(client.closed, 1);
	ck_assert_uint_eq(client.connected + client.errors, 0);
	conn_connect(&client.conn, a.stack, "10.0.0.3:25", NULL, &seen_ops, &client, &error);
	fake.mono_ms += 75000; /* the transport's own patience */
	twin_turns(&a, &b, 2);
	ck_assert_int_eq(client.error.result, SGT_TIMEOUT);
	conn_close(client.conn);
}
END_TEST

START_TEST(timeouts)
{
	dial_up();
	conn_set_timeout(client.conn, 100);
	fake.mono_ms += 99;
	twin_turns(&a, &b, 1);
	conn_set_timeout(client.conn, 100);
	fake.mono_ms += 99;
	twin_turns(&a, &b, 1);
	ck_assert_uint_eq(client.timeouts, 0);
	fake.mono_ms += 1;
	twin_turns(&a, &b, 1);
	ck_assert_uint_eq(client.timeouts, 1);
	fake.mono_ms += 1000;
	twin_turns(&a, &b, 1);
	ck_assert_uint_eq(client.timeouts, 1);
	conn_set_timeout(client.conn, 10);
	conn_set_timeout(client.conn, 0);
	fake.mono_ms += 1000;
	twin_turns(&a, &b, 1);
	ck_assert_uint_eq(client.timeouts, 1);
}
END_TEST

/* A send that the module refuses is an error of the connection, told later. */
START_TEST(send_fails)
{
	dial_up();
	mem_fail("wire", MEM_SEND, 1, SGT_WRITE);
	client.close_on_error = true;
	ck_assert_int_eq(conn_write(client.conn, "x", 1), OK);
	ck_assert_uint_eq(client.errors, 0);
	twin_turns(&a, &b, 4);
	ck_assert_int_eq(client.error.result, SGT_WRITE);
	ck_assert_int_eq(client.error.number, 119);
	ck_assert_uint_eq(client.closed, 1);
}
END_TEST

START_TEST(not_taken_is_aborted)
{
	acceptor.count = 0;
	client.close_on_error = true;
	conn_connect(&client.conn, a.stack, "10.0.0.2:25", NULL, &seen_ops, &client, NULL);
	twin_turns(&a, &b, 4);
	ck_assert_uint_eq(client.connected, 1);
	ck_assert_int_eq(client.error.result, SGT_RESET);
}
END_TEST

START_TEST(listener_closes)
{
	dial_up();
	listener_close(&b.listener);
	listener_close(&b.listener);
	conn_write(client.conn, "lives on", 8);
	twin_turns(&a, &b, 3);
	ck_assert_str_eq(servers[0].text, "lives on");
	struct seen other = {.close_on_error = true};
	conn_connect(&other.conn, a.stack, "10.0.0.2:25", NULL, &seen_ops, &other, NULL);
	twin_turns(&a, &b, 4);
	ck_assert_int_eq(other.error.result, SGT_REFUSED);
}
END_TEST

/* The cable is pulled: each connection is told once, whatever state it is in, and ends once. */
START_TEST(cable_pulled)
{
	struct seen opening = {.close_on_error = true}, closing = {0};
	dial_up();
	mem_fault("wire", "10.0.0.3", MEM_SILENT);
	conn_connect(&opening.conn, a.stack, "10.0.0.3:25", NULL, &seen_ops, &opening, NULL);
	conn_connect(&closing.conn, a.stack, "10.0.0.2:25", NULL, &seen_ops, &closing, NULL);
	twin_turns(&a, &b, 2);
	conn_write(client.conn, "never arrives", 13);
	conn_close(closing.conn);
	mem_state("wire", SGT_NOT_RUNNING);
	twin_turns(&a, &b, 3);
	ck_assert_uint_eq(client.errors, 1);
	ck_assert_uint_eq(opening.errors, 1);
	ck_assert_uint_eq(opening.closed, 1);
	ck_assert_uint_eq(closing.errors, 0);
	ck_assert_uint_eq(closing.closed, 1);
	ck_assert_uint_eq(client.closed, 0);
	ck_assert_int_eq(conn_write(client.conn, "x", 1), E_STATE);
	ck_assert_int_eq(conn_connect(&opening.conn, a.stack, "10.0.0.2:25", NULL, &seen_ops,
				      &opening, NULL),
			 SGT_STATE);
	mem_state("wire", SGT_RUNNING);
	fake.mono_ms += 5000;
	twin_turns(&a, &b, 2);
	ck_assert(stack_is_up(a.stack));
	conn_close(client.conn); /* of the start before */
	twin_turns(&a, &b, 2);
	ck_assert_uint_eq(client.closed, 1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("transport/conn");
	TCase *tc = tcase_create("conn");
	const TTest *const tests[] = {both_ends_are_known,
				      words_are_joined,
				      write_before_connected,
				      buffers_move,
				      output_is_bounded,
				      close_flushes_and_lingers,
				      lingering_ends,
				      flushing_ends,
				      abort_resets,
				      refused_and_unreachable,
				      closed_while_opening,
				      timeouts,
				      send_fails,
				      not_taken_is_aborted,
				      listener_closes,
				      cable_pulled};
	tcase_add_checked_fixture(tc, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
