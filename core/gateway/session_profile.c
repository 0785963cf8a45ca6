/*
 * How lenient a session is: the profile of its client, and what the engine gets of it. Part of session.h. Owns nothing.
 * The end of a message is CRLF.CRLF under every profile (smtp/data.c).
 */
#include "gateway/session_internal.h"

#include "gateway/secure.h"
#include "route/client.h"

/* A profile that names the client goes before that of the listener; of several the first in the file. */
static const struct conf_profile *find(const struct session *s, bool *named)
{
	for (size_t i = 0; i < s->settings->profile_count; i++) {
		const struct conf_profile *p = &s->settings->profiles[i];
		*named = route_client_fits(&p->clients, s->client);
		if (*named)
			return p;
	}
	return settings_profile(s->settings, s->conf->profile);
}

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
	const struct conf_profile *p = s->profile = find(s, &named);
	uint64_t size = s->conf->max_size;
	s->auth_clear =
		p->auth_clear && (named || route_client_fits(&s->conf->relay_from, s->client));
	s->config = (struct smtp_server_config){
		.hostname = s->settings->gateway.hostname,
		.max_size = p->max_size && p->max_size < size ? p->max_size : size,
		.max_recipients = s->conf->max_recipients,
		.max_errors = 20,
		.newline = newline_of(named ? p->bare_newline : s->conf->bare_newline),
		.starttls = starttls_of(s->conf->tls, p),
		.secure = s->conf->tls == CONF_TLS_IMPLICIT,
		.helo_any = p->helo_any,
		.brackets_optional = p->brackets_optional,
	};
}
