/* The way of one group to a server: see attempt.h and outbound.h. In the lane's thread. */
#include "gateway/attempt.h"

#include "auth/secret.h"
#include "base/net.h"
#include "base/text.h"
#include "gateway/demands.h"
#include "gateway/refusal.h"
#include "gateway/secure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUBMISSIONS_PORT 465 /* RFC 8314: TLS from the first byte */

static bool make_transaction(struct attempt *a)
{
	struct delivery *d = a->d;
	const struct spool_message *m = d->active->message;
	const struct conf_route *route = d->decision.route;
	const char *sender = conf_route_as(route, route->sender_as);
	const struct outgoing_want want = {
		.message = m,
		.hostname = d->settings->gateway.hostname,
		.origin = d->settings->gateway.origin,
		.recipient = m->rcpt_count == 1 ? d->addresses[0] : NULL,
		.from = conf_route_as(route, route->from),
	};
	if (outgoing_make(&a->outgoing, &want) != OK)
		return false;
	a->transaction = (struct smtp_transaction){
		/* a report stays one, whoever sends it */
		.reverse_path =
			sender && *m->envelope.reverse_path ? sender : m->envelope.reverse_path,
		.recipients = d->addresses,
		.count = d->count,
		.asks = m->envelope.asks,
		.asks_of = d->asks_of,
		.size = outgoing_size(&a->outgoing),
		.eight_bit = m->envelope.eight_bit,
		.utf8 = a->outgoing.utf8,
		.read = outgoing_read,
		.ctx = &a->outgoing,
		.replies = d->replies,
	};
	return true;
}

static void finish(struct attempt *a)
{
	outgoing_free(&a->outgoing);
	secret_free(&a->token.token);
	a->d->down = !a->d->connected && !stack_is_up(a->lane->stack);
	outbound_finished(a);
}

static void attempt_fail_token(struct attempt *a)
{
	char why[2 * ERR_TEXT_MAX + 8];
	const struct err *err = &a->token.err;
	snprintf(why, sizeof why, *err->remedy ? "%.500s (%.400s)" : "%.500s%s", err->text,
		 err->remedy);
	attempt_fail(a, 0, "4.7.0", why);
}

void attempt_fail(struct attempt *a, int code, const char *status, const char *text)
{
	for (size_t i = 0; i < a->d->count; i++)
		smtp_reply_set(&a->d->replies[i], code, status, "%s", text);
	a->d->connected = code != 0;
	finish(a);
}

/* ---- the token of a route that logs in with one; hosts are looked for with it in hand ---- */

static void with_token(struct attempt *a)
{
	if (a->host_count)
		attempt_next_host(a); /* the same one again */
	else
		attempt_find_hosts(a);
}

static void token_came(struct token_wait *w)
{
	struct attempt *a = (struct attempt *)((char *)w - offsetof(struct attempt, token));
	a->waiting = false;
	if (a->given_up)
		attempt_fail(a, 0, "4.3.2", a->given_up);
	else if (w->result == OK)
		with_token(a);
	else
		attempt_fail_token(a);
}

static void begin(struct attempt *a)
{
	const struct conf_route *route = a->d->decision.route;
	struct gateway *g = a->lane->vendor->g;
	if (!route->oauth || route->auth == CONF_LOGIN_OFF || a->token.token) {
		with_token(a);
		return;
	}
	a->token.answer_to = stack_inbox(a->lane->stack);
	a->token.done = token_came;
	enum result r = tokens_ask(g->tokens, a->d->settings,
				   settings_oauth(a->d->settings, route->oauth), &a->token);
	a->waiting = r == E_STATE;
	if (r == OK)
		with_token(a);
	else if (r != E_STATE)
		attempt_fail_token(a);
}

/* The server is not asked: the message is returned, and the connection kept for the next one. */
static void refuse_here(struct attempt *a, const char *status, const char *why)
{
	struct kept *k = a->kept;
	a->kept = NULL;
	a->d->peer[0] = '\0'; /* they are our words, not the server's */
	kept_release(k);
	attempt_fail(a, strcmp(status, "5.3.4") == 0 ? 552 : 550, status, why);
}

/* This host does not have what the sender asked for; another may (RFC 8689 4.2.1). TLS that failed is a trouble of the moment. */
static void pass_by(struct attempt *a, const char *weak)
{
	struct kept *k = a->kept;
	a->kept = NULL;
	a->d->peer[0] = '\0';
	kept_release(k);
	if (a->reused) {
		a->reused = false;
		begin(a);
		return;
	}
	text_copy(a->why, sizeof a->why, weak);
	if (a->clear_at == a->host_at + 1)
		snprintf(a->why, sizeof a->why, "%.200s: %s; %s", a->hosts[a->host_at].name,
			 a->clear, weak);
	else
		a->weak++;
	a->host_at++;
	attempt_next_host(a);
}

/* Gives the transaction to the link; false: it cannot be used. */
static bool send_over(struct attempt *a)
{
	struct link *l = kept_link(a->kept);
	const struct conf_route *route = a->d->decision.route;
	text_copy(a->d->peer, sizeof a->d->peer, link_peer(l));
	outgoing_restart(&a->outgoing);
	if (route->max_size && a->transaction.size > route->max_size) {
		char why[128];
		snprintf(why, sizeof why, "The message has %llu bytes, the route takes %llu",
			 (unsigned long long)a->transaction.size,
			 (unsigned long long)route->max_size);
		refuse_here(a, "5.3.4", why);
		return true;
	}
	const char *weak = demands_unmet(a->d, l);
	if (weak && a->d->decision.kind == ROUTE_MX) {
		refuse_here(a, "5.7.30", weak);
		return true;
	}
	if (weak) {
		pass_by(a, weak);
		return true;
	}
	switch (link_send(l, &a->transaction)) {
	case OK:
		return true;
	case E_LIMIT:
	case E_SYNTAX: { /* the client filled the replies */
		struct kept *k = a->kept;
		a->kept = NULL;
		a->d->connected = true;
		kept_release(k);
		finish(a);
		return true;
	}
	default:
		return false;
	}
}

static void on_ready(struct attempt *a, struct kept *k)
{
	a->kept = k;
	if (!send_over(a))
		link_abort(kept_link(k), "the connection ended"); /* on_gone tries the next host */
}

/* The connection failed before the server said anything about this message. */
static bool nothing_said(const struct attempt *a)
{
	for (size_t i = 0; i < a->d->count; i++)
		if (a->d->replies[i].code)
			return false;
	return !a->transaction.sent_all;
}

/* What was sent, Received line and all, before the dots of SMTP: one hash for all recipients; and as whom, where it said a word to it. */
static void note_sent(struct attempt *a, bool said)
{
	struct delivery *d = a->d;
	char hash[DIGEST_HEX];
	d->as_sender = said ? a->transaction.reverse_path : NULL;
	d->as_from = a->outgoing.all_read ? a->outgoing.from : NULL;
	if (!outgoing_hash(&a->outgoing, hash))
		return;
	d->sent = region_alloc(d->region, d->count * sizeof *d->sent);
	for (size_t i = 0; d->sent && i < d->count; i++)
		memcpy(d->sent[i], hash, sizeof hash);
}

/* Refusals of a smart host that are about our account with it become waits, in words: nothing is bounced for them. Is the way
 * itself of no use now? */
static bool explain(struct attempt *a, const struct link *l)
{
	char words[SMTP_REPLY_TEXT], why[SMTP_REPLY_TEXT], host[256];
	bool rests = false, taken = false;
	if (a->d->decision.kind != ROUTE_SMART)
		return false;
	text_copy(host, sizeof host, link_peer(l));
	host[strcspn(host, " ")] = '\0'; /* the name alone */
	for (size_t i = 0; i < a->d->count; i++) {
		struct smtp_reply *reply = &a->d->replies[i];
		const struct refusal *r = refusal_find(reply, false);
		taken = taken || smtp_reply_is(reply, 2);
		if (!r)
			continue;
		smtp_reply_print(reply, words, sizeof words);
		refusal_format(r, host, words, why, sizeof why);
		smtp_reply_set(reply, 0, reply->status, "%s", why);
		rests = rests || !r->message;
	}
	return rests && !taken;
}

/* What the answers say of how much the server takes. True: a smart host takes nothing from anybody now. */
static bool feel(struct attempt *a)
{
	struct delivery *d = a->d;
	size_t later = 0;
	for (size_t i = 0; i < d->count; i++) {
		enum pressure p = refusal_pressure(&d->replies[i]);
		if (p == PRESSURE_MANY || p == PRESSURE_FAST)
			d->pressure = p;
		later += p == PRESSURE_LATER;
	}
	return later == d->count && d->decision.kind == ROUTE_SMART;
}

static void on_done(struct attempt *a, struct kept *k)
{
	bool said = !nothing_said(a), dead = !said && !link_idle(kept_link(k)), later = feel(a),
	     rests = explain(a, kept_link(k)) || later;
	if (a->d->pressure == PRESSURE_MANY || a->d->pressure == PRESSURE_FAST)
		rests = false; /* it serves, more slowly */
	a->kept = NULL;
	note_sent(a, said);
	a->d->maybe = a->transaction.sent_all;
	a->d->reports = a->transaction.reports;
	kept_release(k);
	if (dead && a->reused) {
		a->reused = false;
		begin(a);
		return;
	}
	a->d->connected = !rests;
	finish(a);
}

/* RFC 7435: TLS that is not demanded and fails is left out, once a host. Port 465 speaks nothing else. */
static bool falls_back(const struct attempt *a, const struct smtp_reply *reply)
{
	return !reply->code && strcmp(reply->status, LINK_TLS_FAILED) == 0 &&
	       a->d->decision.route->tls == CONF_TLS_OPPORTUNISTIC && a->host_at < a->host_count &&
	       a->hosts[a->host_at].port != SUBMISSIONS_PORT && a->clear_at != a->host_at + 1;
}

static void tell_end(struct attempt *a, const char *host, const struct link_end *end)
{
	char words[SMTP_REPLY_TEXT], more[SMTP_REPLY_TEXT];
	const struct smtp_reply *reply = &end->reply;
	enum pressure pressure = refusal_pressure(reply);
	if (pressure == PRESSURE_MANY || pressure == PRESSURE_FAST)
		a->d->pressure = pressure;
	const struct refusal *r =
		a->d->decision.kind == ROUTE_SMART ? refusal_find(reply, end->login) : NULL;
	if (!reply->code) {
		snprintf(a->why, sizeof a->why, "%.200s: %.700s", host, reply->text);
		return;
	}
	smtp_reply_print(reply, words, sizeof words);
	snprintf(more, sizeof more, "%.400s%s%.300s", words, *end->reason ? " " : "", end->reason);
	refusal_format(r, host, more, a->why, sizeof a->why);
}

/* A token may end before its time, when it is withdrawn: once in a job a new one is tried at the same host. */
static bool replaces_token(struct attempt *a, const struct smtp_reply *reply)
{
	const struct conf_route *route = a->d->decision.route;
	if (!a->token.token || !smtp_reply_is(reply, 5))
		return false;
	tokens_refused(a->lane->vendor->g->tokens, route->oauth, a->token.token);
	if (a->token_again || a->host_at >= a->host_count)
		return false;
	a->token_again = true;
	secret_free(&a->token.token);
	return true;
}

static void on_gone(struct attempt *a, const struct link_end *end)
{
	const struct smtp_reply *reply = &end->reply;
	a->kept = NULL;
	if (a->reused) {
		a->reused = false;
		begin(a);
		return;
	}
	if (end->login && replaces_token(a, reply)) {
		begin(a);
		return;
	}
	/* None is left when it was cancelled. */
	tell_end(a, a->host_at < a->host_count ? a->hosts[a->host_at].name : a->key, end);
	if (falls_back(a, reply)) {
		a->clear_at = a->host_at + 1;
		text_copy(a->clear, sizeof a->clear, reply->text);
	} else {
		a->host_at++;
	}
	attempt_next_host(a);
}

const struct kept_ops attempt_kept_ops = {on_ready, on_done, on_gone};

/* How the way to the current host is secured. */
static void set_tls(const struct attempt *a, struct link_config *config)
{
	const struct conf_route *r = a->d->decision.route;
	const struct attempt_host *h = &a->hosts[a->host_at];
	if (r->tls == CONF_TLS_NONE)
		return;
	if (a->clear_at == a->host_at + 1) {
		config->clear = a->clear;
		return;
	}
	config->first = r->tls == CONF_TLS_FIRST || h->port == SUBMISSIONS_PORT;
	config->verified = r->tls == CONF_TLS_FIRST || r->tls == CONF_TLS_VERIFIED;
	if (!config->first)
		config->starttls =
			r->tls == CONF_TLS_OPPORTUNISTIC ? SMTP_TLS_IF_OFFERED : SMTP_TLS_NEEDED;
	config->tls = (struct tls_config){
		.context = secure_route(a->d->settings, r),
		.name = r->tls_name ? r->tls_name : h->name,
		.now = clock_wall(a->lane->vendor->g->clock),
	};
}

/* Who logs in at the current host; false: nobody. */
static bool set_login(const struct attempt *a, struct login_config *login)
{
	static const enum sasl_mechanism mechanisms[] = {
		[CONF_LOGIN_AUTO] = SASL_MECHANISMS, [CONF_LOGIN_PLAIN] = SASL_PLAIN,
		[CONF_LOGIN_LOGIN] = SASL_LOGIN,     [CONF_LOGIN_SCRAM] = SASL_SCRAM,
		[CONF_LOGIN_XOAUTH2] = SASL_XOAUTH2, [CONF_LOGIN_OAUTHBEARER] = SASL_OAUTHBEARER,
	};
	const struct conf_route *r = a->d->decision.route;
	const struct attempt_host *h = &a->hosts[a->host_at];
	if (r->auth == CONF_LOGIN_OFF)
		return false;
	*login = (struct login_config){
		.identity = {.user = r->user,
			     .secret =
				     r->oauth ? a->token.token : secure_password(a->d->settings, r),
			     .host = h->name,
			     .port = h->port},
		.token = r->oauth != NULL,
		.mechanism = mechanisms[r->auth],
	};
	return true;
}

/* The log of 1993, which knows nothing of mail stores behind LMTP; NULL: not in it. */
static struct classic_log *classic_of(const struct attempt *a)
{
	return a->d->decision.route->what == CONF_LMTP ? NULL : a->lane->vendor->g->classic;
}

static void dial_connected(void *ctx, struct conn *c)
{
	struct attempt *a = ctx;
	struct net_ip ip;
	char client[64];
	unsigned port;
	const struct settings *s = a->d->settings;
	a->dial = NULL;
	bool logged = net_hostport(conn_peer(c), client, sizeof client, &port, true) == OK &&
		      net_ip_parse(client, &ip) == OK && conf_nets_match(&s->log.protocol, &ip);
	struct gateway *g = a->lane->vendor->g;
	struct link_config config = {
		.helo = a->d->decision.route->helo,
		.host = a->hosts[a->host_at].name,
		.id = a->d->active->message->id,
		.logged = logged,
		.classic = classic_of(a),
		.number = atomic_fetch_add(&g->session_count, 1) + 1,
		.lmtp = a->d->decision.route->what == CONF_LMTP,
	};
	set_tls(a, &config);
	struct login_config login;
	if (set_login(a, &login))
		config.login = &login;
	a->kept = kept_new(a->outbound_kept, a->key, c, &config, a);
	if (!a->kept)
		attempt_fail(a, 0, "4.3.0", "memory is short");
}

static void dial_failed(void *ctx, const struct dial_failure *failure)
{
	struct attempt *a = ctx;
	struct transcript talk;
	a->dial = NULL;
	transcript_begin(&talk, classic_of(a), NULL);
	transcript_say(&talk, "Connecting to smart SMTP host");
	transcript_error(&talk, "ERROR connect: (%d) %s", failure->number, failure->text);
	transcript_error(&talk, "ERROR connection to smart host failed");
	transcript_flush(&talk);
	text_copy(a->why, sizeof a->why, failure->text);
	a->host_at++;
	attempt_next_host(a);
}

static const struct dial_ops attempt_dial_ops = {dial_connected, dial_failed};

void attempt_connect(struct attempt *a, const char *const *addresses, size_t count)
{
	const struct dial_target target = {
		.host = a->hosts[a->host_at].name,
		.addresses = addresses,
		.count = count,
		.port = a->hosts[a->host_at].port,
		.source = a->d->decision.route->source,
	};
	if (dial_start(&a->dial, a->lane->stack, &target, &attempt_dial_ops, a) != OK)
		attempt_fail(a, 0, "4.4.1", "the TCP/IP of the route is down");
}

void attempt_start(struct attempt *a)
{
	if (!make_transaction(a)) {
		attempt_fail(a, 0, "4.3.0", "memory is short, or the spool cannot be read");
		return;
	}
	if (a->lane->stopping || !stack_is_up(a->lane->stack)) {
		attempt_fail(a, 0, "4.3.2",
			     a->lane->stopping ? "the gateway is stopping"
					       : "the TCP/IP of the route is down");
		return;
	}
	a->kept = kept_take(a->outbound_kept, a->key, a);
	a->reused = a->kept != NULL;
	if (!a->kept) {
		begin(a);
	} else if (!send_over(a)) {
		struct kept *k = a->kept;
		a->kept = NULL;
		a->reused = false;
		kept_release(k);
		begin(a);
	}
}

void attempt_cancel(struct attempt *a, const char *why)
{
	if (a->question)
		dns_forget(a->lane->dns, &a->question->query);
	free(a->question);
	a->question = NULL;
	dial_cancel(&a->dial);
	a->host_at = a->host_count; /* whatever fails now, no other host is tried */
	a->reused = false;
	if (a->waiting && !tokens_forget(a->lane->vendor->g->tokens, &a->token)) {
		a->given_up =
			why; /* static; the answer is on its way to this thread, and ends the job */
		return;
	}
	a->waiting = false;
	if (a->kept)
		link_abort(kept_link(a->kept), why); /* ends in on_done or on_gone */
	else
		attempt_fail(a, 0, "4.3.2", why);
}
