/* Conformance: connections and listeners end, by either side, in the middle of whatever goes on. */
#include "conformance/test.h"

#include <stdlib.h>
#include <string.h>

#define LARGE (16u * 1024 * 1024)
#define PART 16384u

/* ---- inside of events ---- */

typedef void hook_fn(struct rig *rig, struct end *end, const struct sgt_event *event, void *ctx);

static void close_accepted(struct rig *rig, struct end *end, const struct sgt_event *event,
			   void *ctx)
{
	(void)rig;
	(void)ctx;
	if (event->type == SGT_EV_ACCEPTED && end)
		end_close(end);
}

static void abort_accepted(struct rig *rig, struct end *end, const struct sgt_event *event,
			   void *ctx)
{
	(void)rig;
	(void)ctx;
	if (event->type == SGT_EV_ACCEPTED && end)
		end_abort(end);
}

static void end_in_accepted(struct test *t, hook_fn *hook)
{
	struct door *d = test_door(t, END_TAKE);
	NEED(t, d, "listen fails");
	t->rig.hook = hook;
	for (int i = 0; i < 10; i++) {
		char c;
		struct peer_conn *conn = t->ops->connect(t->peer, d->address, SOON);
		struct end *end = end_accept(d, SOON);
		NEED(t, end, "no connection");
		NEED(t, end_wait(end, END_CLOSED, SOON), "no CLOSED");
		if (!conn)
			continue; /* it ended before the peer saw that it began */
		long n = t->ops->recv(conn, &c, 1, SOON);
		NEED(t, n == PEER_EOF || n == PEER_RESET, "the peer still has a connection");
		t->ops->shut(conn);
	}
}

void conformance_close_in_accepted(struct test *t)
{
	end_in_accepted(t, close_accepted);
}

void conformance_abort_in_accepted(struct test *t)
{
	end_in_accepted(t, abort_accepted);
}

/* The first DATA closes all connections but its own, whose events may be due already. */
static void close_others(struct rig *rig, struct end *end, const struct sgt_event *event, void *ctx)
{
	(void)ctx;
	if (event->type != SGT_EV_DATA)
		return;
	for (struct end *e = rig->ends; e; e = e->next)
		if (e != end && e->state == END_OPEN)
			end_close(e);
	if (end->state == END_OPEN)
		end_close(end);
}

void conformance_close_others_in_event(struct test *t)
{
	enum { N = 8 };
	struct end *ends[N];
	struct peer_conn *conns[N];
	struct door *d = test_door(t, END_TAKE);
	NEED(t, d, "listen fails");
	for (int i = 0; i < N; i++)
		if (!test_pair(t, d, &ends[i], &conns[i]))
			return;
	t->rig.hook = close_others;
	for (int i = 0; i < N; i++)
		t->ops->send(conns[i], "x", 1, 0, 0);
	for (int i = 0; i < N; i++)
		NEED(t, end_wait(ends[i], END_CLOSED, SOON), "no CLOSED for one of them");
	arena_turns(&t->arena, QUIET);
	for (int i = 0; i < N; i++)
		NEED(t, ends[i]->closeds == 1, "CLOSED came %u times", ends[i]->closeds);
}

static void unlisten(struct rig *rig, struct end *end, const struct sgt_event *event, void *ctx)
{
	(void)rig;
	(void)end;
	struct door *d = ctx;
	if (event->type == SGT_EV_ACCEPTED && d->listener)
		door_close(d);
}

void conformance_unlisten_in_accepted(struct test *t)
{
	struct door *d = test_door(t, END_TAKE);
	NEED(t, d, "listen fails");
	t->rig.hook = unlisten;
	t->rig.hook_ctx = d;
	struct peer_conn *conn = t->ops->connect(t->peer, d->address, SOON);
	struct end *end = conn ? end_accept(d, SOON) : NULL;
	NEED(t, end, "no connection");
	NEED(t, t->ops->send(conn, "hallo", 5, 0, SOON) == 5 && end_wait_received(end, 5, SOON),
	     "the accepted connection is dead");
}

void conformance_unlisten_keeps_connections(struct test *t)
{
	struct end *end;
	struct peer_conn *conn;
	char c;
	struct door *d = test_door(t, END_TAKE);
	NEED(t, d, "listen fails");
	if (!test_pair(t, d, &end, &conn))
		return;
	char address[SGT_ADDRESS_MAX];
	memcpy(address, d->address, sizeof address);
	door_close(d);
	NEED(t, !t->ops->connect(t->peer, address, 1000), "%s still takes connections", address);
	NEED(t, t->ops->send(conn, "hallo", 5, 0, SOON) == 5 && end_wait_received(end, 5, SOON),
	     "the accepted connection is dead");
	NEED(t, end_send(end, "w", 1) && t->ops->recv(conn, &c, 1, SOON) == 1, "nor can it send");
	NEED(t, door_open(&t->rig, address, 0), "the address is not free again");
}

/* ---- half closes ---- */

void conformance_half_close_by_peer(struct test *t)
{
	struct end *end;
	struct peer_conn *conn;
	char got[8] = "";
	struct door *d = test_door(t, END_TAKE);
	NEED(t, d, "listen fails");
	if (!test_pair(t, d, &end, &conn))
		return;
	t->ops->send(conn, "last", 4, 0, SOON);
	t->ops->shutdown(conn);
	NEED(t, end_wait_eof(end, SOON), "no PEER_EOF");
	NEED(t, end->received == 4, "PEER_EOF after %zu of 4 bytes", end->received);
	arena_turns(&t->arena, 20);
	NEED(t, end->state == END_OPEN, "PEER_EOF ended our direction as well");
	NEED(t, end_send(end, "answer", 6) && end_wait_sent(end, 1, SOON),
	     "no SENT after PEER_EOF");
	NEED(t, t->ops->recv(conn, got, 6, SOON) == 6 && strcmp(got, "answer") == 0,
	     "the peer got \"%s\"", got);
	end_close(end);
	NEED(t, t->ops->recv(conn, got, 1, SOON) == PEER_EOF, "the peer sees no end");
	NEED(t, end_wait(end, END_CLOSED, SOON), "no CLOSED");
}

void conformance_half_close_by_us(struct test *t)
{
	struct end *end;
	struct peer_conn *conn;
	size_t n = LARGE, got = 0; /* more than a network takes at once */
	unsigned char *data = malloc(n);
	struct door *d = test_door(t, END_TAKE);
	NEED(t, d && data, "listen fails");
	if (!test_pair(t, d, &end, &conn))
		return;
	pattern_fill(data, 3, 0, n);
	/* The end comes behind what is still being sent. */
	NEED(t, end_send(end, data, n), "send is refused");
	end_shutdown(end);
	long r;
	unsigned char buf[8192];
	while ((r = t->ops->recv(conn, buf, sizeof buf, SOON)) > 0) {
		NEED(t, pattern_is(buf, 3, got, (size_t)r), "wrong bytes at %zu", got);
		got += (size_t)r;
	}
	NEED(t, r == PEER_EOF && got == n, "the peer got %zu of %zu bytes, then %ld", got, n, r);
	NEED(t, end_wait_sent(end, 1, SOON), "no SENT");
	NEED(t, t->ops->send(conn, "and back", 8, 0, SOON) == 8 && end_wait_received(end, 8, SOON),
	     "nothing arrives after our shutdown");
	t->ops->shut(conn);
	NEED(t, end_wait_eof(end, SOON), "no PEER_EOF");
	end_close(end);
	NEED(t, end_wait(end, END_CLOSED, SOON), "no CLOSED");
	free(data);
}

/* ---- resets ---- */

void conformance_reset_by_peer(struct test *t)
{
	struct end *end;
	struct peer_conn *conn;
	struct door *d = test_door(t, END_TAKE);
	if (!test_resets(t))
		return;
	NEED(t, d, "listen fails");
	if (!test_pair(t, d, &end, &conn))
		return;
	t->ops->reset(conn);
	NEED(t, end_wait(end, END_FAILED, SOON), "no ERROR after the peer's reset");
	NEED(t, end->error == SGT_RESET && end->error_number == 52,
	     "result %d number %d (%s), not reset (52)", end->error, end->error_number,
	     end->error_text);
	NEED(t, !end->eof, "a reset looks like an end");
	end_close(end);
	NEED(t, end_wait(end, END_CLOSED, SOON), "no CLOSED");
	NEED(t, end->errors == 1 && end->closeds == 1, "%u ERROR, %u CLOSED", end->errors,
	     end->closeds);
}

/* Lent bytes survive the reset until close, also when the core does not consume. */
void conformance_reset_while_held(struct test *t)
{
	struct end *end;
	struct peer_conn *conn;
	unsigned char data[4096];
	struct door *d = test_door(t, END_HOLD);
	if (!test_resets(t))
		return;
	NEED(t, d, "listen fails");
	d->checked = true;
	if (!test_pair(t, d, &end, &conn))
		return;
	pattern_fill(data, 0, 0, sizeof data);
	t->ops->send(conn, data, sizeof data, 0, SOON);
	NEED(t, end_wait_received(end, sizeof data, SOON), "bytes do not arrive");
	t->ops->reset(conn);
	NEED(t, end_wait(end, END_FAILED, SOON), "no ERROR after the peer's reset");
	end_consume(end, 1000);
	arena_turns(&t->arena, 20);
	end_consume(end, sizeof data - 1000);
	end_abort(end);
	NEED(t, end_wait(end, END_CLOSED, SOON), "no CLOSED");
}

/* The loss is told though the core does not consume, so nothing is being read that would meet it. */
void conformance_reset_while_stopped(struct test *t)
{
	struct end *end;
	struct peer_conn *conn;
	static const unsigned char data[LARGE];
	struct door *d = test_door(t, END_HOLD);
	if (!test_resets(t))
		return;
	NEED(t, d, "listen fails");
	if (!test_pair(t, d, &end, &conn))
		return;
	t->ops->send(conn, data, LARGE, 0, 200);
	NEED(t, end->received > 0, "bytes do not arrive");
	t->ops->reset(conn);
	NEED(t, end_wait(end, END_FAILED, SOON), "no ERROR after the peer's reset");
	end_consume(end, end->received - end->consumed); /* there is room, but nothing may come */
	arena_turns(&t->arena, 20);
	end_close(end);
	NEED(t, end_wait(end, END_CLOSED, SOON), "no CLOSED");
}

void conformance_abort_reaches_peer(struct test *t)
{
	struct end *end;
	struct peer_conn *conn;
	char c;
	struct door *d = test_door(t, END_TAKE);
	NEED(t, d, "listen fails");
	if (!test_pair(t, d, &end, &conn))
		return;
	end_abort(end);
	NEED(t, end_wait(end, END_CLOSED, SOON), "no CLOSED after abort");
	long r = t->ops->recv(conn, &c, 1, SOON);
	NEED(t, r == PEER_RESET, "the peer sees %ld, not a reset", r);
}

/* ---- close in the middle ---- */

void conformance_close_while_sending(struct test *t)
{
	struct end *end;
	struct peer_conn *conn;
	struct door *d = test_door(t, END_TAKE);
	unsigned char *data = calloc(1, LARGE);
	NEED(t, d && data, "listen fails");
	for (int i = 0; i < 2; i++) {
		if (!test_pair(t, d, &end, &conn))
			break;
		end_send(end, data, LARGE);
		arena_turns(&t->arena, 5);
		if (i)
			end_abort(end);
		else
			end_close(end);
		if (!end_wait(end, END_CLOSED, SOON))
			test_fail(t, "no CLOSED while a send is going");
		if (end->sents || end->closeds != 1)
			test_fail(t, "%u SENT, %u CLOSED", end->sents, end->closeds);
	}
	free(data); /* it is ours again: a stack that still reads it is caught by a sanitizer */
	arena_turns(&t->arena, 20);
}

void conformance_close_while_lent(struct test *t)
{
	struct end *end;
	struct peer_conn *conn;
	unsigned char data[20000];
	struct door *d = test_door(t, END_HOLD);
	NEED(t, d, "listen fails");
	if (!test_pair(t, d, &end, &conn))
		return;
	memset(data, 'x', sizeof data);
	t->ops->send(conn, data, sizeof data, 0, SOON);
	NEED(t, end_wait_received(end, 1000, SOON), "bytes do not arrive");
	end_close(end);
	NEED(t, end_wait(end, END_CLOSED, SOON), "no CLOSED while bytes are lent");
}

/* Sends as long as SENT follows; what was confirmed is in end->sent. */
static void send_what_is_taken(struct test *t, struct end *end, const unsigned char *data,
			       size_t most)
{
	for (size_t at = 0; at < most && end->sent == at; at += PART) {
		NEED(t, end_send(end, data + at, PART), "send is refused");
		for (int i = 0; i < 20 && end->send_busy; i++)
			arena_turn(&t->arena);
	}
}

/* What SENT confirmed reaches the peer though we close at once and the peer was still sending: the reply that says why
 * we close must not be lost by a reset. */
void conformance_close_delivers_what_was_sent(struct test *t)
{
	struct end *end;
	struct peer_conn *conn;
	static unsigned char data[64 * PART], buf[PART];
	struct door *d = test_door(t, END_HOLD);
	NEED(t, d, "listen fails");
	if (!test_pair(t, d, &end, &conn))
		return;
	t->ops->send(conn, buf, 3000, 0, SOON);
	NEED(t, end_wait_received(end, 1, SOON), "bytes do not arrive");
	pattern_fill(data, 9, 0, sizeof data);
	send_what_is_taken(t, end, data, sizeof data);
	NEED(t, end->sent, "no SENT");
	t->ops->send(conn, buf, 3000, 0, 0);
	end_close(end);
	NEED(t, end_wait(end, END_CLOSED, SOON), "no CLOSED");
	t->ops->send(conn, buf, 3000, 0, 0);
	arena_turns(&t->arena, 20);
	size_t got = 0;
	long r = 1;
	while (got < end->sent && (r = t->ops->recv(conn, buf, sizeof buf, SOON)) > 0) {
		NEED(t, pattern_is(buf, 9, got, (size_t)r), "wrong bytes at %zu", got);
		got += (size_t)r;
	}
	NEED(t, got >= end->sent, "the peer got %zu of %zu bytes, then %ld", got, end->sent, r);
}
