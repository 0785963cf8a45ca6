/*
 * Incoming sessions: see session.h. In the lane's thread. A session owns its protocol engine and a reference to
 * the settings it began with; the message that is arriving is in session_mail.c.
 */
#include "gateway/session_internal.h"

#include "base/net.h"
#include "base/text.h"
#include "gateway/secure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUTPUT_HIGH 65536u /* unsent replies above which no more commands are taken */

static void on_note(void *ctx, const char *what)
{
	struct session *s = ctx;
	LOG(LOG_INFO, s->id, "session", "noted", F_S("client", s->client), F_S("what", what));
}

static void on_line(void *ctx, bool out, const char *line, size_t n)
{
	struct session *s = ctx;
	char text[1024];
	transcript_line(&s->talk, out, line, n);
	if (!s->logged)
		return;
	snprintf(text, sizeof text, "%.*s", n > 1000 ? 1000 : (int)n, line);
	LOG(LOG_INFO, s->id, "smtp", out ? "tx" : "rx", F_S("line", text));
}

/* ---- the connection ---- */

void session_free(struct session *s)
{
	smtp_server_destroy(&s->server);
	free(s->proxy); /* the connection was lost before it was there */
	session_mail_drop(s);
	session_room_end(s);
	session_auth_drop(s);
	if (s->counted)
		clients_leave(s->in->clients, s->client);
	if (s->next)
		s->next->prev = s->prev;
	if (s->prev)
		s->prev->next = s->next;
	else
		s->lane->sessions = s->next;
	transcript_say(&s->talk, "SMTP connection closed");
	transcript_flush(&s->talk);
	settings_unref(&s->settings);
	atomic_fetch_sub(&s->in->sessions, 1);
	free(s);
}

/* ---- TLS ---- */

bool session_is_secure(const struct session *s)
{
	return s->channel && channel_is_secure(s->channel);
}

/* What was written goes out in the clear, then TLS begins; or the connection ends. */
static void secure(struct session *s)
{
	const struct tls_config config = {
		.context = secure_listen(s->settings, s->conf, s->profile),
		.now = clock_wall(s->lane->vendor->g->clock),
	};
	s->shaking = true;
	session_room_secure(s);
	if (channel_secure(s->channel, &config, true) == OK)
		return;
	LOG(LOG_ERROR, s->id, "session", "insecure", F_S("client", s->client),
	    F_S("reason", "memory is short"));
	channel_abort(s->channel);
}

static void flush(struct session *s);

static void peer_secure(void *ctx, struct channel *c)
{
	struct session *s = ctx;
	s->shaking = false;
	LOG(LOG_INFO, s->id, "session", "secured", F_S("client", s->client),
	    F_S("tls", tls_story(channel_tls(c))));
	session_auth_offer(s);
	if (smtp_server_securing(s->server))
		smtp_server_secured(s->server);
	flush(s);
}

static void peer_insecure(void *ctx, struct channel *c, const char *why)
{
	struct session *s = ctx;
	const char *offer = tls_offer(channel_tls(c));
	session_refused(s, refused_tls_rule(why, offer), why);
	LOG(LOG_WARN, s->id, "session", "insecure", F_S("client", s->client),
	    F_S("listener", s->in->name), F_S("profile", s->profile->name), F_S("reason", why),
	    F_S("offered", *offer ? offer : NULL));
	channel_close(c);
}

/* Sends what the engine has to say, ends the connection when it has ended, and sets its time limit. */
static void flush(struct session *s)
{
	if (!s->channel || s->shaking)
		return;
	struct buf *out = smtp_server_output(s->server);
	if (out->len && channel_write_buf(s->channel, out) != OK) {
		channel_abort(s->channel);
		return;
	}
	if (smtp_server_securing(s->server)) {
		secure(s);
		return;
	}
	if (smtp_server_ended(s->server) || (s->ending && !s->storing)) {
		channel_close(s->channel);
		return;
	}
	channel_set_timeout(s->channel, session_room_timeout(s));
}

void session_answer(struct session *s, const struct smtp_reply *reply)
{
	smtp_server_answer(s->server, reply);
	flush(s);
	if (s->channel)
		channel_resume(s->channel);
}

static size_t peer_data(void *ctx, struct channel *c, const char *bytes, size_t n)
{
	struct session *s = ctx;
	if (s->proxy)
		return session_proxy_feed(s, bytes, n);
	if (channel_output_pending(c) > OUTPUT_HIGH)
		return 0; /* until on_sent: who does not read is not served */
	if (session_proxy_refused(s, bytes, n))
		return n;
	size_t used = smtp_server_feed(s->server, bytes, n);
	flush(s);
	if (session_room_output(s, channel_output_pending(c), OUTPUT_HIGH))
		return used;
	LOG(LOG_WARN, s->id, "session", "aborted", F_S("client", s->client),
	    F_S("reason", "it does not read its replies, and memory is short"));
	channel_abort(c);
	return n;
}

static void peer_sent(void *ctx, struct channel *c)
{
	size_t pending = channel_output_pending(c);
	if (!pending)
		session_room_sent(ctx);
	if (pending <= OUTPUT_HIGH)
		channel_resume(c);
}

static void peer_eof(void *ctx, struct channel *c)
{
	struct session *s = ctx;
	if (s->proxy) {
		session_proxy_eof(s);
		return;
	}
	if (!smtp_server_ended(s->server))
		transcript_error(&s->talk, "ERROR Network_read: Lost network connection");
	s->ending = true; /* an answer that is on its way is still sent */
	if (!s->storing)
		channel_close(c);
}

static void peer_timeout(void *ctx, struct channel *c)
{
	struct session *s = ctx;
	(void)c;
	if (s->proxy) {
		session_proxy_timeout(s);
		return;
	}
	if (s->starved) {
		session_mail_look(s);
		return;
	}
	LOG(LOG_INFO, s->id, "session", "timed-out", F_S("client", s->client));
	transcript_error(&s->talk, "ERROR network_read: timed out");
	smtp_server_timed_out(s->server);
	flush(s);
}

static void peer_error(void *ctx, struct channel *c, const struct sgt_error *error)
{
	struct session *s = ctx;
	LOG(LOG_INFO, s->id, "session", "lost", F_S("client", s->client),
	    F_N("number", error->number), F_S("error", error->text));
	transcript_error(&s->talk, "ERROR read: (%d) %s", error->number, error->text);
	channel_close(c);
}

static void peer_closed(void *ctx, struct channel *c)
{
	struct session *s = ctx;
	(void)c;
	s->channel = NULL;
	LOG(LOG_DEBUG, s->id, "session", "ended", F_S("client", s->client));
	if (!s->storing)
		session_free(s);
}

static const struct channel_ops session_channel_ops = {
	.on_data = peer_data,
	.on_sent = peer_sent,
	.on_eof = peer_eof,
	.on_timeout = peer_timeout,
	.on_error = peer_error,
	.on_closed = peer_closed,
	.on_secure = peer_secure,
	.on_insecure = peer_insecure,
};

/* ---- beginning and end ---- */

/* ip NULL: an address of a network without IP, which is only in a list that has `all`. */
static bool lets_in(const struct conf_nets *nets, const struct net_ip *ip)
{
	if (ip)
		return conf_nets_match(nets, ip);
	for (size_t i = 0; i < nets->count; i++)
		if (nets->blocks[i].bits == 0)
			return true;
	return false;
}

/* May this client come in at all? Fills the greeting that says no; true when it may. */
static bool admit(struct session *s, struct smtp_reply *greeting)
{
	const struct net_ip *ip = net_ip_parse(s->client, &s->ip) == OK ? &s->ip : NULL;
	const struct conf_listen *c = s->conf;
	if (!session_room_begin(s)) {
		smtp_reply_set(greeting, 421, "4.3.2", "%s memory is short, try again later",
			       s->settings->gateway.hostname);
		return false;
	}
	if (!lets_in(&c->accept_from, ip) && !lets_in(&c->relay_from, ip)) {
		smtp_reply_set(greeting, 554, "5.7.1", "%s no SMTP service for %s here",
			       s->settings->gateway.hostname, s->client);
		session_refused(s, REFUSED_ACCEPT, "no mail is taken from its address");
		return false;
	}
	switch (clients_enter(s->in->clients, s->client, c->max_connections,
			      c->max_connections_client, clock_mono(s->lane->vendor->g->clock))) {
	case CLIENTS_OK:
		s->counted = true;
		return true;
	case CLIENTS_CLIENT_FULL:
		session_refused(s, REFUSED_CLIENT_FULL, "too many connections of it");
		smtp_reply_set(greeting, 421, "4.7.0", "%s too many connections from %s",
			       s->settings->gateway.hostname, s->client);
		return false;
	default:
		session_refused(s, REFUSED_FULL, "too many connections of all clients");
		smtp_reply_set(greeting, 421, "4.3.2", "%s too many connections, try again later",
			       s->settings->gateway.hostname);
		return false;
	}
}

static enum result engine_new(struct session *s)
{
	struct smtp_reply greeting;
	bool admitted = admit(s, &greeting);
	if (!admitted)
		LOG(LOG_WARN, s->id, "session", "refused", F_S("client", s->client),
		    F_S("listener", s->in->name), F_S("reason", greeting.text));
	session_profile_set(s);
	s->ops = (struct smtp_server_ops){
		.on_note = on_note,
		.on_line = s->logged || transcript_on(&s->talk) ? on_line : NULL,
	};
	session_mail_ops(&s->ops);
	session_auth_ops(&s->ops);
	session_profile_ops(&s->ops);
	session_auth_offer(s);
	return smtp_server_new(&s->server, &s->config, &s->ops, s, admitted ? NULL : &greeting);
}

/* "192.0.2.1:40022" or "[2001:db8::1]:40022" without its port; another network's address as it is. */
static void client_of(const char *peer, char *out, size_t n)
{
	unsigned port;
	if (net_hostport(peer, out, n, &port, true) != OK)
		text_copy(out, n, peer);
}

/* N tells this gateway's connections apart; the original's was its TCP/IP's. */
static void begin_talk(struct session *s, struct gateway *g, unsigned n)
{
	transcript_begin(&s->talk, g->classic, NULL);
	transcript_say(&s->talk, "SMTP_accept(socket=%u, timeout=%u)", n,
		       classic_log_wait(g->classic));
	transcript_say(&s->talk, "Connection accepted.");
	transcript_say(&s->talk, "Incoming SMTP connection from [%s] detected", s->client);
	transcript_say(&s->talk, "Call coming in at socket %u", n);
}

void session_begin(struct session *s)
{
	struct net_ip ip;
	begin_talk(s, s->lane->vendor->g, s->number);
	s->logged = net_ip_parse(s->client, &ip) == OK &&
		    conf_nets_match(&s->settings->log.protocol, &ip);
	LOG(LOG_DEBUG, s->id, "session", "begun", F_S("client", s->client),
	    F_S("listener", s->in->name));
	if (engine_new(s) != OK) {
		channel_abort(s->channel);
		return;
	}
	if (s->conf->tls == CONF_TLS_IMPLICIT)
		secure(s); /* the greeting waits for it */
	flush(s);
}

void session_end(struct session *s, const struct smtp_reply *reply)
{
	smtp_server_shut(s->server, reply);
	flush(s);
}

void session_new(struct lane *l, struct inbound *in, struct conn *c)
{
	struct gateway *g = l->vendor->g;
	const struct conf_listen *conf = inbound_conf(l->settings, in->name);
	struct session *s = calloc(1, sizeof *s);
	if (s)
		s->channel = channel_new(c, &session_channel_ops, s);
	if (!s || !s->channel) {
		free(s);
		LOG(LOG_ERROR, NULL, "session", "refused", F_S("client", conn_peer(c)),
		    F_S("reason", "no memory"));
		conn_abort(c);
		return;
	}
	s->lane = l;
	s->in = in;
	s->settings = settings_ref(conf ? l->settings : in->settings);
	s->conf = conf ? conf : in->conf;
	atomic_fetch_add(&in->sessions, 1);
	s->next = l->sessions;
	if (s->next)
		s->next->prev = s;
	l->sessions = s;
	unsigned number = atomic_fetch_add(&g->session_count, 1) + 1;
	snprintf(s->id, sizeof s->id, "s%06llx-%u",
		 (unsigned long long)(g->session_seed & 0xffffff), number);
	s->number = number;
	client_of(conn_peer(c), s->client, sizeof s->client);
	if (!session_proxy_await(s))
		session_begin(s);
}

void sessions_quiet(struct lane *l)
{
	struct smtp_reply bye;
	for (struct session *s = l->sessions, *next; s; s = next) {
		next = s->next;
		if (s->channel && s->proxy)
			channel_abort(s->channel);
		if (!s->channel || !s->server)
			continue;
		smtp_reply_set(&bye, 421, "4.3.2", "%s the gateway is stopping, try again later",
			       s->settings->gateway.hostname);
		session_end(s, &bye);
	}
}

void sessions_abort(struct lane *l)
{
	for (struct session *s = l->sessions; s; s = s->next)
		if (s->channel)
			channel_abort(s->channel);
}
