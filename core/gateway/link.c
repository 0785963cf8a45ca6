/* Outgoing connections with their SMTP client: see link.h. Owns the conn, the client and their time limit. */
#include "gateway/link.h"

#include "base/net.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUTPUT_HIGH (2u * SMTP_CLIENT_OUTPUT) /* queued bytes above which no more content is read */

struct link {
	struct conn *conn; /* NULL: closed */
	struct smtp_client *client;
	struct smtp_client_ops client_ops;
	const struct link_ops *ops;
	void *ctx;
	char helo[256], id[64], peer[320];
	bool closing;
	unsigned used;
	struct smtp_reply end; /* why it ended */
};

static void link_flush(struct link *l);

static void link_close(struct link *l)
{
	if (l->closing)
		return;
	l->closing = true;
	conn_close(l->conn);
}

static void client_ready(void *ctx)
{
	struct link *l = ctx;
	l->ops->on_ready(l->ctx, l);
}

static void client_done(void *ctx, struct smtp_transaction *t)
{
	struct link *l = ctx;
	l->used++;
	l->ops->on_done(l->ctx, l, t);
}

static void client_line(void *ctx, bool out, const char *line, size_t n)
{
	struct link *l = ctx;
	char text[1024];
	snprintf(text, sizeof text, "%.*s", n > 1000 ? 1000 : (int)n, line);
	LOG(LOG_INFO, l->id, "smtp", out ? "tx" : "rx", F_S("peer", l->peer), F_S("line", text));
}

/* Output to the network, the end when the client has ended, and its time limit. */
static void link_flush(struct link *l)
{
	if (l->closing)
		return;
	struct buf *out = smtp_client_output(l->client);
	while (out->len) {
		if (conn_write_buf(l->conn, out) != OK) {
			link_abort(l, "no memory to send");
			return;
		}
		if (conn_output_pending(l->conn) >= OUTPUT_HIGH)
			break;
		smtp_client_pump(l->client);
	}
	if (smtp_client_ended(l->client)) {
		l->end = *smtp_client_end_reply(l->client);
		link_close(l);
		return;
	}
	conn_set_timeout(l->conn, smtp_client_timeout(l->client));
}

static size_t on_data(void *ctx, struct conn *c, const char *bytes, size_t n)
{
	struct link *l = ctx;
	(void)c;
	if (l->closing)
		return n;
	smtp_client_feed(l->client, bytes, n);
	link_flush(l);
	return n;
}

static void on_sent(void *ctx, struct conn *c)
{
	struct link *l = ctx;
	if (l->closing || conn_output_pending(c) >= OUTPUT_HIGH)
		return;
	smtp_client_pump(l->client);
	link_flush(l);
}

static void lost(struct link *l, const char *why)
{
	if (l->closing)
		return;
	smtp_reply_set(&l->end, 0, "", "%s", why);
	smtp_client_lost(l->client, why);
	link_close(l);
}

static void on_eof(void *ctx, struct conn *c)
{
	(void)c;
	lost(ctx, "the server closed the connection");
}

static void on_timeout(void *ctx, struct conn *c)
{
	struct link *l = ctx;
	(void)c;
	smtp_client_timed_out(l->client);
	link_flush(l);
}

static void on_error(void *ctx, struct conn *c, const struct sgt_error *error)
{
	char why[SGT_TEXT_MAX + 32];
	(void)c;
	snprintf(why, sizeof why, "(%d) %s", error->number, error->text);
	struct link *l = ctx;
	if (l->closing)
		return;
	lost(l, why);
}

static void on_closed(void *ctx, struct conn *c)
{
	struct link *l = ctx;
	(void)c;
	l->conn = NULL;
	smtp_client_destroy(&l->client);
	l->ops->on_gone(l->ctx, l, &l->end);
	free(l);
}

static const struct conn_ops link_conn_ops = {
	.on_data = on_data,
	.on_sent = on_sent,
	.on_eof = on_eof,
	.on_timeout = on_timeout,
	.on_error = on_error,
	.on_closed = on_closed,
};

struct link *link_new(struct conn *c, const struct link_config *config, void *ctx)
{
	struct link *l = calloc(1, sizeof *l);
	if (!l)
		return NULL;
	char ip[64];
	unsigned port;
	if (net_hostport(conn_peer(c), ip, sizeof ip, &port, true) != OK)
		text_copy(ip, sizeof ip, conn_peer(c));
	snprintf(l->peer, sizeof l->peer, "%.250s [%s]", config->host, ip);
	text_copy(l->helo, sizeof l->helo, config->helo);
	text_copy(l->id, sizeof l->id, config->id);
	l->ops = config->ops;
	l->ctx = ctx;
	l->client_ops = (struct smtp_client_ops){
		.on_ready = client_ready,
		.on_done = client_done,
		.on_line = config->logged ? client_line : NULL,
	};
	const struct smtp_client_config cc = {.helo = l->helo};
	if (smtp_client_new(&l->client, &cc, &l->client_ops, l) != OK) {
		free(l);
		return NULL;
	}
	l->conn = c;
	conn_take(c, &link_conn_ops, l);
	link_flush(l);
	return l;
}

void link_set_user(struct link *l, const struct link_ops *ops, void *ctx)
{
	l->ops = ops;
	l->ctx = ctx;
}

enum result link_send(struct link *l, struct smtp_transaction *t)
{
	enum result r = l->closing ? E_STATE : smtp_client_send(l->client, t);
	if (r == OK)
		link_flush(l);
	return r;
}

bool link_idle(const struct link *l)
{
	return !l->closing && smtp_client_idle(l->client);
}

void link_quit(struct link *l)
{
	if (l->closing)
		return;
	smtp_client_quit(l->client);
	link_flush(l);
}

void link_abort(struct link *l, const char *why)
{
	if (l->closing)
		return;
	l->closing = true; /* first: the transaction's owner may call back */
	smtp_reply_set(&l->end, 0, "", "%s", why);
	smtp_client_lost(l->client, why);
	conn_abort(l->conn);
}

const char *link_peer(const struct link *l)
{
	return l->peer;
}

unsigned link_used(const struct link *l)
{
	return l->used;
}
