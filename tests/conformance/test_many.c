/* Conformance: many sessions at once, each its own bytes; what an idle one costs; user pointers. */
#include "conformance/test.h"

#include <stdlib.h>
#include <string.h>

#define LINE 48

static void connect_all(struct test *t, struct door *d, struct peer_conn **conns, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		conns[i] = t->ops->connect(t->peer, d->address, SOON);
		NEED(t, conns[i], "the peer's connection %u of %u fails", i + 1, n);
	}
	uint64_t end = rig_now_ms() + SOON;
	while (d->accepted < n && rig_now_ms() < end)
		arena_turn(&t->arena);
	NEED(t, d->accepted == n, "%u of %u connections are accepted", d->accepted, n);
}

/* Each says its own line, then each gets it back. */
static void talk_all(struct test *t, struct peer_conn **conns, unsigned n)
{
	char line[LINE], got[LINE];
	for (unsigned i = 0; i < n; i++) {
		memset(line, 0, sizeof line);
		snprintf(line, sizeof line, "session %u says hallo", i);
		NEED(t, t->ops->send(conns[i], line, LINE, 0, SOON) == LINE,
		     "session %u cannot send", i);
	}
	for (unsigned i = 0; i < n; i++) {
		size_t have = 0;
		memset(line, 0, sizeof line);
		snprintf(line, sizeof line, "session %u says hallo", i);
		while (have < LINE) {
			long r = t->ops->recv(conns[i], got + have, LINE - have, SOON);
			NEED(t, r > 0, "session %u gets no answer (%ld)", i, r);
			have += (size_t)r;
		}
		NEED(t, memcmp(line, got, LINE) == 0, "session %u got \"%.30s\"", i, got);
	}
}

static void sessions(struct test *t, unsigned n, size_t idle_max)
{
	struct peer_conn **conns = calloc(n, sizeof *conns);
	struct door *d = test_door(t, END_ECHO);
	size_t before = atomic_load(&t->rig.purse.bytes);
	NEED(t, d && conns, "listen fails");
	connect_all(t, d, conns, n);
	for (int i = 0; i < 3 && !t->failure[0]; i++)
		talk_all(t, conns, n);
	if (t->failure[0])
		return;
	arena_turns(&t->arena, 20);
	size_t each = (atomic_load(&t->rig.purse.bytes) - before) / n;
	NEED(t, !idle_max || each <= idle_max, "an idle session costs %zu bytes, the bound is %zu",
	     each, idle_max);
	for (unsigned i = 0; i < n; i++)
		t->ops->shut(conns[i]);
	for (struct end *e = t->rig.ends; e; e = e->next) {
		NEED(t, end_wait_eof(e, SOON), "no PEER_EOF");
		if (e->state == END_OPEN)
			end_close(e);
	}
	for (struct end *e = t->rig.ends; e; e = e->next)
		NEED(t, end_wait(e, END_CLOSED, SOON), "no CLOSED");
	free(conns);
}

void conformance_sessions_300(struct test *t)
{
	sessions(t, 300, 0);
}

void conformance_sessions_many(struct test *t)
{
	sessions(t, t->bed->sessions, t->bed->idle_max);
}

/* From set_user on, events carry the new pointer: the checker finds one end's conn at another otherwise. */
void conformance_set_user_changes_events(struct test *t)
{
	struct end *a;
	struct peer_conn *conn;
	struct door *d = test_door(t, END_TAKE);
	NEED(t, d, "listen fails");
	if (!test_pair(t, d, &a, &conn))
		return;
	struct end *b = calloc(1, sizeof *b);
	NEED(t, b, "no memory");
	*b = (struct end){.rig = &t->rig, .conn = a->conn, .state = END_OPEN, .mode = END_TAKE};
	rig_add_end(&t->rig, b);
	t->rig.module->set_user(a->conn, b);
	NEED(t, t->ops->send(conn, "hallo", 5, 0, SOON) == 5 && end_wait_received(b, 5, SOON),
	     "DATA does not come with the new user pointer");
	NEED(t, a->received == 0, "DATA came with the old user pointer");
	a->state = END_CLOSED;
	end_close(b);
	NEED(t, end_wait(b, END_CLOSED, SOON), "no CLOSED");
}
