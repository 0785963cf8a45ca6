/* Conformance: bytes cross unchanged in any portions, and a slow reader on either side stops the other. */
#include "conformance/test.h"

#include <stdlib.h>
#include <string.h>

#define LARGE (32u * 1024 * 1024)

struct exchange {
	struct peer_conn *conn;
	size_t total, sent, got;
	size_t chunk;
	bool ended;
};

static void exchange_some(struct test *t, struct exchange *x, unsigned char *buf, size_t n)
{
	if (x->sent < x->total) {
		size_t part = x->total - x->sent < n ? x->total - x->sent : n;
		pattern_fill(buf, 5, x->sent, part);
		x->sent += t->ops->send(x->conn, buf, part, x->chunk, 0);
	} else if (!x->ended) {
		t->ops->shutdown(x->conn);
		x->ended = true;
	}
	long r = t->ops->recv(x->conn, buf, n, x->sent < x->total ? 0 : SOON);
	if (r > 0) {
		NEED(t, pattern_is(buf, 5, x->got, (size_t)r), "wrong bytes at %zu", x->got);
		x->got += (size_t)r;
	} else {
		NEED(t, r == PEER_WAITED && x->sent < x->total,
		     "%zu of %zu bytes came back, then %ld", x->got, x->total, r);
		arena_turn(&t->arena); /* a peer that may not wait gives the stacks no turn */
	}
}

/* The peer sends the pattern, the stack sends back what it is lent, the peer compares; then both end. */
static void echo(struct test *t, struct end *end, struct peer_conn *conn, size_t chunk)
{
	unsigned char buf[16384];
	struct exchange x = {.conn = conn, .total = t->bed->bulk, .chunk = chunk};
	end->mode = END_ECHO;
	end->checked = true;
	end->seed = 5;
	end->chunk = chunk;
	while (x.got < x.total && !t->failure[0] && !t->arena.failure[0])
		exchange_some(t, &x, buf, chunk ? 2048 * chunk : sizeof buf);
	if (!x.ended)
		t->ops->shutdown(conn);
	NEED(t, t->ops->recv(conn, buf, 1, SOON) == PEER_EOF, "no end after the echo");
	NEED(t, end->eof && end->received == x.total && end->consumed == x.total,
	     "%zu received, %zu given back", end->received, end->consumed);
	end_close(end);
	NEED(t, end_wait(end, END_CLOSED, SOON), "no CLOSED");
}

static void echo_by(struct test *t, size_t chunk)
{
	struct end *end;
	struct peer_conn *conn;
	struct door *d = test_door(t, END_HOLD);
	NEED(t, d, "listen fails");
	if (test_pair(t, d, &end, &conn))
		echo(t, end, conn, chunk);
}

void conformance_echo_by_1(struct test *t)
{
	echo_by(t, 1);
}

void conformance_echo_by_2(struct test *t)
{
	echo_by(t, 2);
}

void conformance_echo_by_7(struct test *t)
{
	echo_by(t, 7);
}

void conformance_echo_all(struct test *t)
{
	echo_by(t, 0);
}

void conformance_echo_connected(struct test *t)
{
	struct end *end;
	struct peer_conn *conn;
	if (test_pair_out(t, &end, &conn))
		echo(t, end, conn, 0);
}

/* ---- sends ---- */

void conformance_send_pieces(struct test *t)
{
	struct end *end;
	struct peer_conn *conn;
	struct sgt_bytes pieces[SGT_SEND_PIECES + 1];
	char all[64] = "", want[64] = "";
	struct door *d = test_door(t, END_TAKE);
	NEED(t, d, "listen fails");
	if (!test_pair(t, d, &end, &conn))
		return;
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
	for (size_t i = 0; i <= SGT_SEND_PIECES; i++)
		pieces[i] =
			(struct sgt_bytes){.data = letters + i, .len = i % 4}; /* also empty ones */
	for (size_t i = 0; i < SGT_SEND_PIECES; i++) {
		strncat(want, letters + i, i % 4);
		end->sending += i % 4;
	}
	enum sgt_result r = t->rig.module->send(end->conn, pieces, SGT_SEND_PIECES + 1);
	NEED(t, r != SGT_OK, "%d pieces are taken", SGT_SEND_PIECES + 1);
	r = t->rig.module->send(end->conn, pieces, SGT_SEND_PIECES);
	NEED(t, r == SGT_OK, "%d pieces are refused (%d)", SGT_SEND_PIECES, r);
	memset(pieces, 0, sizeof pieces); /* the array itself is not kept */
	end->send_busy = true;
	size_t got = 0, n = strlen(want);
	while (got < n) {
		long k = t->ops->recv(conn, all + got, n - got, SOON);
		NEED(t, k > 0, "the peer got %zu of %zu bytes", got, n);
		got += (size_t)k;
	}
	NEED(t, strcmp(all, want) == 0, "the peer got \"%s\", not \"%s\"", all, want);
	NEED(t, end_wait_sent(end, 1, SOON), "no SENT");
}

void conformance_send_twice_is_busy(struct test *t)
{
	struct end *end;
	struct peer_conn *conn;
	struct sgt_bytes b = {.data = "x", .len = 1};
	struct door *d = test_door(t, END_TAKE);
	NEED(t, d, "listen fails");
	if (!test_pair(t, d, &end, &conn))
		return;
	NEED(t, end_send(end, "a", 1), "send is refused");
	enum sgt_result r = t->rig.module->send(end->conn, &b, 1);
	NEED(t, r == SGT_BUSY, "a second send gives %d, not SGT_BUSY", r);
	NEED(t, end_wait_sent(end, 1, SOON), "no SENT");
	NEED(t, end_send(end, "b", 1) && end_wait_sent(end, 2, SOON), "no second send after SENT");
}

void conformance_send_after_shutdown(struct test *t)
{
	struct end *end;
	struct peer_conn *conn;
	struct sgt_bytes b = {.data = "x", .len = 1};
	struct door *d = test_door(t, END_TAKE);
	NEED(t, d, "listen fails");
	if (!test_pair(t, d, &end, &conn))
		return;
	end_shutdown(end);
	enum sgt_result r = t->rig.module->send(end->conn, &b, 1);
	NEED(t, r == SGT_STATE, "send after shutdown gives %d, not SGT_STATE", r);
}

/* ---- flow control ---- */

/* We do not consume: the peer is stopped with no more on the way than the network holds; then all of it arrives. */
void conformance_slow_reader_stops_peer(struct test *t)
{
	struct end *end;
	struct peer_conn *conn;
	unsigned char *data = malloc(LARGE);
	struct door *d = test_door(t, END_HOLD);
	NEED(t, d && data, "listen fails");
	d->checked = true;
	if (!test_pair(t, d, &end, &conn))
		return;
	pattern_fill(data, 0, 0, LARGE);
	size_t bound = t->bed->network_max + t->rig.module->lend_max;
	size_t taken = t->ops->send(conn, data, LARGE, 0, 300);
	NEED(t, taken < LARGE && taken <= bound, "the peer could send %zu bytes, the bound is %zu",
	     taken, bound);
	NEED(t, end->received <= t->rig.module->lend_max, "%zu bytes are lent", end->received);
	/* In small portions first: they are what opens the window again. */
	while (end->consumed < end->received && end->consumed < 5000)
		end_consume(end, 1);
	end_take(end);
	taken += t->ops->send(conn, data + taken, LARGE - taken, 0, SOON);
	NEED(t, taken == LARGE, "the peer is stuck at %zu of %u bytes", taken, LARGE);
	NEED(t, end_wait_received(end, LARGE, SOON), "%zu of %u bytes arrive", end->received,
	     LARGE);
	free(data);
}

static void read_all(struct test *t, struct peer_conn *conn, size_t n)
{
	static unsigned char buf[65536];
	size_t got = 0;
	while (got < n) {
		long r = t->ops->recv(conn, buf, sizeof buf, SOON);
		NEED(t, r > 0, "the peer got %zu of %zu bytes, then %ld", got, n, r);
		NEED(t, pattern_is(buf, 8, got, (size_t)r), "wrong bytes at %zu", got);
		got += (size_t)r;
	}
}

/* The peer does not read: SENT does not come, and the stack does not swallow the bytes into memory. */
void conformance_slow_peer_holds_sent(struct test *t)
{
	struct end *end;
	struct peer_conn *conn;
	unsigned char *data = malloc(LARGE);
	struct door *d = test_door(t, END_TAKE);
	NEED(t, d && data, "listen fails");
	if (!test_pair(t, d, &end, &conn))
		return;
	pattern_fill(data, 8, 0, LARGE);
	size_t before = atomic_load(&t->rig.purse.bytes);
	atomic_store(&t->rig.purse.peak, before);
	NEED(t, end_send(end, data, LARGE), "send is refused");
	arena_turns(&t->arena, QUIET);
	NEED(t, !end->sents, "SENT though the peer reads nothing");
	size_t grown = atomic_load(&t->rig.purse.peak) - before;
	NEED(t, grown <= t->bed->memory_max, "the stack took %zu bytes of memory", grown);
	read_all(t, conn, LARGE);
	NEED(t, end_wait_sent(end, 1, SOON), "no SENT after all was read");
	free(data);
}

/* ---- counters ---- */

void conformance_counters_count(struct test *t)
{
	struct sgt_counters a, b;
	struct end *end;
	struct peer_conn *conn;
	char data[5000] = "", got[3000];
	struct door *d = test_door(t, END_TAKE);
	NEED(t, d, "listen fails");
	t->rig.module->counters(t->rig.stack, &a);
	if (!test_pair(t, d, &end, &conn))
		return;
	t->ops->send(conn, data, sizeof data, 0, SOON);
	NEED(t, end_wait_received(end, sizeof data, SOON), "bytes do not arrive");
	NEED(t, end_send(end, data, 3000) && end_wait_sent(end, 1, SOON), "no SENT");
	for (long n = 0, r; n < 3000; n += r)
		NEED(t, (r = t->ops->recv(conn, got, sizeof got, SOON)) > 0, "bytes do not arrive");
	t->rig.module->counters(t->rig.stack, &b);
	NEED(t, b.bytes_in - a.bytes_in == 5000, "bytes_in grew by %llu, 5000 came",
	     (unsigned long long)(b.bytes_in - a.bytes_in));
	NEED(t, b.bytes_out - a.bytes_out == 3000, "bytes_out grew by %llu, 3000 went",
	     (unsigned long long)(b.bytes_out - a.bytes_out));
	NEED(t, b.accepted == a.accepted + 1 && b.open == a.open + 1, "accepted or open is wrong");
	end_close(end);
	NEED(t, end_wait(end, END_CLOSED, SOON), "no CLOSED");
	t->rig.module->counters(t->rig.stack, &b);
	NEED(t, b.open == a.open, "open does not go down");
}

#define CROSSING (16 * PART) /* bytes there and as many back */
#define PART 8192

/* The network itself is asked: what a module carried past it is not in its count. */
void conformance_bytes_cross_the_network(struct test *t)
{
	struct end *end;
	struct peer_conn *conn;
	unsigned char data[PART], got[PART];
	struct door *d = test_door(t, END_ECHO);
	if (!t->bed->crossed) {
		snprintf(t->exempt, sizeof t->exempt, "nobody counts on the network of this bed");
		return;
	}
	NEED(t, d, "listen fails");
	uint64_t before = t->bed->crossed(t->bed);
	if (!test_pair(t, d, &end, &conn))
		return;
	pattern_fill(data, 9, 0, PART);
	for (size_t done = 0; done < CROSSING; done += PART) {
		long r;
		NEED(t, t->ops->send(conn, data, PART, 0, SOON) == PART, "the peer cannot send");
		for (size_t have = 0; have < PART; have += (size_t)r)
			NEED(t, (r = t->ops->recv(conn, got, PART - have, SOON)) > 0, "no echo");
	}
	uint64_t crossed = t->bed->crossed(t->bed) - before;
	NEED(t, crossed >= 2 * CROSSING, "of %d bytes that were carried the network saw %llu",
	     2 * CROSSING, (unsigned long long)crossed);
}
