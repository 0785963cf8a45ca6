/* conn_input: flow control, resuming, the peer's end after all its bytes, closing from inside each callback. */
#include "transport/twin.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static struct clock_fake fake;
static struct twin a, b;
static struct seen client, server;
static struct acceptor acceptor;

static void make(const char *window)
{
	char setting[32];
	snprintf(setting, sizeof setting, "window=%s", window);
	const char *settings[] = {setting, NULL};
	clock_fake_init(&fake, 0, 0);
	memset(&a, 0, sizeof a);
	memset(&b, 0, sizeof b);
	memset(&client, 0, sizeof client);
	memset(&server, 0, sizeof server);
	twin_make(&a, "a", "flow", "a.example", settings, &fake.clock);
	twin_make(&b, "b", "flow", "b.example", settings, &fake.clock);
	twin_up(&a);
	twin_up(&b);
	acceptor = (struct acceptor){&server, 1, 0};
	acceptor_open(&b, "b.example:25", &acceptor);
	ck_assert_int_eq(
		conn_connect(&client.conn, a.stack, "b.example:25", NULL, &seen_ops, &client, NULL),
		SGT_OK);
	twin_turns(&a, &b, 2);
}

static void end(void)
{
	twin_end(&a);
	twin_end(&b);
}

static char pattern[20000];

static void send_pattern(size_t n)
{
	for (size_t i = 0; i < n; i++)
		pattern[i] = (char)('a' + i % 23);
	ck_assert_int_eq(conn_write(client.conn, pattern, n), OK);
}

/* Echo, whatever the window and however little is taken at a time. */
START_TEST(echo_in_portions)
{
	static const char *const windows[] = {"1", "2", "7", "64", "1000", "64K"};
	static const size_t portions[] = {1, 2, 7, 63, 0};
	for (size_t w = 0; w < sizeof windows / sizeof *windows; w++) {
		for (size_t p = 0; p < sizeof portions / sizeof *portions; p++) {
			make(windows[w]);
			server.echo = true;
			server.take = portions[p];
			send_pattern(700);
			conn_shutdown(client.conn);
			for (int i = 0; i < 5000 && client.len < 700; i++) {
				twin_turns(&a, &b, 1);
				if (server.conn)
					conn_resume(server.conn);
			}
			ck_assert_msg(client.len == 700, "window %s, portions of %zu: %zu",
				      windows[w], portions[p], client.len);
			ck_assert_int_eq(memcmp(client.text, pattern, 700), 0);
			twin_turns(&a, &b, 3);
			ck_assert_uint_eq(server.eofs, 1);
			end();
		}
	}
}
END_TEST

/* A user who takes nothing makes the peer wait, with no more than the window in between. */
START_TEST(slow_reader)
{
	struct stack_status st;
	make("100");
	server.take = (size_t)-1;
	send_pattern(1000);
	twin_turns(&a, &b, 10);
	stack_status(b.stack, &st);
	ck_assert_uint_eq(st.counters.bytes_in, 100);
	ck_assert_uint_eq(client.sent, 0);
	server.take = 30; /* taken once for each offer: the rest stays */
	conn_resume(server.conn);
	twin_turns(&a, &b, 1);
	ck_assert_uint_eq(server.len, 30);
	twin_turns(&a, &b, 10);
	ck_assert_uint_eq(server.len, 30);
	stack_status(b.stack, &st);
	ck_assert_uint_eq(st.counters.bytes_in, 130);
	server.take = 0;
	conn_resume(server.conn);
	twin_turns(&a, &b, 30);
	ck_assert_uint_eq(server.len, 1000);
	ck_assert_int_eq(memcmp(server.text, pattern, 1000), 0);
	ck_assert_uint_eq(client.sent, 1);
	end();
}
END_TEST

START_TEST(end_comes_after_the_bytes)
{
	make("1000");
	server.take = (size_t)-1;
	send_pattern(50);
	conn_shutdown(client.conn);
	twin_turns(&a, &b, 5);
	ck_assert_uint_eq(server.eofs, 0);
	server.take = 49;
	conn_resume(server.conn);
	twin_turns(&a, &b, 5);
	ck_assert_uint_eq(server.eofs, 0);
	conn_resume(server.conn);
	twin_turns(&a, &b, 1);
	ck_assert_uint_eq(server.eofs, 1);
	conn_resume(server.conn);
	twin_turns(&a, &b, 5);
	ck_assert_uint_eq(server.eofs, 1);
	ck_assert_uint_eq(server.len, 50);
	end();
}
END_TEST

START_TEST(close_gives_input_back)
{
	make("100");
	server.take = 10;
	send_pattern(1000);
	twin_turns(&a, &b, 3);
	conn_close(server.conn);
	twin_turns(&a, &b, 30);
	ck_assert_uint_eq(client.sent, 1); /* all of it was taken away from the client */
	ck_assert_uint_eq(client.eofs, 1);
	ck_assert_uint_eq(client.errors, 0);
	ck_assert_uint_eq(server.len, 10);
	conn_close(client.conn);
	twin_turns(&a, &b, 3);
	ck_assert_uint_eq(server.closed, 1);
	end();
}
END_TEST

/* A server that closes on the first byte, in each way and from each callback. */
enum how { CLOSE, ABORT };
struct quitter {
	enum how how;
	unsigned calls, closed;
};

static void quit(struct quitter *q, struct conn *c)
{
	q->calls++;
	if (q->how == CLOSE)
		conn_close(c);
	else
		conn_abort(c);
}

static size_t quit_data(void *ctx, struct conn *c, const char *bytes, size_t n)
{
	(void)bytes;
	quit(ctx, c);
	return n / 2;
}

static size_t keep_data(void *ctx, struct conn *c, const char *bytes, size_t n)
{
	(void)ctx;
	(void)c;
	(void)bytes;
	return n;
}

static void quit_simple(void *ctx, struct conn *c)
{
	quit(ctx, c);
}

static void quit_closed(void *ctx, struct conn *c)
{
	(void)c;
	((struct quitter *)ctx)->closed++;
}

START_TEST(quit_in_callbacks)
{
	static const struct conn_ops ops[] = {
		{.on_data = quit_data, .on_closed = quit_closed},
		{.on_data = keep_data, .on_eof = quit_simple, .on_closed = quit_closed},
		{.on_data = keep_data, .on_sent = quit_simple, .on_closed = quit_closed},
		{.on_data = keep_data, .on_timeout = quit_simple, .on_closed = quit_closed},
	};
	for (size_t i = 0; i < 2 * sizeof ops / sizeof *ops; i++) {
		struct quitter q = {.how = i % 2 ? ABORT : CLOSE};
		make("100");
		client.close_on_error = client.close_on_eof = true;
		conn_take(server.conn, &ops[i / 2], &q);
		conn_write(server.conn, "hello", 5);
		conn_set_timeout(server.conn, 10);
		fake.mono_ms += i / 2 == 3 ? 10 : 0;
		send_pattern(300);
		conn_shutdown(client.conn);
		twin_turns(&a, &b, 30);
		ck_assert_msg(q.calls == 1 && q.closed == 1, "case %zu: %u calls, %u closed", i,
			      q.calls, q.closed);
		ck_assert_uint_eq(client.closed, 1);
		end();
	}
}
END_TEST

/* Resuming from inside the offer asks for another in the next turn, not for ever in this one. */
static size_t stubborn_data(void *ctx, struct conn *c, const char *bytes, size_t n)
{
	(void)bytes;
	(void)n;
	++*(unsigned *)ctx;
	conn_resume(c);
	return 0;
}

START_TEST(resume_inside)
{
	static const struct conn_ops ops = {.on_data = stubborn_data, .on_closed = quit_closed};
	struct quitter unused = {0};
	unsigned offers = 0;
	make("100");
	conn_take(server.conn, &ops, &offers);
	send_pattern(10);
	twin_turns(&a, &b, 1);
	for (unsigned i = 1; i < 20; i++) {
		twin_turns(&a, &b, 1);
		ck_assert_uint_eq(offers, i + 1);
	}
	stack_turn(b.stack, 600000);           /* does not wait while there is something to offer */
	conn_take(server.conn, &ops, &unused); /* its on_closed counts there */
	end();
}
END_TEST

/* What lies side by side is one offer, however many events it came in. */
START_TEST(pieces_are_joined)
{
	make("100");
	server.take = (size_t)-1;
	for (size_t i = 0; i < 100; i++) {
		send_pattern(1);
		twin_turns(&a, &b, 2);
	}
	ck_assert_uint_eq(server.offers, 1);
	server.take = 0;
	conn_resume(server.conn);
	twin_turns(&a, &b, 2);
	ck_assert_uint_eq(server.offers, 2);
	ck_assert_uint_eq(server.len, 100);
	end();
}
END_TEST

/* Pieces that were not consumed go to whoever takes the connection. */
START_TEST(taken_over)
{
	struct seen heir = {0};
	make("100");
	server.take = (size_t)-1;
	send_pattern(100);
	conn_shutdown(client.conn);
	twin_turns(&a, &b, 3);
	heir.conn = server.conn;
	conn_take(server.conn, &seen_ops, &heir);
	twin_turns(&a, &b, 2);
	ck_assert_uint_eq(heir.len, 100);
	ck_assert_uint_eq(heir.eofs, 1);
	end();
	ck_assert_uint_eq(heir.closed, 1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("transport/flow");
	SUITE_CASE(s, "input", echo_in_portions, slow_reader, end_comes_after_the_bytes, taken_over,
		   pieces_are_joined);
	SUITE_CASE(s, "callbacks", close_gives_input_back, quit_in_callbacks, resume_inside);
	return s;
}
SUITE_MAIN(suite)
