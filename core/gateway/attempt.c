/* The way of one group to a server: see attempt.h and outbound.h. In the lane's thread. */
#include "gateway/attempt.h"

#include "auth/secret.h"
#include "base/text.h"
#include "gateway/demands.h"
#include "gateway/refusal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	for (size_t i = a->from; i < a->d->count; i++)
		smtp_reply_set(&a->d->replies[i], code, status, "%s", text);
	a->d->connected = code != 0 || a->from;
	finish(a);
}

/* ---- a server may take fewer recipients at a time: what has its answer is done, the rest follows (RFC 9422) ---- */

static void set_portion(struct attempt *a, const struct link *l)
{
	struct smtp_transaction *t = &a->transaction;
	const struct delivery *d = a->d;
	t->recipients = d->addresses + a->from;
	t->asks_of = d->asks_of + a->from;
	t->replies = d->replies + a->from;
	t->count = smtp_limits_portion(link_limits(l), t->recipients, d->count - a->from);
}

/* Those behind this portion get what its last recipient got. */
static void answer_rest(struct attempt *a)
{
	const struct smtp_transaction *t = &a->transaction;
	for (size_t i = a->from + t->count; i < a->d->count; i++)
		a->d->replies[i] = t->replies[t->count - 1];
}

/* They were not asked for: they wait. */
static void postpone_rest(struct attempt *a)
{
	const struct smtp_transaction *t = &a->transaction;
	char words[SMTP_REPLY_TEXT];
	if (a->from + t->count == a->d->count)
		return;
	smtp_reply_print(&t->replies[t->count - 1], words, sizeof words);
	for (size_t i = a->from + t->count; i < a->d->count; i++)
		smtp_reply_set(&a->d->replies[i], 0, "",
			       "not sent yet: the server takes %zu recipients at a time, and "
			       "said before: %.500s",
			       t->count, words);
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
	set_portion(a, l);
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
		answer_rest(a);
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
	for (size_t i = 0; i < a->transaction.count; i++)
		if (a->transaction.replies[i].code)
			return false;
	return !a->transaction.sent_all;
}

/* What was sent, Received line and all, before the dots of SMTP: one hash for all recipients; and as whom, where it said a word to it. */
static void note_sent(struct attempt *a, bool said)
{
	struct delivery *d = a->d;
	char hash[DIGEST_HEX];
	if (said) {
		d->as_sender = a->transaction.reverse_path;
		d->as_from = a->outgoing.all_read ? a->outgoing.from : NULL;
	}
	if (d->sent || !outgoing_hash(&a->outgoing, hash))
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
	for (size_t i = 0; i < a->transaction.count; i++) {
		struct smtp_reply *reply = &a->transaction.replies[i];
		const struct refusal *r = refusal_find(reply, false);
		taken = taken || smtp_reply_is(reply, 2);
		if (!r)
			continue;
		smtp_reply_print(reply, words, sizeof words);
		refusal_format(r, a->d->decision.route->user, host, words, why, sizeof why);
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
	const struct smtp_transaction *t = &a->transaction;
	for (size_t i = 0; i < t->count; i++) {
		enum pressure p = refusal_pressure(&t->replies[i]);
		if (p == PRESSURE_MANY || p == PRESSURE_FAST)
			d->pressure = p;
		later += p == PRESSURE_LATER;
	}
	return later == t->count && d->decision.kind == ROUTE_SMART;
}

/* The next portion, over the same connection when the server takes one more there. */
static void go_on(struct attempt *a, struct kept *k)
{
	a->from += a->transaction.count;
	a->reused = !link_spent(kept_link(k));
	if (a->reused) {
		a->kept = k;
		if (send_over(a))
			return;
		a->kept = NULL;
		a->reused = false;
	}
	kept_release(k);
	begin(a);
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
	if (a->from + a->transaction.count < a->d->count && !rests && link_idle(kept_link(k))) {
		go_on(a, k);
		return;
	}
	kept_release(k);
	if (a->transaction.no_chunks &&
	    !a->d->no_chunks) { /* nothing was sent yet: the same by DATA */
		a->d->no_chunks = true;
		a->reused = false;
		LOG(LOG_WARN, a->d->active->message->id, "link", "by_data", F_S("peer", a->d->peer),
		    F_S("reason", "it offers CHUNKING and does not take BDAT"));
		begin(a);
		return;
	}
	if (dead && a->reused) {
		a->reused = false;
		begin(a);
		return;
	}
	postpone_rest(a);
	a->d->connected = !rests;
	finish(a);
}

/* RFC 7435: TLS that is not demanded and fails is left out, once a host. Port 465 speaks nothing else. */
static bool falls_back(const struct attempt *a, const struct smtp_reply *reply)
{
	return !reply->code && strcmp(reply->status, LINK_TLS_FAILED) == 0 &&
	       a->d->decision.route->tls == CONF_TLS_OPPORTUNISTIC && a->host_at < a->host_count &&
	       a->hosts[a->host_at].port != ATTEMPT_SUBMISSIONS && a->clear_at != a->host_at + 1;
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
	refusal_format(r, a->d->decision.route->user, host, more, a->why, sizeof a->why);
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
