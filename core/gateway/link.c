/* Outgoing connections with their SMTP client: see link.h. Owns the conn, the client, their time limit, and what it logs in by. */
#include "gateway/link.h"

#include "base/net.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUTPUT_HIGH (2u * SMTP_CLIENT_OUTPUT) /* queued bytes above which no more content is read */

struct link {
	struct channel *channel; /* NULL: closed */
	struct smtp_client *client;
	struct smtp_client_ops client_ops;
	const struct link_ops *ops;
	void *ctx;
	char helo[256], id[64], peer[LINK_PEER_MAX];
	struct tls_config tls;
	char tls_name[256];
	bool verified, shaking, first;
	bool closing, logged;
	struct transcript talk; /* for the log of 1993 */
	unsigned used;
	struct login *login; /* NULL: nobody logs in, or it is done */
	struct link_end end; /* why it ended */
};

static void link_flush(struct link *l);

static void link_close(struct link *l)
{
	if (l->closing)
		return;
	l->closing = true;
	channel_close(l->channel);
}

/* Says in the peer's name how the way to it is secured. */
static void tell_security(struct link *l, const char *what, const char *more)
{
	size_t n = strlen(l->peer);
	snprintf(l->peer + n, sizeof l->peer - n, " (%.200s%s)", what, more);
}

static void client_ready(void *ctx)
{
	struct link *l = ctx;
	const char *clear = smtp_client_clear_words(l->client);
	if (text_starts(clear, "the server refused")) {
		LOG(LOG_WARN, l->id, "link", "clear", F_S("peer", l->peer), F_S("reason", clear));
		tell_security(l, "in the clear: ", clear);
	}
	l->ops->on_ready(l->ctx, l);
}

static bool client_auth_begin(void *ctx, const char *offered, struct smtp_client_login *to)
{
	struct link *l = ctx;
	return login_begin(l->login, offered, channel_is_secure(l->channel), to);
}

static bool client_auth_answer(void *ctx, const char *challenge, size_t n, struct buf *answer)
{
	struct link *l = ctx;
	return login_answer(l->login, challenge, n, answer);
}

static bool client_auth_done(void *ctx, const struct smtp_reply *reply)
{
	struct link *l = ctx;
	bool good = login_done(l->login, reply);
	text_copy(l->end.reason, sizeof l->end.reason, login_reason(l->login));
	login_destroy(&l->login);
	LOG(good ? LOG_INFO : LOG_WARN, l->id, "link", good ? "authenticated" : "unauthenticated",
	    F_S("peer", l->peer));
	return good;
}

static void client_starttls(void *ctx)
{
	struct link *l = ctx;
	l->shaking = true; /* begun when the client's call has returned */
}

static void client_done(void *ctx, struct smtp_transaction *t)
{
	struct link *l = ctx;
	l->used++;
	transcript_flush(&l->talk);
	l->ops->on_done(l->ctx, l, t);
}

static void client_line(void *ctx, bool out, const char *line, size_t n)
{
	struct link *l = ctx;
	char text[1024];
	transcript_line(&l->talk, out, line, n);
	if (!l->logged)
		return;
	snprintf(text, sizeof text, "%.*s", n > 1000 ? 1000 : (int)n, line);
	LOG(LOG_INFO, l->id, "smtp", out ? "tx" : "rx", F_S("peer", l->peer), F_S("line", text));
}

static void lost(struct link *l, const char *why);

/* TLS is begun once. */
static void begin_tls(struct link *l)
{
	if (!channel_tls(l->channel) && channel_secure(l->channel, &l->tls, false) != OK)
		lost(l, "TLS cannot be begun: memory is short");
}

static void on_secure(void *ctx, struct channel *c)
{
	struct link *l = ctx;
	l->shaking = false;
	tell_security(l, tls_story(channel_tls(c)), l->verified ? ", verified" : ", not verified");
	LOG(LOG_INFO, l->id, "link", "secured", F_S("peer", l->peer));
	if (!l->first)
		smtp_client_secured(l->client);
	link_flush(l);
}

static void on_insecure(void *ctx, struct channel *c, const char *why)
{
	char words[512];
	struct link *l = ctx;
	(void)c;
	snprintf(words, sizeof words, "TLS failed: %.480s", why);
	LOG(LOG_WARN, l->id, "link", "insecure", F_S("peer", l->peer), F_S("reason", why));
	lost(l, words);
	text_copy(l->end.reply.status, sizeof l->end.reply.status, LINK_TLS_FAILED);
}

/* Output to the network, the end when the client has ended, and its time limit. */
static void link_flush(struct link *l)
{
	if (l->closing)
		return;
	if (l->shaking && !smtp_client_ended(l->client)) {
		begin_tls(l);
		return;
	}
	struct buf *out = smtp_client_output(l->client);
	while (out->len) {
		if (channel_write_buf(l->channel, out) != OK) {
			link_abort(l, "no memory to send");
			return;
		}
		if (channel_output_pending(l->channel) >= OUTPUT_HIGH)
			break;
		smtp_client_pump(l->client);
	}
	if (smtp_client_ended(l->client)) {
		l->end.reply = *smtp_client_end_reply(l->client);
		l->end.login = smtp_client_login_failed(l->client);
		link_close(l);
		return;
	}
	channel_set_timeout(l->channel, smtp_client_timeout(l->client));
}

static size_t on_data(void *ctx, struct channel *c, const char *bytes, size_t n)
{
	struct link *l = ctx;
	(void)c;
	if (l->closing)
		return n;
	uint64_t replies = smtp_client_replies(l->client);
	smtp_client_feed(l->client, bytes, n);
	if (smtp_client_replies(l->client) != replies || smtp_client_ended(l->client))
		link_flush(l); /* else it was a piece of a reply, whose time goes on */
	return n;
}

static void on_sent(void *ctx, struct channel *c)
{
	struct link *l = ctx;
	if (l->closing || channel_output_pending(c) >= OUTPUT_HIGH)
		return;
	smtp_client_pump(l->client);
	link_flush(l);
}

static void lost(struct link *l, const char *why)
{
	if (l->closing)
		return;
	smtp_reply_set(&l->end.reply, 0, "", "%s", why);
	if (!smtp_client_idle(l->client))
		transcript_error(&l->talk, "ERROR %s", why);
	smtp_client_lost(l->client, why);
	link_close(l);
}

static void on_eof(void *ctx, struct channel *c)
{
	(void)c;
	lost(ctx, "the server closed the connection");
}

static void on_timeout(void *ctx, struct channel *c)
{
	struct link *l = ctx;
	(void)c;
	transcript_error(&l->talk, "ERROR network_read: timed out");
	smtp_client_timed_out(l->client);
	link_flush(l);
}

static void on_error(void *ctx, struct channel *c, const struct sgt_error *error)
{
	char why[SGT_TEXT_MAX + 32];
	(void)c;
	snprintf(why, sizeof why, "(%d) %s", error->number, error->text);
	struct link *l = ctx;
	if (l->closing)
		return;
	lost(l, why);
}

static void on_closed(void *ctx, struct channel *c)
{
	struct link *l = ctx;
	(void)c;
	l->channel = NULL;
	transcript_say(&l->talk, "SMTP connection closed");
	transcript_flush(&l->talk);
	smtp_client_destroy(&l->client);
	tls_context_unref(&l->tls.context);
	login_destroy(&l->login);
	l->ops->on_gone(l->ctx, l, &l->end);
	free(l);
}

static const struct channel_ops link_channel_ops = {
	.on_data = on_data,
	.on_sent = on_sent,
	.on_eof = on_eof,
	.on_timeout = on_timeout,
	.on_error = on_error,
	.on_closed = on_closed,
	.on_secure = on_secure,
	.on_insecure = on_insecure,
};

/* "mx1.example.net [192.0.2.1]"; a file is enough of an address. */
static void name_peer(struct link *l, const struct conn *c, const char *host)
{
	char ip[64];
	unsigned port;
	if (net_is_file(host)) {
		text_copy(l->peer, sizeof l->peer, host);
		return;
	}
	if (net_hostport(conn_peer(c), ip, sizeof ip, &port, true) != OK)
		text_copy(ip, sizeof ip, conn_peer(c));
	snprintf(l->peer, sizeof l->peer, "%.250s [%s]", host, ip);
}

static void set_tls(struct link *l, const struct link_config *config)
{
	text_copy(l->tls_name, sizeof l->tls_name, config->tls.name ? config->tls.name : "");
	l->tls = config->tls;
	l->tls.name = config->tls.name ? l->tls_name : NULL;
	l->tls.context = tls_context_ref(config->tls.context);
	l->verified = config->verified;
	l->first = l->shaking = config->first;
	if (config->clear)
		tell_security(l, "in the clear: ", config->clear);
}

/* The client and the channel of a link; false: no memory. */
static bool make_parts(struct link *l, struct conn *c, const struct link_config *config)
{
	const struct smtp_client_config cc = {.helo = l->helo,
					      .tls = config->starttls,
					      .lmtp = config->lmtp,
					      .no_chunks = config->no_chunks,
					      .login = config->login != NULL};
	if (config->login) {
		l->login = login_new(config->login);
		if (!l->login)
			return false;
	}
	if (smtp_client_new(&l->client, &cc, &l->client_ops, l) == OK)
		l->channel = channel_new(c, &link_channel_ops, l);
	return l->channel != NULL;
}

static void begin_talk(struct link *l, const struct link_config *config)
{
	transcript_begin(&l->talk, config->classic, NULL);
	transcript_say(&l->talk, "Connecting to smart SMTP host");
	transcript_say(&l->talk, "SMTP_open(socket=%u)", config->number);
}

struct link *link_new(struct conn *c, const struct link_config *config, void *ctx)
{
	struct link *l = calloc(1, sizeof *l);
	if (!l)
		return NULL;
	name_peer(l, c, config->host);
	text_copy(l->helo, sizeof l->helo, config->helo);
	text_copy(l->id, sizeof l->id, config->id);
	l->ops = config->ops;
	l->ctx = ctx;
	l->logged = config->logged;
	begin_talk(l, config);
	l->client_ops = (struct smtp_client_ops){
		.on_ready = client_ready,
		.on_starttls = client_starttls,
		.auth_begin = client_auth_begin,
		.auth_answer = client_auth_answer,
		.auth_done = client_auth_done,
		.on_done = client_done,
		.on_line = config->logged || transcript_on(&l->talk) ? client_line : NULL,
	};
	set_tls(l, config);
	if (!make_parts(l, c, config)) {
		smtp_client_destroy(&l->client);
		tls_context_unref(&l->tls.context);
		login_destroy(&l->login);
		buf_free(&l->talk.text);
		free(l);
		return NULL;
	}
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
	if (l->closing)
		return E_STATE;
	transcript_say(&l->talk, "Transmitting message to SMTP");
	enum result r = smtp_client_send(l->client, t);
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
	smtp_reply_set(&l->end.reply, 0, "", "%s", why);
	smtp_client_lost(l->client, why);
	channel_abort(l->channel);
}

const char *link_peer(const struct link *l)
{
	return l->peer;
}

bool link_keeps_tls(const struct link *l)
{
	return !l->closing && l->verified && channel_is_secure(l->channel) &&
	       smtp_client_offers_require_tls(l->client);
}

unsigned link_used(const struct link *l)
{
	return l->used;
}

const struct smtp_limits *link_limits(const struct link *l)
{
	return smtp_client_limits(l->client);
}

bool link_spent(const struct link *l)
{
	unsigned most = link_limits(l)->mail;
	return most && l->used >= most;
}
