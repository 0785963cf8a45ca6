/*
 * One greeting: see greet.h. Name, connection and first line, one after the other, each turn of the stack in this thread.
 *
 *	RESOLVING --addresses--> DIALLING --connected--> READING --first line--> DONE
 *	     any --failure or time over--> DONE (words say why)
 */
#include "daemon/greet.h"

#include "base/net.h"
#include "base/pool.h"
#include "base/text.h"
#include "dns/dns.h"
#include "transport/dial.h"

#include <stdio.h>
#include <string.h>

#define IMPLICIT_TLS 465u /* RFC 8314, 3.3 */

struct call_on {
	struct stack *stack;
	struct greeting *result;
	struct dns *dns;
	struct dns_query query;
	struct dial *dial;
	struct conn *conn;
	char host[256], line[512];
	const struct greet_target *who;
	struct pool *pool; /* for the host's resolver */
	unsigned port;
	size_t len;
	int64_t begun;
	bool done, good;
};

/* The first end counts: what is called off afterwards has nothing to say. */
static void finish(struct call_on *c, bool good, const char *words)
{
	if (c->done)
		return;
	c->done = true;
	c->good = good;
	text_copy(c->result->words, sizeof c->result->words, words);
}

static size_t take_data(void *ctx, struct conn *conn, const char *bytes, size_t n)
{
	struct call_on *c = ctx;
	(void)conn;
	for (size_t i = 0; i < n && !c->done; i++) {
		if (bytes[i] != '\n' && c->len + 1 < sizeof c->line) {
			c->line[c->len++] = bytes[i];
			continue;
		}
		while (c->len && c->line[c->len - 1] == '\r')
			c->len--;
		c->line[c->len] = '\0';
		finish(c, strncmp(c->line, "220", 3) == 0, c->line);
	}
	return n;
}

static void lost(void *ctx, struct conn *conn, const struct sgt_error *error)
{
	(void)conn;
	finish(ctx, false, error->text);
}

static void peer_ended(void *ctx, struct conn *conn)
{
	(void)conn;
	finish(ctx, false, "it closed the connection without a greeting");
}

static void gone(void *ctx, struct conn *conn)
{
	struct call_on *c = ctx;
	(void)conn;
	c->conn = NULL;
}

static const struct conn_ops conn_ops = {
	.on_data = take_data, .on_error = lost, .on_eof = peer_ended, .on_closed = gone};

static void connected(void *ctx, struct conn *conn)
{
	struct call_on *c = ctx;
	c->dial = NULL;
	c->conn = conn;
	c->result->connected = true;
	c->result->ms = clock_mono(stack_clock(c->stack)) - c->begun;
	conn_take(conn, &conn_ops, c);
	if (c->port == IMPLICIT_TLS)
		finish(c, true, "connected; it speaks TLS before it greets");
}

static void failed(void *ctx, const struct dial_failure *failure)
{
	struct call_on *c = ctx;
	c->dial = NULL;
	finish(c, false, failure->text);
}

static const struct dial_ops dial_ops = {.on_connected = connected, .on_failed = failed};

static void dial(struct call_on *c, const char *const *addresses, size_t count)
{
	struct dial_target target = {.host = c->host,
				     .addresses = addresses,
				     .count = count,
				     .port = c->port,
				     .source = c->who->source,
				     .limit_ms = GREET_LIMIT_MS};
	enum result r = dial_start(&c->dial, c->stack, &target, &dial_ops, c);
	if (r != OK)
		finish(c, false, result_sentence(r));
}

static void resolved(struct dns_query *q)
{
	struct call_on *c = (struct call_on *)((char *)q - offsetof(struct call_on, query));
	const char *addresses[DNS_ADDRESSES_MAX];
	for (size_t i = 0; i < q->count; i++)
		addresses[i] = q->answer.addresses[i];
	if (q->result != OK)
		finish(c, false, q->err.text);
	else if (!q->count)
		finish(c, false, "the name has no address");
	else
		dial(c, addresses, q->count);
}

static enum result open_names(struct call_on *c, struct err *err)
{
	struct dns_options o = {.host_resolver = c->who->host_resolver,
				.servers = c->who->servers ? c->who->servers->texts : NULL,
				.server_count = c->who->servers ? c->who->servers->count : 0,
				.inbox = stack_inbox(c->stack)};
	enum result r = o.host_resolver ? pool_new(&c->pool, 1, 4, err) : OK;
	o.pool = c->pool;
	return r == OK ? dns_new(&c->dns, c->stack, &o, err) : r;
}

static void begin(struct call_on *c)
{
	const struct sgt_module *m = stack_module(c->stack);
	const char *host = c->host;
	struct net_ip ip;
	struct err err;
	if (c->who->port)
		c->port = c->who->port;
	c->port = c->port ? c->port : 25;
	if (net_is_file(host) || net_ip_parse(host, &ip) == OK || m->caps & SGT_CAP_NAMES) {
		dial(c, &host, 1);
		return;
	}
	if (open_names(c, &err) != OK) {
		finish(c, false, err.text);
		return;
	}
	c->query = (struct dns_query){.type = DNS_ADDRESSES,
				      .ipv4 = m->caps & SGT_CAP_IPV4,
				      .ipv6 = m->caps & SGT_CAP_IPV6_CONNECT,
				      .done = resolved};
	text_copy(c->query.name, sizeof c->query.name, host);
	dns_ask(c->dns, &c->query);
}

static void end(struct call_on *c, int64_t until)
{
	dial_cancel(&c->dial);
	if (c->conn)
		conn_abort(c->conn);
	while (c->conn && clock_mono(stack_clock(c->stack)) < until)
		stack_turn(c->stack, 50);
	dns_destroy(&c->dns);
	if (c->pool)
		pool_destroy(&c->pool);
}

bool greet(struct stack *s, const struct greet_target *who, struct greeting *g)
{
	struct call_on c = {
		.stack = s, .result = g, .who = who, .begun = clock_mono(stack_clock(s))};
	int64_t until = c.begun + GREET_LIMIT_MS;
	memset(g, 0, sizeof *g);
	if (net_is_file(who->host))
		text_copy(c.host, sizeof c.host, who->host);
	else if (net_hostport(who->host, c.host, sizeof c.host, &c.port, true) != OK)
		finish(&c, false, "it is no host and port");
	if (!c.done)
		begin(&c);
	while (!c.done && clock_mono(stack_clock(s)) < until)
		stack_turn(s, 50);
	if (!c.done)
		finish(&c, false, "no answer within the time limit");
	end(&c, until + 1000);
	return c.good;
}
