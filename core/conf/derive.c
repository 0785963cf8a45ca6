/* Defaults that depend on other keys, on the host or on how the program was started: see load.h. */
#include "conf/load.h"
#include "base/net.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define HOST_MAX 256
#define LMTP_VENDOR "lmn"
#define LMTP_CONNECTIONS 4 /* of a postoffice */

static const char *printed(struct conf_load *l, const char *text)
{
	l->no_memory |= !text;
	return text ? text : "";
}

/* An address without a domain gets the origin's. */
static const char *whole_address(struct conf_load *l, const char *address)
{
	return address && !strchr(address, '@')
		       ? printed(l,
				 region_printf(l->region, "%s@%s", address, l->s->gateway.origin))
		       : address;
}

static void derive_hostname(struct conf_load *l, struct conf_section *sec)
{
	char name[HOST_MAX] = "";
	if (conf_load_origin(sec, "hostname")->file)
		return;
	if (l->over->hostname)
		text_copy(name, sizeof name, l->over->hostname);
	else
		l->world->hostname(name, sizeof name);
	bool good = conf_text_is_domain(name);
	conf_load_derive(l, sec, "hostname", good ? name : "localhost", "the host's name");
	conf_load_place(l, sec, NULL);
	if (!good)
		conf_load_warn(l, "set hostname in [gateway]",
			       "the host's name \"%s\" is no domain name: localhost is taken",
			       name);
}

static void derive_control(struct conf_load *l, struct conf_section *sec)
{
	const char *path, *words = "derived from spool";
	if (l->over->service) {
		const char *own = l->over->instance;
		path = printed(l, region_printf(l->region, RUNSTATEDIR "/smtpgate/%s%scontrol",
						own ? own : "", own ? "/" : ""));
		words = "default of a service";
	} else {
		path = printed(l, region_printf(l->region, "%s/control", l->s->gateway.spool));
	}
	conf_load_derive(l, sec, "control", path, words);
}

static void derive_gateway(struct conf_load *l)
{
	struct conf_gateway *g = &l->s->gateway;
	struct conf_section *sec = conf_load_find(l, CONF_KIND_GATEWAY, NULL);
	if (l->over->vendor) {
		conf_load_origin(sec, "vendor")->file = NULL;
		conf_load_derive(l, sec, "vendor", l->over->vendor, "the name of the program");
	}
	derive_hostname(l, sec);
	conf_load_derive(l, sec, "origin", g->hostname, "derived from hostname");
	if (!g->origin)
		return;
	conf_load_derive(l, sec, "admin",
			 printed(l, region_printf(l->region, "postmaster@%s", g->origin)),
			 "derived from origin");
	g->admin = whole_address(l, g->admin);
	derive_control(l, sec);
}

/* A section that is not in the file but meant by what is there. */
static void imply(struct conf_load *l, enum conf_kind_id kind, const char *name)
{
	if (!name || conf_load_find(l, kind, name))
		return;
	l->file = NULL;
	l->line = 0;
	conf_load_section(l, &conf_kinds[kind], name, true);
}

/* A key gets the value of a key of another section, where the file has none. */
static void inherit(struct conf_load *l, struct conf_section *sec, const char *key,
		    enum conf_kind_id from, const char *from_key, const char *words)
{
	const struct conf_section *parent = conf_load_find(l, from, NULL);
	const char *value = conf_load_text(l, conf_key_find(parent->kind, from_key), parent->at);
	if (value)
		conf_load_derive(l, sec, key, value, words);
}

static void inherit_newline(struct conf_load *l, struct conf_section *sec,
			    const struct conf_profile *profile)
{
	const struct conf_section *from = conf_load_find(l, CONF_KIND_PROFILE, profile->name);
	const struct conf_key *k = conf_key_find(from->kind, "bare_newline");
	const char *value = conf_load_text(l, k, from->at);
	if (value)
		conf_load_derive(l, sec, k->name, value,
				 printed(l, region_printf(l->region, "[profile %s]", from->name)));
}

static void derive_listen(struct conf_load *l, struct conf_section *sec)
{
	inherit(l, sec, "vendor", CONF_KIND_GATEWAY, "vendor", "[gateway] vendor");
	inherit(l, sec, "max_size", CONF_KIND_GATEWAY, "max_size", "[gateway] max_size");
	const struct conf_profile *profile = conf_profile_of(l, sec);
	if (profile)
		inherit_newline(l, sec, profile);
	bool submission = ((const struct conf_listen *)sec->at)->mode == CONF_MODE_SUBMISSION;
	conf_load_derive(l, sec, "auth", submission ? "required" : "off",
			 submission ? "mode is submission" : "mode is not submission");
	const char *certificate = ((const struct conf_listen *)sec->at)->certificate;
	conf_load_derive(l, sec, "tls", certificate ? "offered" : "off",
			 certificate ? "certificate is set" : "certificate is not set");
	if (certificate && *certificate == '/')
		conf_load_derive(l, sec, "key", certificate, "certificate");
}

/* The list is shared with the queue's, however long it is. */
static void derive_retry(struct conf_load *l, struct conf_section *sec)
{
	const struct conf_section *queue = conf_load_find(l, CONF_KIND_QUEUE, NULL);
	struct conf_origin *o = conf_load_origin(sec, "retry");
	struct conf_route *route = sec->at;
	o->standard = conf_load_text(l, conf_key_find(queue->kind, "retry"), queue->at);
	if (o->file)
		return;
	route->retry = l->s->queue.retry;
	o->words = "[queue] retry";
}

/* What a provider's servers put up with; product.md's presets of a route. */
static void derive_preset(struct conf_load *l, struct conf_section *sec,
			  const struct conf_section *from)
{
	const struct conf_oauth *o = from->at;
	const char *words =
		o->provider == CONF_OAUTH_GOOGLE ? "preset of google" : "preset of microsoft";
	if (o->user)
		conf_load_derive(l, sec, "user", o->user, "[oauth] user");
	if (o->provider == CONF_OAUTH_CUSTOM)
		return;
	conf_load_derive(l, sec, "smart_host",
			 o->provider == CONF_OAUTH_GOOGLE ? "smtp.gmail.com:587"
							  : "smtp.office365.com:587",
			 words);
	conf_load_derive(l, sec, "max_connections", "3", words);
	conf_load_derive(l, sec, "rate", "30/1m", words);
	const struct conf_route *route = sec->at;
	if (!route->user || !strchr(route->user, '@'))
		return;
	conf_load_derive(l, sec, "from", CONF_ACCOUNT, words);
	conf_load_derive(l, sec, "sender_as", CONF_ACCOUNT, words);
}

/* A password goes over nothing less than verified TLS, unless the operator says so. */
static void derive_login(struct conf_load *l, struct conf_section *sec)
{
	const struct conf_route *route = sec->at;
	const struct conf_section *from =
		route->oauth ? conf_load_find(l, CONF_KIND_OAUTH, route->oauth) : NULL;
	conf_load_derive(l, sec, "user", "none", "default");
	conf_load_derive(l, sec, "from", "keep", "default");
	conf_load_derive(l, sec, "sender_as", "keep", "default");
	if (from)
		derive_preset(l, sec, from);
	bool known = route->oauth || route->user;
	conf_load_derive(l, sec, "auth", known ? "auto" : "off",
			 route->oauth  ? "oauth is set"
			 : route->user ? "user is set"
				       : "user is not set");
	bool on = route->auth != CONF_LOGIN_OFF;
	conf_load_derive(l, sec, "tls", on ? "verified" : "opportunistic",
			 on ? "auth is on" : "default");
}

static const char *whole_as(struct conf_load *l, const char *as)
{
	return as && text_same(as, CONF_ACCOUNT) ? as : whole_address(l, as);
}

/* The addresses of people that it names. */
static void derive_people(struct conf_load *l, struct conf_section *sec)
{
	struct conf_route *route = sec->at;
	route->from = whole_as(l, route->from);
	route->sender_as = whole_as(l, route->sender_as);
	route->bounce_to = whole_address(l, route->bounce_to);
}

bool conf_route_has_file(const struct conf_route *r)
{
	for (size_t i = 0; i < r->smart_hosts.count; i++)
		if (net_is_file(r->smart_hosts.items[i]))
			return true;
	return false;
}

static void derive_route(struct conf_load *l, struct conf_section *sec)
{
	derive_login(l, sec);
	derive_people(l, sec);
	if (conf_route_has_file(sec->at)) /* of this machine, whatever TCP/IP the gateway has */
		conf_load_derive(l, sec, "vendor", LMTP_VENDOR,
				 "smart_host is a file of this machine");
	else
		inherit(l, sec, "vendor", CONF_KIND_GATEWAY, "vendor", "[gateway] vendor");
	inherit(l, sec, "helo", CONF_KIND_GATEWAY, "hostname", "[gateway] hostname");
	inherit(l, sec, "lifetime", CONF_KIND_QUEUE, "lifetime", "[queue] lifetime");
	inherit(l, sec, "warn_after", CONF_KIND_QUEUE, "warn_after", "[queue] warn_after");
	derive_retry(l, sec);
}

/* A postoffice by LMTP has a way to its server that nobody wrote: on this machine or near, by the host's own TCP/IP. */
static void derive_lmtp(struct conf_load *l, struct conf_section *sec)
{
	struct conf_postoffice *p = sec->at;
	const struct conf_queue *queue = &l->s->queue;
	if (p->format != CONF_OFFICE_LMTP || !p->lmtp)
		return;
	p->way = conf_load_alloc(l, sizeof *p->way);
	const char **hosts = conf_load_alloc(l, sizeof *hosts);
	if (!p->way || !hosts)
		return;
	hosts[0] = p->lmtp;
	*p->way = (struct conf_route){
		.name = printed(l, region_printf(l->region, "postoffice %s", p->name)),
		.what = CONF_LMTP,
		.smart_hosts = {hosts, 1},
		.vendor = LMTP_VENDOR,
		.helo = l->s->gateway.hostname,
		.max_connections = LMTP_CONNECTIONS,
		.retry = queue->retry,
		.lifetime = queue->lifetime,
		.warn_after = queue->warn_after,
	};
	imply(l, CONF_KIND_VENDOR, LMTP_VENDOR);
}

static void derive_notify(struct conf_load *l)
{
	struct conf_section *sec = conf_load_find(l, CONF_KIND_NOTIFY, NULL);
	struct conf_notify *n = &l->s->notify;
	if (l->s->gateway.admin)
		conf_load_derive(l, sec, "to", l->s->gateway.admin, "[gateway] admin");
	n->to = whole_address(l, n->to);
	conf_load_derive(l, sec, "heartbeat_to", n->to ? n->to : "none", "to");
	n->heartbeat_to = whole_address(l, n->heartbeat_to);
}

static void derive_pickup(struct conf_load *l, struct conf_section *sec)
{
	struct conf_pickup *p = sec->at;
	inherit(l, sec, "max_size", CONF_KIND_GATEWAY, "max_size", "[gateway] max_size");
	if (p->path)
		conf_load_derive(l, sec, "archive",
				 printed(l, region_printf(l->region, "%s/archive", p->path)),
				 "derived from path");
	p->sender = whole_address(l, p->sender);
	p->recipient = whole_address(l, p->recipient);
}

static void derive_urls(struct conf_load *l, struct conf_section *sec, const struct conf_oauth *o)
{
	const char *tenant = o->tenant ? o->tenant : "organizations";
	static const char base[] = "https://login.microsoftonline.com";
	const char *words = "preset of microsoft";
	const char *token =
		printed(l, region_printf(l->region, "%s/%s/oauth2/v2.0/token", base, tenant));
	const char *device =
		printed(l, region_printf(l->region, "%s/%s/oauth2/v2.0/devicecode", base, tenant));
	if (o->provider == CONF_OAUTH_GOOGLE) {
		words = "preset of google";
		token = "https://oauth2.googleapis.com/token";
		device = "https://oauth2.googleapis.com/device/code";
	}
	conf_load_derive(l, sec, "token_url", token, words);
	conf_load_derive(l, sec, "device_url", device, words);
}

static void derive_oauth(struct conf_load *l, struct conf_section *sec)
{
	const struct conf_oauth *o = sec->at;
	bool google = o->provider == CONF_OAUTH_GOOGLE;
	conf_load_derive(l, sec, "flow", google ? "refresh" : "device",
			 google ? "preset of google" : "default");
	conf_load_derive(l, sec, "token_file",
			 printed(l, region_printf(l->region, LOCALSTATEDIR "/lib/smtpgate/oauth/%s",
						  sec->name)),
			 "the section's name");
	if (o->provider == CONF_OAUTH_CUSTOM)
		return;
	derive_urls(l, sec, o);
	conf_load_derive(l, sec, "scope",
			 google                         ? "https://mail.google.com/"
			 : o->flow == CONF_OAUTH_CLIENT ? "https://outlook.office365.com/.default"
							: "https://outlook.office.com/SMTP.Send "
							  "offline_access",
			 google ? "preset of google" : "preset of microsoft");
}

static void derive_vendor(struct conf_load *l, struct conf_section *sec)
{
	bool own = l->s->gateway.vendor && text_same(sec->name, l->s->gateway.vendor);
	conf_load_derive(l, sec, "plugin", sec->name, "the section's name");
	conf_load_derive(l, sec, "required", own ? "yes" : "no",
			 own ? "the vendor of [gateway]" : "not the vendor of [gateway]");
}

static const char *vendor_of(const struct conf_section *sec)
{
	switch (sec->kind->id) {
	case CONF_KIND_GATEWAY:
		return ((const struct conf_gateway *)sec->at)->vendor;
	case CONF_KIND_LISTEN:
		return ((const struct conf_listen *)sec->at)->vendor;
	case CONF_KIND_ROUTE:
		return ((const struct conf_route *)sec->at)->vendor;
	default:
		return NULL;
	}
}

static bool has_kind(const struct conf_load *l, enum conf_kind_id kind)
{
	for (const struct conf_section *sec = l->sections; sec; sec = sec->next)
		if (sec->kind->id == kind)
			return true;
	return false;
}

void conf_derive(struct conf_load *l)
{
	derive_gateway(l);
	derive_notify(l);
	if (!has_kind(l, CONF_KIND_LISTEN))
		imply(l, CONF_KIND_LISTEN, "default");
	conf_profiles_derive(l);
	for (struct conf_section *sec = l->sections; sec && !l->no_memory; sec = sec->next) {
		if (sec->kind->id == CONF_KIND_LISTEN)
			derive_listen(l, sec);
		else if (sec->kind->id == CONF_KIND_ROUTE)
			derive_route(l, sec);
		else if (sec->kind->id == CONF_KIND_PICKUP)
			derive_pickup(l, sec);
		else if (sec->kind->id == CONF_KIND_OAUTH)
			derive_oauth(l, sec);
		else if (sec->kind->id == CONF_KIND_POSTOFFICE) {
			derive_lmtp(l, sec);
			conf_office_derive(l, sec);
		}
		imply(l, CONF_KIND_VENDOR, vendor_of(sec));
	}
	for (struct conf_section *sec = l->sections; sec && !l->no_memory; sec = sec->next)
		if (sec->kind->id == CONF_KIND_VENDOR)
			derive_vendor(l, sec);
}
