/*
 * Incoming sessions: see session.h. In the lane's thread. A session owns its protocol engine, the draft and the region of
 * the message that is arriving, and a reference to the settings it began with.
 */
#include "gateway/session.h"

#include "base/net.h"
#include "base/text.h"
#include "gateway/disk.h"
#include "gateway/queue.h"
#include "mail/header.h"
#include "smtp/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUTPUT_HIGH 65536u /* unsent replies above which no more commands are taken */

struct session {
	struct session *next, *prev;
	struct lane *lane;
	struct inbound *in;
	struct conn *conn; /* NULL: gone */
	struct smtp_server *server;
	struct settings *settings;
	const struct conf_listen *conf;
	struct smtp_server_config config; /* the engine keeps pointing to both */
	struct smtp_server_ops ops;
	char id[40], client[64];
	struct net_ip ip;
	bool counted, logged, extended, storing, ending;
	char helo[256];
	/* the message that is arriving */
	struct region *region;
	struct mail_envelope envelope;
	struct spool_draft *draft;
	struct mail_header header;
	struct spool_submit submit;
	struct queue_link *link;
	int64_t since;
};

/* ---- the message ---- */

static void message_drop(struct session *s)
{
	spool_draft_abort(&s->draft);
	mail_header_free(&s->header);
	free(s->link);
	s->link = NULL;
	region_destroy(&s->region);
}

static enum smtp_verdict refuse(struct session *s, struct smtp_reply *reply, int code,
				const char *status, const char *text)
{
	atomic_fetch_add(&s->in->refused, 1);
	smtp_reply_set(reply, code, status, "%s", text);
	return SMTP_DONE;
}

static enum smtp_verdict on_helo(void *ctx, const char *helo, bool extended,
				 struct smtp_reply *reply)
{
	struct session *s = ctx;
	(void)reply;
	text_copy(s->helo, sizeof s->helo, helo);
	s->extended = extended;
	return SMTP_DONE;
}

static enum smtp_verdict on_mail(void *ctx, const char *reverse_path, uint64_t size, bool eight_bit,
				 struct smtp_reply *reply)
{
	struct session *s = ctx;
	struct gateway *g = s->lane->vendor->g;
	const char *why = disk_refuses(g, s->settings, s->conf->priority, size);
	if (why)
		return refuse(s, reply, 452, "4.3.1", why);
	if (!clients_message(s->in->clients, s->client, &s->conf->rate, clock_mono(g->clock)))
		return refuse(s, reply, 450, "4.7.1",
			      "Too many messages from your address, try again later");
	message_drop(s);
	s->region = region_new(0); /* bounded by max_recipients */
	if (!s->region)
		return refuse(s, reply, 451, "4.3.0", "Memory is short, try again later");
	struct mail_envelope *e = &s->envelope;
	mail_envelope_init(e, s->region);
	e->reverse_path = region_strdup(s->region, reverse_path);
	e->session = region_strdup(s->region, s->id);
	e->listener = region_strdup(s->region, s->in->name);
	e->client = region_strdup(s->region, s->client);
	e->helo = region_strdup(s->region, s->helo);
	e->protocol = s->extended ? "ESMTP" : "SMTP";
	e->priority = s->conf->priority;
	e->eight_bit = eight_bit;
	if (!e->reverse_path || !e->session || !e->listener || !e->client || !e->helo)
		return refuse(s, reply, 451, "4.3.0", "Memory is short, try again later");
	return SMTP_DONE;
}

static enum smtp_verdict on_rcpt(void *ctx, const char *forward_path, struct smtp_reply *reply)
{
	struct session *s = ctx;
	const struct route_world world = {s->settings, gateway_mailbox, s->lane->vendor->g};
	const struct route_from from = {s->envelope.reverse_path, s->client, s->in->name};
	struct route_decision d;
	route_admit(&world, s->conf, &from, forward_path, &d);
	if (d.kind == ROUTE_REFUSE) {
		LOG(LOG_INFO, s->id, "recipient", "refused", F_A("from", s->envelope.reverse_path),
		    F_A("to", forward_path), F_S("client", s->client), F_N("code", d.code),
		    F_S("reason", d.reason));
		return refuse(s, reply, d.code, d.status, d.reason);
	}
	if (mail_envelope_add(&s->envelope, forward_path) != OK)
		return refuse(s, reply, 451, "4.3.0", "Memory is short, try again later");
	return SMTP_DONE;
}

static enum smtp_verdict on_data(void *ctx, struct smtp_reply *reply)
{
	struct session *s = ctx;
	struct err err;
	mail_header_init(&s->header);
	if (spool_draft_new(s->lane->vendor->g->spool, &s->draft, &err) == OK)
		return SMTP_DONE;
	LOG(LOG_ERROR, s->id, "message", "refused", F_S("error", err.text));
	return refuse(s, reply, 451, "4.3.0",
		      "The spool takes nothing at the moment, try again later");
}

static enum result on_bytes(void *ctx, const char *bytes, size_t n)
{
	struct session *s = ctx;
	enum result r = mail_header_feed(&s->header, bytes, n);
	return r == OK ? spool_draft_write(s->draft, bytes, n) : r;
}

static void stored(struct spool_request *request);

static enum smtp_verdict on_end(void *ctx, struct smtp_reply *reply)
{
	struct session *s = ctx;
	struct gateway *g = s->lane->vendor->g;
	mail_header_finish(&s->header);
	if (mail_header_loops(&s->header, NULL)) {
		LOG(LOG_WARN, s->id, "message", "refused", F_A("from", s->envelope.reverse_path),
		    F_N("received", s->header.received), F_S("reason", "loop"));
		message_drop(s);
		return refuse(s, reply, 554, "5.4.6",
			      "Too many Received fields: the message goes in a circle");
	}
	s->link = calloc(1, sizeof *s->link);
	if (!s->link) {
		message_drop(s);
		return refuse(s, reply, 451, "4.3.0", "Memory is short, try again later");
	}
	s->envelope.arrived = clock_wall(g->clock);
	s->envelope.eight_bit = s->envelope.eight_bit || s->header.eight_bit;
	s->submit = (struct spool_submit){
		.q = {.answer_to = stack_inbox(s->lane->stack), .done = stored},
		.draft = s->draft,
		.envelope = &s->envelope,
	};
	s->draft = NULL; /* the spool's now */
	s->storing = true;
	spool_submit(g->spool, &s->submit);
	return SMTP_LATER;
}

static void on_reset(void *ctx)
{
	message_drop(ctx);
}

static void on_note(void *ctx, const char *what)
{
	struct session *s = ctx;
	LOG(LOG_INFO, s->id, "session", "noted", F_S("client", s->client), F_S("what", what));
}

static void on_line(void *ctx, bool out, const char *line, size_t n)
{
	struct session *s = ctx;
	char text[1024];
	snprintf(text, sizeof text, "%.*s", n > 1000 ? 1000 : (int)n, line);
	LOG(LOG_INFO, s->id, "smtp", out ? "tx" : "rx", F_S("line", text));
}

/* ---- the connection ---- */

static void session_free(struct session *s)
{
	smtp_server_destroy(&s->server);
	message_drop(s);
	if (s->counted)
		clients_leave(s->in->clients, s->client);
	if (s->next)
		s->next->prev = s->prev;
	if (s->prev)
		s->prev->next = s->next;
	else
		s->lane->sessions = s->next;
	settings_unref(&s->settings);
	atomic_fetch_sub(&s->in->sessions, 1);
	free(s);
}

/* Sends what the engine has to say, ends the connection when it has ended, and sets its time limit. */
static void flush(struct session *s)
{
	if (!s->conn)
		return;
	struct buf *out = smtp_server_output(s->server);
	if (out->len && conn_write_buf(s->conn, out) != OK) {
		conn_abort(s->conn);
		return;
	}
	if (smtp_server_ended(s->server) || (s->ending && !s->storing)) {
		conn_close(s->conn);
		return;
	}
	conn_set_timeout(s->conn, smtp_server_timeout(s->server));
}

static void answer(struct session *s, const struct smtp_reply *reply)
{
	smtp_server_answer(s->server, reply);
	flush(s);
	if (s->conn)
		conn_resume(s->conn);
}

static void log_accepted(struct session *s, const struct spool_message *m)
{
	LOG(LOG_INFO, m->id, "message", "accepted", F_S("session", s->id),
	    F_A("from", m->envelope.reverse_path), F_N("recipients", m->rcpt_count),
	    F_A("to", m->rcpt_count == 1 ? m->rcpts[0].address : NULL), F_N("size", m->size),
	    F_S("client", s->client),
	    F_S("message-id", mail_header_get(&s->header, MAIL_FIELD_MESSAGE_ID)));
}

/* The spool has answered: only now may the client be told. */
static void stored(struct spool_request *request)
{
	struct spool_submit *q = (struct spool_submit *)request;
	struct session *s = (struct session *)((char *)q - offsetof(struct session, submit));
	struct smtp_reply reply;
	s->storing = false;
	if (request->result == OK) {
		log_accepted(s, q->message);
		smtp_reply_set(&reply, 250, "2.0.0", "Ok: queued as %s", q->message->id);
		atomic_fetch_add(&s->in->accepted, 1);
		s->link->queue = s->lane->vendor->g->queue;
		s->link->message = q->message;
		queue_post(s->link);
		s->link = NULL;
	} else {
		bool full = request->result == E_FULL;
		LOG(LOG_ERROR, s->id, "message", "refused", F_A("from", s->envelope.reverse_path),
		    F_S("error", request->err.text));
		atomic_fetch_add(&s->in->refused, 1);
		smtp_reply_set(&reply, full ? 452 : 451, full ? "4.3.1" : "4.3.0", "%s",
			       full ? "The disk is full, try again later"
				    : "The spool cannot store it now, try again later");
	}
	message_drop(s);
	if (s->conn)
		answer(s, &reply);
	else
		session_free(s);
}

static size_t conn_data(void *ctx, struct conn *c, const char *bytes, size_t n)
{
	struct session *s = ctx;
	if (conn_output_pending(c) > OUTPUT_HIGH)
		return 0; /* until on_sent: who does not read is not served */
	size_t used = smtp_server_feed(s->server, bytes, n);
	flush(s);
	return used;
}

static void conn_sent(void *ctx, struct conn *c)
{
	(void)ctx;
	if (conn_output_pending(c) <= OUTPUT_HIGH)
		conn_resume(c);
}

static void conn_eof(void *ctx, struct conn *c)
{
	struct session *s = ctx;
	s->ending = true; /* an answer that is on its way is still sent */
	if (!s->storing)
		conn_close(c);
}

static void conn_timeout(void *ctx, struct conn *c)
{
	struct session *s = ctx;
	(void)c;
	LOG(LOG_INFO, s->id, "session", "timed-out", F_S("client", s->client));
	smtp_server_timed_out(s->server);
	flush(s);
}

static void conn_error(void *ctx, struct conn *c, const struct sgt_error *error)
{
	struct session *s = ctx;
	LOG(LOG_INFO, s->id, "session", "lost", F_S("client", s->client),
	    F_N("number", error->number), F_S("error", error->text));
	conn_close(c);
}

static void conn_closed(void *ctx, struct conn *c)
{
	struct session *s = ctx;
	(void)c;
	s->conn = NULL;
	LOG(LOG_DEBUG, s->id, "session", "ended", F_S("client", s->client));
	if (!s->storing)
		session_free(s);
}

static const struct conn_ops session_conn_ops = {
	.on_data = conn_data,
	.on_sent = conn_sent,
	.on_eof = conn_eof,
	.on_timeout = conn_timeout,
	.on_error = conn_error,
	.on_closed = conn_closed,
};

/* ---- beginning and end ---- */

/* May this client come in at all? Fills the greeting that says no; true when it may. */
static bool admit(struct session *s, struct smtp_reply *greeting)
{
	bool known = net_ip_parse(s->client, &s->ip) == OK;
	const struct conf_listen *c = s->conf;
	bool all = !known && c->accept_from.count && !c->accept_from.blocks[0].bits;
	if (!all && !(known && (conf_nets_match(&c->accept_from, &s->ip) ||
				conf_nets_match(&c->relay_from, &s->ip)))) {
		smtp_reply_set(greeting, 554, "5.7.1", "%s no SMTP service for %s here",
			       s->settings->gateway.hostname, s->client);
		return false;
	}
	switch (clients_enter(s->in->clients, s->client, c->max_connections,
			      c->max_connections_client, clock_mono(s->lane->vendor->g->clock))) {
	case CLIENTS_OK:
		s->counted = true;
		return true;
	case CLIENTS_CLIENT_FULL:
		smtp_reply_set(greeting, 421, "4.7.0", "%s too many connections from %s",
			       s->settings->gateway.hostname, s->client);
		return false;
	default:
		smtp_reply_set(greeting, 421, "4.3.2", "%s too many connections, try again later",
			       s->settings->gateway.hostname);
		return false;
	}
}

static enum smtp_newline newline_of(enum conf_newline n)
{
	return n == CONF_NEWLINE_REJECT      ? SMTP_NEWLINE_REJECT
	       : n == CONF_NEWLINE_NORMALISE ? SMTP_NEWLINE_NORMALISE
					     : SMTP_NEWLINE_NOTE;
}

static enum result engine_new(struct session *s)
{
	struct smtp_reply greeting;
	bool admitted = admit(s, &greeting);
	if (!admitted) {
		atomic_fetch_add(&s->in->refused, 1);
		LOG(LOG_WARN, s->id, "session", "refused", F_S("client", s->client),
		    F_S("listener", s->in->name), F_S("reason", greeting.text));
	}
	s->config = (struct smtp_server_config){
		.hostname = s->settings->gateway.hostname,
		.max_size = s->conf->max_size,
		.max_recipients = s->conf->max_recipients,
		.max_errors = 20,
		.newline = newline_of(s->conf->bare_newline),
	};
	s->ops = (struct smtp_server_ops){
		.on_helo = on_helo,
		.on_mail = on_mail,
		.on_rcpt = on_rcpt,
		.on_data = on_data,
		.on_bytes = on_bytes,
		.on_end = on_end,
		.on_reset = on_reset,
		.on_note = on_note,
		.on_line = s->logged ? on_line : NULL,
	};
	return smtp_server_new(&s->server, &s->config, &s->ops, s, admitted ? NULL : &greeting);
}

/* "192.0.2.1:40022" or "[2001:db8::1]:40022" without its port; another network's address as it is. */
static void client_of(const char *peer, char *out, size_t n)
{
	unsigned port;
	if (net_hostport(peer, out, n, &port, true) != OK)
		text_copy(out, n, peer);
}

void session_new(struct lane *l, struct inbound *in, struct conn *c)
{
	struct gateway *g = l->vendor->g;
	const struct conf_listen *conf = inbound_conf(l->settings, in->name);
	struct session *s = calloc(1, sizeof *s);
	if (!s) {
		LOG(LOG_ERROR, NULL, "session", "refused", F_S("client", conn_peer(c)),
		    F_S("reason", "no memory"));
		conn_abort(c);
		return;
	}
	s->lane = l;
	s->in = in;
	s->conn = c;
	s->settings = settings_ref(conf ? l->settings : in->settings);
	s->conf = conf ? conf : in->conf;
	atomic_fetch_add(&in->sessions, 1);
	s->next = l->sessions;
	if (s->next)
		s->next->prev = s;
	l->sessions = s;
	snprintf(s->id, sizeof s->id, "s%06llx-%u",
		 (unsigned long long)(g->session_seed & 0xffffff),
		 atomic_fetch_add(&g->session_count, 1) + 1);
	client_of(conn_peer(c), s->client, sizeof s->client);
	struct net_ip ip;
	s->logged = net_ip_parse(s->client, &ip) == OK &&
		    conf_nets_match(&s->settings->log.protocol, &ip);
	conn_take(c, &session_conn_ops, s);
	LOG(LOG_DEBUG, s->id, "session", "begun", F_S("client", s->client),
	    F_S("listener", in->name));
	if (engine_new(s) != OK) {
		conn_abort(c);
		return;
	}
	flush(s);
}

void sessions_quiet(struct lane *l)
{
	struct smtp_reply bye;
	for (struct session *s = l->sessions, *next; s; s = next) {
		next = s->next;
		if (!s->conn || !s->server)
			continue;
		smtp_reply_set(&bye, 421, "4.3.2", "%s the gateway is stopping, try again later",
			       s->settings->gateway.hostname);
		smtp_server_shut(s->server, &bye);
		flush(s);
	}
}

void sessions_abort(struct lane *l)
{
	for (struct session *s = l->sessions; s; s = s->next)
		if (s->conn)
			conn_abort(s->conn);
}
