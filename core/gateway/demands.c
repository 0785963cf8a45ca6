/* What senders demand: see demands.h. Owns nothing. */
#include "gateway/demands.h"

#include "mail/asks.h"

static bool wants_tls(const struct delivery *d)
{
	struct mail_asks asks;
	return d->decision.kind != ROUTE_LOCAL &&
	       mail_asks_parse(d->active->message->envelope.asks, &asks) == OK && asks.require_tls;
}

const char *demands_unmet(const struct delivery *d, const struct link *l)
{
	if (!wants_tls(d))
		return NULL;
	if (d->decision.kind == ROUTE_MX)
		return "The sender asked for REQUIRETLS (RFC 8689): such mail goes to smart hosts "
		       "only, since MX records are not verified here";
	return link_keeps_tls(l)
		       ? NULL
		       : "The sender asked for REQUIRETLS (RFC 8689), and this server does "
			 "not offer it, or its route has no verified TLS";
}
