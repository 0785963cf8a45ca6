/* mem: the twin by its ABI alone, as a module's author would call it: order of events, half close, faults, leaks. */
#include "mem.h"
#include "support/suite.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const struct sgt_module *const m = &SGT_MODULE(mem);
static uint64_t now;
static long blocks; /* allocated and not freed */

/* A stack and all that it delivered, as letters: A C D S F E X (CLOSED) d W (DOWN). */
struct host {
	struct sgt_host lent;
	struct sgt_stack *stack;
	char events[4096];
	size_t count;
	struct sgt_conn *conn; /* of the last ACCEPTED */
	char data[8192];
	size_t len, lent_bytes;
	struct sgt_error error;
	bool keep; /* does not consume */
};

static void deliver(void *ctx, const struct sgt_event *e)
{
	struct host *h = ctx;
	ck_assert_uint_lt(h->count, sizeof h->events - 1);
	h->events[h->count++] = "ACDSFEXdW"[e->type == SGT_EV_ACCEPTED    ? 0
					    : e->type == SGT_EV_CONNECTED ? 1
					    : e->type == SGT_EV_DATA      ? 2
					    : e->type == SGT_EV_SENT      ? 3
					    : e->type == SGT_EV_PEER_EOF  ? 4
					    : e->type == SGT_EV_ERROR     ? 5
					    : e->type == SGT_EV_CLOSED    ? 6
					    : e->type == SGT_EV_DATAGRAM  ? 7
									  : 8];
	if (e->type == SGT_EV_ACCEPTED) {
		ck_assert_ptr_eq(e->user, h);
		h->conn = e->conn;
		m->set_user(e->conn, &h->conn);
	}
	if (e->type == SGT_EV_DATA) {
		ck_assert_uint_le(h->len + e->len, sizeof h->data);
		memcpy(h->data + h->len, e->data, e->len);
		h->len += e->len;
		h->lent_bytes += e->len;
		if (!h->keep) {
			m->consume(e->conn, e->len);
			h->lent_bytes -= e->len;
		}
	}
	if (e->error)
		h->error = *e->error;
}

static uint64_t now_ms(void *ctx)
{
	(void)ctx;
	return now;
}

static void *alloc(void *ctx, void *old, size_t size)
{
	(void)ctx;
	blocks += !old && size ? 1 : 0;
	blocks -= old && !size ? 1 : 0;
	if (size)
		return realloc(old, size);
	free(old);
	return NULL;
}

static void join(struct host *h, const char *name, int64_t window)
{
	const char *network[] = {"raw"}, *own[] = {name};
	const struct sgt_value values[] = {{1, network, 0},
					   {1, own, 0},
					   {1, network, window},
					   {1, network, 20000},
					   {1, network, 75000}};
	const struct sgt_create with = {.size = sizeof with, .name = name, .values = values};
	struct sgt_error error;
	memset(h, 0, sizeof *h);
	h->lent = (struct sgt_host){.size = sizeof h->lent,
				    .ctx = h,
				    .deliver = deliver,
				    .now_ms = now_ms,
				    .alloc = alloc};
	ck_assert_int_eq(m->create(&h->lent, &with, &h->stack, &error), SGT_OK);
	ck_assert_int_eq(m->prepare(h->stack, &error), SGT_OK);
	ck_assert_int_eq(m->start(h->stack, &error), SGT_OK);
}

static void leave(struct host *h)
{
	m->stop(h->stack);
	m->destroy(h->stack);
}

static void run(struct host *h, const char *want)
{
	struct sgt_error error;
	h->count = 0;
	ck_assert_int_eq(m->run(h->stack, 0, &error), SGT_OK);
	h->events[h->count] = '\0';
	if (want)
		ck_assert_str_eq(h->events, want);
}

static struct sgt_listener *listen_at(struct host *h, const char *address)
{
	const struct sgt_plan plan = {.name = "x", .address = address};
	struct sgt_listener *l;
	struct sgt_error error;
	ck_assert_msg(m->listen(h->stack, &plan, h, &l, &error) == SGT_OK, "%s", error.text);
	return l;
}

static struct sgt_conn *connect_to(struct host *h, const char *address)
{
	struct sgt_conn *c;
	struct sgt_error error;
	ck_assert_msg(m->connect(h->stack, address, NULL, h, &c, &error) == SGT_OK, "%s",
		      error.text);
	return c;
}

static enum sgt_result send_text(struct sgt_conn *c, const char *text)
{
	const struct sgt_bytes piece = {text, strlen(text)};
	return m->send(c, &piece, 1);
}

static struct host a, b;

START_TEST(life)
{
	join(&a, "a", 100);
	join(&b, "b", 100);
	listen_at(&b, "b:25");
	struct sgt_conn *c = connect_to(&a, "b:25");
	ck_assert_int_eq(send_text(c, "early"), SGT_STATE);
	run(&b, "A");
	run(&a, "C");
	ck_assert_int_eq(send_text(c, "hello"), SGT_OK);
	ck_assert_int_eq(send_text(c, "more"), SGT_BUSY);
	run(&b, "D");
	run(&a, "S");
	ck_assert_int_eq(m->shutdown(c), SGT_OK);
	ck_assert_int_eq(m->shutdown(c), SGT_STATE);
	ck_assert_int_eq(send_text(c, "late"), SGT_STATE);
	run(&b, "F");
	ck_assert_int_eq(send_text(b.conn, "still"), SGT_OK);
	run(&a, "D");
	m->close(b.conn);
	run(&b, "X");
	run(&a, "F");
	m->close(c);
	m->close(c);
	run(&a, "X");
	ck_assert_int_eq(memcmp(a.data, "still", 5), 0);
	leave(&a);
	leave(&b);
	ck_assert_int_eq(blocks, 0);
}
END_TEST

/* What SENT confirmed arrives although the sender has gone. */
START_TEST(close_delivers)
{
	join(&a, "a", 100);
	join(&b, "b", 100);
	listen_at(&b, "*:25");
	struct sgt_conn *c = connect_to(&a, "b:25");
	run(&a, "C");
	send_text(c, "last words");
	run(&a, "S");
	m->close(c);
	run(&a, "X");
	run(&b, "ADF");
	ck_assert_uint_eq(b.len, 10);
	ck_assert_int_eq(send_text(b.conn, "too late"), SGT_OK);
	run(&b, "E");
	ck_assert_int_eq(b.error.result, SGT_RESET);
	leave(&a);
	leave(&b);
	ck_assert_int_eq(blocks, 0);
}
END_TEST

/* A send that was not confirmed is cut: the peer must not take it for whole. */
START_TEST(close_during_send_resets)
{
	char many[300];
	memset(many, 'x', sizeof many);
	const struct sgt_bytes piece = {many, sizeof many};
	join(&a, "a", 100);
	join(&b, "b", 100);
	listen_at(&b, "b:25");
	struct sgt_conn *c = connect_to(&a, "b:25");
	run(&a, "C");
	ck_assert_int_eq(m->send(c, &piece, 1), SGT_OK);
	m->close(c);
	run(&a, "X");
	run(&b, "AE");
	c = connect_to(&a, "b:25"); /* and the other way round: the receiver goes */
	run(&a, "C");
	run(&b, "A");
	ck_assert_int_eq(m->send(c, &piece, 1), SGT_OK);
	m->close(b.conn);
	run(&a, "E");
	leave(&a);
	leave(&b);
	ck_assert_int_eq(blocks, 0);
}
END_TEST

START_TEST(window_and_pieces)
{
	const struct sgt_bytes pieces[] = {{"abc", 3}, {"", 0}, {"defghij", 7}, {"klm", 3}};
	join(&a, "a", 4);
	join(&b, "b", 4);
	listen_at(&b, "b:25");
	struct sgt_conn *c = connect_to(&a, "b:25");
	run(&a, "C");
	run(&b, "A");
	b.keep = true;
	ck_assert_int_eq(m->send(c, pieces, 4), SGT_OK);
	run(&b, "D");
	run(&b, "");
	ck_assert_uint_eq(b.len, 4);
	m->consume(b.conn, 3); /* in any portions: 3 of 4, then room for 3 */
	run(&b, "D");
	m->consume(b.conn, 4);
	run(&a, "");
	b.keep = false;
	run(&b, NULL);
	run(&b, NULL);
	run(&a, "S");
	ck_assert_int_eq(memcmp(b.data, "abcdefghijklm", 13), 0);
	ck_assert_uint_eq(b.len, 13);
	leave(&a);
	leave(&b);
}
END_TEST

START_TEST(abort_and_unlisten)
{
	join(&a, "a", 100);
	join(&b, "b", 100);
	struct sgt_listener *l = listen_at(&b, "b:0");
	char address[SGT_ADDRESS_MAX];
	strcpy(address, m->listener_address(l));
	ck_assert_str_ne(address, "b:0");
	struct sgt_conn *c = connect_to(&a, address), *d = connect_to(&a, address);
	run(&b, "AA");
	run(&a, "CC");
	m->abort(c);
	run(&a, "X");
	run(&b, "E");
	m->close(b.conn);
	struct sgt_conn *unseen = connect_to(&a, address);
	m->unlisten(l);
	run(&b, NULL); /* CLOSED of one; never an ACCEPTED of the unseen one */
	ck_assert_ptr_null(strchr(b.events, 'A'));
	ck_assert_ptr_nonnull(strchr(b.events, 'X'));
	run(&a, NULL);
	ck_assert_ptr_nonnull(strchr(a.events, 'E'));
	struct sgt_counters counters;
	m->counters(b.stack, &counters);
	ck_assert_uint_eq(counters.open, 1); /* d's end */
	m->close(unseen);
	m->close(d);
	run(&a, "XX");
	leave(&a);
	leave(&b);
	ck_assert_int_eq(blocks, 0);
}
END_TEST

START_TEST(resets_by_hand)
{
	join(&a, "a", 100);
	join(&b, "b", 100);
	listen_at(&b, "b:25");
	listen_at(&b, "b:26");
	connect_to(&a, "b:25");
	connect_to(&a, "b:26");
	run(&a, "CC");
	run(&b, "AA");
	ck_assert_uint_eq(mem_reset("raw", "b:26"), 1);
	run(&a, "E");
	run(&b, "E");
	ck_assert_uint_eq(mem_reset("raw", "a"), 1);
	run(&a, "E");
	ck_assert_uint_eq(mem_reset("raw", "a"), 0);
	leave(&a);
	leave(&b);
	ck_assert_int_eq(blocks, 0);
}
END_TEST

START_TEST(stop_resets_the_peer)
{
	join(&a, "a", 100);
	join(&b, "b", 100);
	listen_at(&b, "b:25");
	connect_to(&a, "b:25");
	run(&a, "C");
	run(&b, "A");
	m->stop(b.stack);
	run(&a, "E");
	m->destroy(b.stack);
	leave(&a);
	ck_assert_int_eq(blocks, 0);
}
END_TEST

/* Ten thousand sessions at once, in each a word there and back; then all is given back. */
START_TEST(ten_thousand_sessions)
{
	enum { N = 10000 };
	static struct sgt_conn *conns[N];
	static char word[] = "ehlo";
	struct sgt_counters counters;
	join(&a, "a", 512);
	join(&b, "b", 512);
	listen_at(&b, "b:25");
	for (int i = 0; i < N; i++)
		conns[i] = connect_to(&a, "b:25");
	for (unsigned done = 0; done < N; done += (unsigned)b.count)
		run(&b, NULL);
	for (unsigned done = 0; done < N; done += (unsigned)a.count)
		run(&a, NULL);
	for (int i = 0; i < N; i++) {
		ck_assert_int_eq(send_text(conns[i], word), SGT_OK);
		b.len = 0;
		run(&b, "D");
		run(&a, "S");
	}
	m->counters(b.stack, &counters);
	ck_assert_uint_eq(counters.bytes_in, 4 * N);
	ck_assert_uint_eq(counters.accepted, N);
	ck_assert_uint_eq(counters.open, N);
	for (int i = 0; i < N; i++)
		m->close(conns[i]);
	for (unsigned done = 0; done < N; done += (unsigned)a.count)
		run(&a, NULL);
	m->counters(a.stack, &counters);
	ck_assert_uint_eq(counters.open, 0);
	leave(&a);
	leave(&b);
	ck_assert_int_eq(blocks, 0);
}
END_TEST

START_TEST(start_stop_often)
{
	struct sgt_error error;
	join(&a, "a", 100);
	long before = blocks;
	for (int i = 0; i < 100; i++) {
		listen_at(&a, "a:25");
		connect_to(&a, "a:25");
		run(&a, "AC");
		m->stop(a.stack);
		ck_assert_int_eq(blocks, before);
		ck_assert_int_eq(m->start(a.stack, &error), SGT_OK);
	}
	leave(&a);
	ck_assert_int_eq(blocks, 0);
}
END_TEST

START_TEST(own_addresses)
{
	join(&a, "10.0.0.7", 100);
	struct sgt_error error;
	char out[SGT_ADDRESS_MAX];
	static const struct {
		const char *text;
		unsigned port;
		const char *want;
	} rows[] = {
		{"1.2.3.4:25", 0, "1.2.3.4:25"},
		{"1.2.3.4", 25, "1.2.3.4:25"},
		{"[2001:DB8:0::1]:25", 0, "[2001:db8::1]:25"},
		{"2001:db8::1", 25, "[2001:db8::1]:25"},
		{"[::1]", 587, "[::1]:587"},
		{"*:25", 0, "*:25"},
		{"HOST", 1, "host:1"},
		{"1.2.3.4", 0, NULL},
		{"1.2.3.4:", 0, NULL},
		{"1.2.3.4:65536", 0, NULL},
		{"1.2.3.4:-1", 0, NULL},
		{"[::1]x", 25, NULL},
		{"[::g]:25", 0, NULL},
		{"", 25, NULL},
		{":25", 0, NULL},
		{"a b:25", 0, NULL},
		{"a*:25", 0, NULL},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		enum sgt_result r = m->address(a.stack, rows[i].text, rows[i].port, out, &error);
		ck_assert_msg((r == SGT_OK) == (rows[i].want != NULL), "\"%s\"", rows[i].text);
		if (rows[i].want)
			ck_assert_str_eq(out, rows[i].want);
	}
	leave(&a);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("transport/mem");
	SUITE_CASE(s, "events", life, close_delivers, close_during_send_resets, window_and_pieces,
		   abort_and_unlisten, resets_by_hand, stop_resets_the_peer);
	SUITE_CASE(s, "many", ten_thousand_sessions, start_stop_often);
	SUITE_CASE(s, "addresses", own_addresses);
	return s;
}
SUITE_MAIN(suite)
