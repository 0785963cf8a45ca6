/* Conformance: connections come to be, or do not; what may be done before they are. */
#include "conformance/test.h"

#include <string.h>

static bool is_address(struct test *t, const char *text)
{
	char out[SGT_ADDRESS_MAX];
	struct sgt_error e;
	return t->rig.module->address(t->rig.stack, text, 0, out, &e) == SGT_OK &&
	       strcmp(text, out) == 0;
}

/* Says a few bytes both ways. */
static void talk(struct test *t, struct end *end, struct peer_conn *conn)
{
	char got[6] = "";
	NEED(t, t->ops->send(conn, "hallo", 5, 0, SOON) == 5, "the peer cannot send");
	NEED(t, end_wait_received(end, 5, SOON), "the peer's bytes do not arrive");
	NEED(t, end_send(end, "welt!", 5), "send is refused");
	NEED(t, t->ops->recv(conn, got, 5, SOON) == 5 && strcmp(got, "welt!") == 0,
	     "the peer got \"%s\", not \"welt!\"", got);
	NEED(t, end_wait_sent(end, 1, SOON), "no SENT");
}

static void end_both(struct test *t, struct end *end, struct peer_conn *conn)
{
	end_close(end);
	NEED(t, end_wait(end, END_CLOSED, SOON), "no CLOSED after close");
	NEED(t, t->ops->recv(conn, &(char){0}, 1, SOON) == PEER_EOF, "the peer sees no end");
	t->ops->shut(conn);
	arena_turns(&t->arena, 10);
	NEED(t, end->closeds == 1, "CLOSED came %u times", end->closeds);
}

static void accept_at(struct test *t, const char *host)
{
	char text[SGT_ADDRESS_MAX];
	snprintf(text, sizeof text, "%.120s:0", host);
	struct door *d = door_open(&t->rig, text, 0);
	NEED(t, d, "listen fails");
	NEED(t, is_address(t, d->address) && strcmp(d->address, text) != 0,
	     "listener_address says \"%s\"", d->address);
	struct end *end;
	struct peer_conn *conn;
	if (!test_pair(t, d, &end, &conn))
		return;
	NEED(t, strcmp(end->local, d->address) == 0, "local is %s, listening is at %s", end->local,
	     d->address);
	NEED(t, is_address(t, end->peer), "peer is printed as \"%s\"", end->peer);
	talk(t, end, conn);
	end_both(t, end, conn);
}

void conformance_accept_one(struct test *t)
{
	accept_at(t, t->bed->host);
}

void conformance_accept_ipv6(struct test *t)
{
	if (t->bed->host6)
		accept_at(t, t->bed->host6);
	else
		snprintf(t->exempt, sizeof t->exempt, "this bed has no IPv6 address");
}

/* "*" is reached at each of the host's addresses, and the peer's is printed as what it is. */
void conformance_accept_on_every_address(struct test *t)
{
	struct door *d = door_open(&t->rig, "*:0", 0);
	const char *hosts[] = {t->bed->host, t->bed->host6};
	NEED(t, d && strncmp(d->address, "*:", 2) == 0, "listening at * says %s",
	     d ? d->address : "nothing");
	for (size_t i = 0; i < 2; i++) {
		char to[SGT_ADDRESS_MAX];
		if (!hosts[i])
			continue;
		snprintf(to, sizeof to, "%.100s%.20s", hosts[i], d->address + 1);
		struct peer_conn *conn = t->ops->connect(t->peer, to, SOON);
		struct end *end = conn ? end_accept(d, SOON) : NULL;
		NEED(t, end, "no connection to %s", to);
		NEED(t, strcmp(end->local, to) == 0, "local is %s, not %s", end->local, to);
		NEED(t, is_address(t, end->peer) && !strstr(end->peer, "ffff"),
		     "peer is printed as %s", end->peer);
		talk(t, end, conn);
	}
}

static void connect_out(struct test *t)
{
	struct end *end;
	struct peer_conn *conn;
	if (!test_pair_out(t, &end, &conn))
		return;
	NEED(t, is_address(t, end->peer) && is_address(t, end->local),
	     "addresses of CONNECTED: \"%s\" and \"%s\"", end->peer, end->local);
	talk(t, end, conn);
	end_both(t, end, conn);
}

void conformance_connect_one(struct test *t)
{
	connect_out(t);
}

void conformance_connect_ipv6(struct test *t)
{
	char address[SGT_ADDRESS_MAX];
	if (!t->bed->peer_host6) {
		snprintf(t->exempt, sizeof t->exempt, "the peer of this bed has no IPv6 address");
		return;
	}
	struct peer_door *door = t->ops->listen(t->peer, t->bed->peer_host6, address);
	NEED(t, door, "the peer cannot listen");
	struct end *end = end_connect(&t->rig, address);
	NEED(t, end && end_wait(end, END_OPEN, SOON), "no CONNECTED to %s", address);
	NEED(t, strcmp(end->peer, address) == 0, "peer is %s, not %s", end->peer, address);
	struct peer_conn *conn = t->ops->accept(door, SOON);
	NEED(t, conn, "the peer at %s does not see the connection", address);
	talk(t, end, conn);
	end_both(t, end, conn);
}

/* Nobody listens: ERROR with exactly REFUSED, once, and CLOSED after close. */
void conformance_connect_refused(struct test *t)
{
	char address[SGT_ADDRESS_MAX];
	struct peer_door *door = t->ops->listen(t->peer, t->bed->peer_host, address);
	NEED(t, door, "the peer cannot listen");
	t->ops->unlisten(door);
	struct end *end = end_connect(&t->rig, address);
	NEED(t, end && end_wait(end, END_FAILED, SOON), "no ERROR for a port where nobody listens");
	NEED(t, end->error == SGT_REFUSED && end->error_number == 121,
	     "result %d number %d (%s), not connect-refused (121)", end->error, end->error_number,
	     end->error_text);
	struct sgt_bytes b = {.data = "x", .len = 1};
	NEED(t, t->rig.module->send(end->conn, &b, 1) != SGT_OK, "send succeeds after ERROR");
	end_close(end);
	NEED(t, end_wait(end, END_CLOSED, SOON), "no CLOSED after ERROR and close");
	NEED(t, end->errors == 1, "ERROR came %u times", end->errors);
}

static struct end *connect_dead(struct test *t)
{
	char address[SGT_ADDRESS_MAX] = "";
	if (t->bed->dead)
		snprintf(address, sizeof address, "%s", t->bed->dead);
	else if (!t->ops->hole || !t->ops->hole(t->peer, t->bed->peer_host, address))
		test_fail(t, "the bed has no dead address");
	if (!address[0])
		return NULL;
	struct end *end = end_connect(&t->rig, address);
	if (!end)
		test_fail(t, "connect to %s is refused at once", address);
	return end;
}

/* The limit is the caller's: close ends the waiting at once. */
void conformance_connect_dead_ends_by_close(struct test *t)
{
	struct end *end = connect_dead(t);
	NEED(t, end, "no connect");
	arena_turns(&t->arena, QUIET);
	NEED(t, end->state == END_CONNECTING,
	     "a dead address answers%s%s; --dead names one that does not, or --peer kernel makes "
	     "one",
	     *end->error_text ? ": " : "", end->error_text);
	end_close(end);
	NEED(t, end_wait(end, END_CLOSED, SOON), "no CLOSED");
	arena_turns(&t->arena, QUIET);
	NEED(t, end->closeds == 1 && !end->errors, "%u CLOSED and %u ERROR", end->closeds,
	     end->errors);
}

void conformance_connect_pending_is_aborted(struct test *t)
{
	struct end *end = connect_dead(t);
	NEED(t, end, "no connect");
	end_abort(end);
	NEED(t, end_wait(end, END_CLOSED, SOON), "no CLOSED");
	/* Closed before the stack has run once, while it would be connected at once. */
	char address[SGT_ADDRESS_MAX];
	NEED(t, t->ops->listen(t->peer, t->bed->peer_host, address), "the peer cannot listen");
	end = end_connect(&t->rig, address);
	NEED(t, end, "connect fails");
	end_close(end);
	NEED(t, end_wait(end, END_CLOSED, SOON), "no CLOSED");
	NEED(t, end->closeds == 1, "CLOSED came %u times", end->closeds);
}

void conformance_connect_from_source(struct test *t)
{
	char address[SGT_ADDRESS_MAX];
	struct sgt_conn *conn;
	struct sgt_error e;
	NEED(t, t->ops->listen(t->peer, t->bed->peer_host, address), "the peer cannot listen");
	enum sgt_result at =
		t->rig.module->connect(t->rig.stack, address, "203.0.113.77", NULL, &conn, &e);
	NEED(t, at != SGT_OK && e.text[0],
	     "a connection may come from an address that is not ours");
	NEED(t,
	     t->rig.module->connect(t->rig.stack, address, "no address", NULL, &conn, &e) != SGT_OK,
	     "\"no address\" is taken as a source");
}

void conformance_send_before_connected(struct test *t)
{
	struct end *end = connect_dead(t);
	struct sgt_bytes b = {.data = "x", .len = 1};
	NEED(t, end, "no connect");
	enum sgt_result r = t->rig.module->send(end->conn, &b, 1);
	NEED(t, r == SGT_STATE, "send before CONNECTED gives %d, not SGT_STATE", r);
	r = t->rig.module->shutdown(end->conn);
	NEED(t, r == SGT_STATE, "shutdown before CONNECTED gives %d, not SGT_STATE", r);
}
