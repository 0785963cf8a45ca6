/* The decision for one recipient: see route.h. Pure but for the callback that knows the mailboxes;
 * cannot fail. */
#include "route/route.h"

#include "base/text.h"
#include "route/client.h"
#include "route/local.h"

#include <stdio.h>
#include <string.h>

/* What to tell of an address that cannot be read (RFC 6531 3.5 for what is not ASCII). */
static void refuse_unread(struct route_decision *d, enum result r, const struct err *err)
{
	text_copy(d->rule, sizeof d->rule, "address");
	if (r == E_UNSUPPORTED)
		route_refuse(d, 553, "5.6.7", "%s", err->text);
	else
		route_refuse(d, 501, "5.1.3", "%s", err->text);
}

/* "local@domain", with origin where there was no domain. */
static void complete(const struct settings *s, const struct mail_address *a,
		     struct route_decision *d)
{
	const char *domain = a->domain[0] ? a->domain : s->gateway.origin;
	snprintf(d->address, sizeof d->address, "%s@%s", a->local, domain);
	if (!a->literal && mail_domain_normalise(domain, d->domain, sizeof d->domain) == OK)
		return;
	text_copy(d->domain, sizeof d->domain, domain);
	text_lower_all(d->domain);
}

/* The spelling that patterns are held against: `"bob"@C` must not slip past bob@c. */
static const char *canonical(const char *address, char *out, size_t n)
{
	if (!address)
		return "";
	return mail_address_canonical(address, out, n) == OK ? out : address;
}

static bool route_fits(const struct conf_route *r, const struct route_from *from,
		       const char *sender, const char *recipient)
{
	if (r->listener && (!from->listener || strcmp(r->listener, from->listener) != 0))
		return false;
	return route_client_fits(&r->client, from->client) &&
	       conf_patterns_match(&r->sender, sender) && conf_patterns_match(&r->match, recipient);
}

/* Mail by MX to a literal of the machine itself would come back, or reach what trusts loopback. */
static bool leads_home(const char *domain)
{
	struct net_ip ip;
	return mail_literal_parse(domain, &ip) == OK &&
	       (net_ip_is_loopback(&ip) || net_ip_is_any(&ip));
}

static void send_by(const struct conf_route *r, struct route_decision *d)
{
	d->kind = r->mx ? ROUTE_MX : ROUTE_SMART;
	if (r->mx && leads_home(d->domain))
		route_refuse(d, 550, "5.4.6", "%s is this gateway itself", d->domain);
}

static void apply(const struct conf_route *r, struct route_decision *d)
{
	d->route = r;
	snprintf(d->rule, sizeof d->rule, "route %s", r->name);
	switch (r->what) {
	case CONF_SEND:
	case CONF_LMTP:
		send_by(r, d);
		break;
	case CONF_HOLD:
		d->kind = ROUTE_HOLD;
		snprintf(d->reason, sizeof d->reason, "held by route %s", r->name);
		break;
	case CONF_DISCARD:
		d->kind = ROUTE_DISCARD;
		snprintf(d->reason, sizeof d->reason, "discarded by route %s", r->name);
		break;
	case CONF_REJECT:
		route_refuse(d, 550, "5.7.1", "%s",
			     r->reject_text && *r->reject_text ? r->reject_text
							       : "refused by a rule here");
		break;
	}
}

bool route_fall_back(const struct settings *s, struct route_decision *d)
{
	const struct conf_route *from = d->route;
	const struct conf_route *to =
		from && from->fallback ? settings_route(s, from->fallback) : NULL;
	if (!to)
		return false;
	apply(to, d);
	snprintf(d->rule, sizeof d->rule, "route %.50s, fallback %.50s", from->name, to->name);
	return true;
}

static void decide_remote(const struct settings *s, const struct route_from *from,
			  struct route_decision *d)
{
	char to[MAIL_ADDRESS_MAX + 1], by[MAIL_ADDRESS_MAX + 1];
	const char *recipient = canonical(d->address, to, sizeof to);
	const char *sender = canonical(from->reverse_path, by, sizeof by);
	for (size_t i = 0; i < s->route_count; i++) {
		if (route_fits(&s->routes[i], from, sender, recipient)) {
			apply(&s->routes[i], d);
			return;
		}
	}
	d->kind = ROUTE_HOLD;
	text_copy(d->reason, sizeof d->reason, "no route");
	text_copy(d->rule, sizeof d->rule, "no route");
}

/* To the admin of the first postoffice that keeps mailboxes here; false: none does. */
static bool to_first_admin(const struct route_world *w, struct route_decision *d)
{
	const struct settings *s = w->settings;
	for (size_t i = 0; i < s->postoffice_count; i++) {
		if (s->postoffices[i].format == CONF_OFFICE_MAILDIR ||
		    s->postoffices[i].format == CONF_OFFICE_MMFF) {
			d->reason[0] = '\0';
			route_local_decide(w, &s->postoffices[i], "postmaster", d);
			return true;
		}
	}
	return false;
}

/*
 * "postmaster" alone always reaches somebody (RFC 5321 4.5.1): where origin is no local domain, the
 * admin of the first postoffice that keeps mailboxes here; without one, [gateway] admin.
 */
static void decide_postmaster(const struct route_world *w, const struct route_from *from,
			      struct route_decision *d)
{
	const struct settings *s = w->settings;
	struct mail_address a;
	if (to_first_admin(w, d))
		return;
	const struct conf_postoffice *p = NULL;
	if (s->gateway.admin &&
	    mail_address_parse(s->gateway.admin, strlen(s->gateway.admin), &a, NULL, NULL) == OK) {
		complete(s, &a, d);
		p = route_local_find(s, d->domain);
	}
	if (p)
		route_local_decide(w, p, a.local, d);
	else
		decide_remote(s, from, d);
}

/* The postmaster of a domain that is the gateway's own name: [gateway] admin when nothing else is set. */
static bool is_own_postmaster(const struct settings *s, const struct mail_address *a,
			      const struct route_decision *d)
{
	return !a->literal && text_same(a->local, "postmaster") &&
	       ((s->gateway.hostname && text_same(d->domain, s->gateway.hostname)) ||
		(s->gateway.origin && text_same(d->domain, s->gateway.origin)));
}

void route_decide(const struct route_world *w, const struct route_from *from,
		  const char *forward_path, struct route_decision *d)
{
	struct mail_address a;
	struct err err;
	*d = (struct route_decision){.kind = ROUTE_HOLD};
	enum result r = mail_address_parse(forward_path, strlen(forward_path), &a, NULL, &err);
	if (r != OK) {
		refuse_unread(d, r, &err);
		return;
	}
	complete(w->settings, &a, d);
	const struct conf_postoffice *p =
		a.literal ? NULL : route_local_find(w->settings, d->domain);
	if (p)
		route_local_decide(w, p, a.local, d);
	else if (!a.domain[0] && text_same(a.local, "postmaster"))
		decide_postmaster(w, from, d);
	else
		decide_remote(w->settings, from, d);
	if (d->kind == ROUTE_HOLD && !d->route && is_own_postmaster(w->settings, &a, d))
		to_first_admin(w, d);
}
