/*
 * An attempt's new connection: it is dialled, and how it is secured, who logs in over it and where it is logged is made from
 * the route. See attempt.h; in the lane's thread.
 */
#include "gateway/attempt.h"

#include "base/net.h"
#include "base/text.h"
#include "gateway/secure.h"

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
	config->first = r->tls == CONF_TLS_FIRST || h->port == ATTEMPT_SUBMISSIONS;
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
		.no_chunks = a->d->no_chunks,
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
