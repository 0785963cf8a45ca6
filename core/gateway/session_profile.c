/*
 * How lenient a session is: the profile of its client, what the engine gets of it, and what was refused by it. Part of session.h.
 * Owns nothing.
 * The end of a message is CRLF.CRLF under every profile (smtp/data.c).
 */
#include "gateway/session_internal.h"

#include "gateway/refused.h"
#include "gateway/secure.h"
#include "route/client.h"

static enum smtp_newline newline_of(enum conf_newline n)
{
	return n == CONF_NEWLINE_REJECT      ? SMTP_NEWLINE_REJECT
	       : n == CONF_NEWLINE_NORMALISE ? SMTP_NEWLINE_NORMALISE
					     : SMTP_NEWLINE_NOTE;
}

/* Clients that must not see STARTTLS are not asked for it: who names them in a profile lets them in as they are. */
static enum smtp_starttls starttls_of(enum conf_tls tls, const struct conf_profile *p)
{
	if (tls == CONF_TLS_OFF || tls == CONF_TLS_IMPLICIT)
		return SMTP_STARTTLS_OFF;
	if (!p->tls_offer)
		return SMTP_STARTTLS_HIDDEN;
	return tls == CONF_TLS_REQUIRED ? SMTP_STARTTLS_REQUIRED : SMTP_STARTTLS_OFFERED;
}

void session_profile_set(struct session *s)
{
	bool named;
	const struct conf_profile *p = s->profile =
		route_client_profile(s->settings, s->conf, s->client, &named);
	uint64_t size = s->conf->max_size;
	s->auth_clear =
		p->auth_clear && (named || route_client_fits(&s->conf->relay_from, s->client));
	s->config = (struct smtp_server_config){
		.hostname = s->settings->gateway.hostname,
		.max_size = p->max_size && p->max_size < size ? p->max_size : size,
		.max_recipients = s->conf->max_recipients,
		.max_errors = 20,
		.lmtp = s->conf->mode == CONF_MODE_LMTP,
		.newline = newline_of(named ? p->bare_newline : s->conf->bare_newline),
		.starttls = starttls_of(s->conf->tls, p),
		.secure = s->conf->tls == CONF_TLS_IMPLICIT,
		.helo_any = p->helo_any,
		.brackets_optional = p->brackets_optional,
	};
}

void session_refused(struct session *s, enum refused_rule rule, const char *reason)
{
	struct gateway *g = s->lane->vendor->g;
	atomic_fetch_add(&s->in->refused, 1);
	refused_note(g->refused, s->client, s->in->name, rule, reason, clock_wall(g->clock));
}

static void on_refused(void *ctx, enum smtp_rule rule, const struct smtp_reply *reply)
{
	static const enum refused_rule rules[] = {
		[SMTP_RULE_HELO] = REFUSED_HELO,
		[SMTP_RULE_BRACKETS] = REFUSED_BRACKETS,
		[SMTP_RULE_NEWLINE] = REFUSED_NEWLINE,
		[SMTP_RULE_SIZE] = REFUSED_SIZE,
		[SMTP_RULE_RECIPIENTS] = REFUSED_RECIPIENTS,
		[SMTP_RULE_STARTTLS] = REFUSED_STARTTLS,
		[SMTP_RULE_LOGIN] = REFUSED_NO_LOGIN,
		[SMTP_RULE_CLEAR] = REFUSED_CLEAR,
	};
	session_refused(ctx, rules[rule], reply->text);
}

void session_profile_ops(struct smtp_server_ops *ops)
{
	ops->on_refused = on_refused;
}
