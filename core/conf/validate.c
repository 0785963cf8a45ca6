/* Faults between keys and between sections: see load.h. Adds faults, changes nothing. */
#include "conf/load.h"
#include "base/net.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#define FALLBACKS 100 /* a longer chain is taken for a circle */

typedef void check_fn(struct conf_load *l, const struct conf_section *sec);

static void each(struct conf_load *l, enum conf_kind_id kind, check_fn *check)
{
	for (const struct conf_section *sec = l->sections; sec; sec = sec->next)
		if (sec->kind->id == kind)
			check(l, sec);
}

/* The next section of the same kind, or NULL. */
static const struct conf_section *next_alike(const struct conf_section *sec)
{
	enum conf_kind_id kind = sec->kind->id;
	do
		sec = sec->next;
	while (sec && sec->kind->id != kind);
	return sec;
}

static void check_needed(struct conf_load *l)
{
	for (const struct conf_section *sec = l->sections; sec; sec = sec->next) {
		for (const struct conf_key *k = sec->kind->keys; k->name; k++) {
			const struct conf_origin *o = conf_load_origin(sec, k->name);
			if (!(k->flags & KEY_NEEDED) || o->file ||
			    (o->standard && sec->kind->id == CONF_KIND_POSTOFFICE))
				continue;
			conf_load_place(l, sec, NULL);
			conf_load_error(l, NULL, "[%s %s] needs the key %s", sec->kind->word,
					sec->name, k->name);
		}
	}
}

static void check_gateway(struct conf_load *l, const struct conf_section *sec)
{
	const struct conf_gateway *g = sec->at;
	const size_t most = sizeof((struct sockaddr_un *)NULL)->sun_path - 1;
	if (g->hostname && !strchr(g->hostname, '.')) {
		conf_load_place(l, sec, "hostname");
		conf_load_warn(l, "set hostname in [gateway] to the full name",
			       "hostname: \"%s\" has no dot", g->hostname);
	}
	if (g->control && strlen(g->control) > most) {
		conf_load_place(l, sec, "control");
		conf_load_error(l, "set control in [gateway] to a shorter one",
				"control: the path of a socket has at most %zu bytes, this one %zu",
				most, strlen(g->control));
	}
}

static void check_queue(struct conf_load *l, const struct conf_section *sec)
{
	const struct conf_queue *q = sec->at;
	if (q->disk_min_urgent > q->disk_min) {
		conf_load_place(l, sec, "disk_min_urgent");
		conf_load_warn(l, NULL, "disk_min_urgent is above disk_min");
	}
	if (q->warn_after >= q->lifetime) {
		conf_load_place(l, sec, "warn_after");
		conf_load_warn(l, NULL,
			       "warn_after is not below lifetime: no delay is ever reported");
	}
}

/* ---- listeners ---- */

static bool same_address(const char *a, const char *b)
{
	char host_a[256], host_b[256];
	unsigned port_a, port_b;
	struct net_ip ip_a, ip_b;
	if (text_same(a, b))
		return true;
	return net_hostport(a, host_a, sizeof host_a, &port_a, false) == OK &&
	       net_hostport(b, host_b, sizeof host_b, &port_b, false) == OK && port_a == port_b &&
	       net_ip_parse(host_a, &ip_a) == OK && net_ip_parse(host_b, &ip_b) == OK &&
	       net_ip_equal(&ip_a, &ip_b);
}

/* Compares address i of one listener with those behind it, there and in later listeners. */
static void check_address(struct conf_load *l, const struct conf_section *sec, size_t i)
{
	const struct conf_listen *a = sec->at;
	for (const struct conf_section *other = sec; other; other = next_alike(other)) {
		const struct conf_listen *b = other->at;
		if (!a->vendor || !b->vendor || !text_same(a->vendor, b->vendor))
			continue;
		for (size_t k = other == sec ? i + 1 : 0; k < b->addresses.count; k++) {
			if (!same_address(a->addresses.items[i], b->addresses.items[k]))
				continue;
			conf_load_place(l, other, "address");
			conf_load_error(l, NULL,
					"address: %s of [listen %s] is in [listen %s] already",
					b->addresses.items[k], b->name, a->name);
		}
	}
}

/* Is there a client that may log in without TLS? */
static bool takes_clear(const struct conf_load *l, const struct conf_listen *listen)
{
	for (const struct conf_section *sec = l->sections; sec; sec = sec->next) {
		const struct conf_profile *p = sec->at;
		if (sec->kind->id == CONF_KIND_PROFILE && p->auth_clear &&
		    (p->clients.count || text_same(p->name, listen->profile)))
			return true;
	}
	return false;
}

/* RFC 2033 section 5. */
static void check_lmtp_port(struct conf_load *l, const struct conf_section *sec)
{
	const struct conf_listen *listen = sec->at;
	conf_load_place(l, sec, "address");
	for (size_t i = 0; i < listen->addresses.count; i++)
		if (listen->mode == CONF_MODE_LMTP && text_ends(listen->addresses.items[i], ":25"))
			conf_load_error(l, "give it another port, mostly 24",
					"address of [listen %s]: LMTP is not spoken on port 25",
					listen->name);
}

static void check_tls(struct conf_load *l, const struct conf_section *sec)
{
	const struct conf_listen *listen = sec->at;
	bool own = listen->certificate && strcmp(listen->certificate, "auto") == 0;
	if (listen->tls != CONF_TLS_OFF && !listen->certificate) {
		conf_load_place(l, sec, "tls");
		conf_load_error(l, "set certificate to a PEM file, or to auto",
				"tls: [listen %s] has no certificate", listen->name);
	}
	if (listen->auth != CONF_AUTH_OFF && listen->tls == CONF_TLS_OFF &&
	    !takes_clear(l, listen)) {
		conf_load_place(l, sec, "auth");
		conf_load_error(l,
				"set tls = required and certificate, or auth_clear in the profile "
				"of old clients",
				"auth: [listen %s] has no TLS, and no password is taken in the "
				"clear",
				listen->name);
	}
	check_lmtp_port(l, sec);
	if (listen->mode == CONF_MODE_SUBMISSION && listen->auth != CONF_AUTH_REQUIRED) {
		conf_load_place(l, sec, "auth");
		conf_load_error(l, "take auth away, or set mode = smtp",
				"auth: [listen %s] has mode = submission, which demands a login",
				listen->name);
	}
	if (listen->key && (!listen->certificate || own)) {
		conf_load_place(l, sec, "key");
		conf_load_error(l, own ? "take it away" : "set certificate to the file it is for",
				"key: [listen %s] has no certificate of a file", listen->name);
	}
}

/* A listener that wants STARTTLS of clients that must not see it takes nothing from anybody. */
static void check_profile(struct conf_load *l, const struct conf_section *sec)
{
	const struct conf_listen *listen = sec->at;
	const struct conf_section *p = conf_load_find(l, CONF_KIND_PROFILE, listen->profile);
	if (!p || listen->tls != CONF_TLS_REQUIRED ||
	    ((const struct conf_profile *)p->at)->tls_offer)
		return;
	conf_load_place(l, sec, "tls");
	conf_load_error(l, "set tls = offered, or tls_offer = yes in the profile",
			"tls: [listen %s] requires STARTTLS, and [profile %s] does not show it",
			listen->name, p->name);
}

static void check_proxies(struct conf_load *l, const struct conf_section *sec)
{
	const struct conf_listen *listen = sec->at;
	conf_load_place(l, sec, "proxy_from");
	for (size_t i = 0; i < listen->proxy_from.count; i++)
		if (listen->proxy_from.blocks[i].bits == 0)
			conf_load_warn(l, "name the addresses of your proxies alone",
				       "proxy_from: whoever reaches [listen %s] may say that he "
				       "is any client",
				       listen->name);
}

static void check_listen(struct conf_load *l, const struct conf_section *sec)
{
	const struct conf_listen *listen = sec->at;
	conf_load_place(l, sec, NULL);
	if (text_same(listen->name, "any"))
		conf_load_error(l, NULL,
				"[listen any]: the name is taken by `listener = any` of routes");
	if (listen->max_size > l->s->gateway.max_size) {
		conf_load_place(l, sec, "max_size");
		conf_load_error(l, "raise max_size in [gateway]",
				"max_size of [listen %s] is above that of [gateway]", listen->name);
	}
	check_tls(l, sec);
	check_profile(l, sec);
	check_proxies(l, sec);
	for (size_t i = 0; i < listen->addresses.count; i++)
		check_address(l, sec, i);
}

/* ---- routes ---- */

static void check_listener(struct conf_load *l, const struct conf_section *sec)
{
	const struct conf_route *r = sec->at;
	const char *words[2] = {NULL, NULL}, *remedy = NULL;
	if (!r->listener || conf_load_find(l, CONF_KIND_LISTEN, r->listener) ||
	    conf_load_find(l, CONF_KIND_PICKUP, r->listener))
		return;
	for (const struct conf_section *s = l->sections; s && !remedy; s = s->next) {
		words[0] = s->name;
		if (s->kind->id == CONF_KIND_LISTEN || s->kind->id == CONF_KIND_PICKUP)
			remedy = conf_fault_meant(&l->faults, r->listener, words);
	}
	conf_load_place(l, sec, "listener");
	conf_load_error(l, remedy, "listener: there is no [listen %s] and no [pickup %s]",
			r->listener, r->listener);
}

static bool is_set(const struct conf_section *sec, const char *key)
{
	return conf_load_origin(sec, key)->file != NULL;
}

/* Does it take all mail that reaches it? */
static bool takes_all(const struct conf_route *r)
{
	bool nets = r->client.count && !r->client.blocks[0].bits;
	return r->match.count && r->match.items[0].kind == CONF_PATTERN_ALL &&
	       !r->match.items[0].not &&r->sender.count &&
	       r->sender.items[0].kind == CONF_PATTERN_ALL && !r->sender.items[0].not &&nets &&
	       !r->listener;
}

/* RFC 2033 section 5: never on port 25, and it has no other of its own. */
static void check_lmtp(struct conf_load *l, const struct conf_section *sec)
{
	const struct conf_route *r = sec->at;
	conf_load_place(l, sec, is_set(sec, "smart_host") ? "smart_host" : "do");
	if (r->mx)
		conf_load_error(l, "set smart_host = HOST:24",
				"do = lmtp of [route %s] needs a smart_host", r->name);
	for (size_t i = 0; i < r->smart_hosts.count; i++)
		if (!net_is_file(r->smart_hosts.items[i]) &&
		    text_ends(r->smart_hosts.items[i], ":25"))
			conf_load_error(l, "set its port, mostly 24",
					"smart_host of [route %s]: LMTP is not spoken on port 25",
					r->name);
}

/* A socket with a file is reached by the host's own sockets, and what listens there is a mail store. */
static void check_files(struct conf_load *l, const struct conf_section *sec)
{
	const struct conf_route *r = sec->at;
	const struct conf_section *vendor = conf_load_find(l, CONF_KIND_VENDOR, r->vendor);
	if (!conf_route_has_file(r))
		return;
	conf_load_place(l, sec, "smart_host");
	if (r->what != CONF_LMTP)
		conf_load_error(l, "set do = lmtp", "smart_host of [route %s]: unix: is for LMTP",
				r->name);
	conf_load_place(l, sec, "vendor");
	if (vendor && !text_same(((const struct conf_vendor *)vendor->at)->plugin, "lmn"))
		conf_load_error(l, "set vendor = lmn",
				"vendor of [route %s]: %s has no sockets of this machine (unix:)",
				r->name, r->vendor);
}

/* There is one, and it does not come back to where it began. */
static void check_fallback(struct conf_load *l, const struct conf_section *sec)
{
	const struct conf_route *first = sec->at, *r = first;
	conf_load_place(l, sec, "fallback");
	for (size_t steps = 0; r->fallback; steps++) {
		const struct conf_section *next = conf_load_find(l, CONF_KIND_ROUTE, r->fallback);
		if (!next && r == first)
			conf_load_error(l, NULL, "fallback: there is no [route %s]", r->fallback);
		if (!next)
			return;
		r = next->at;
		if (r != first && steps < FALLBACKS)
			continue;
		conf_load_error(l, "let the last one have none",
				"fallback of [route %s] leads back to it", first->name);
		return;
	}
}

/* Is it reached whatever stands before it? */
static bool is_fallback(const struct conf_load *l, const struct conf_section *sec)
{
	for (const struct conf_section *s = l->sections; s; s = s->next) {
		const struct conf_route *r = s->at;
		if (s->kind->id == CONF_KIND_ROUTE && r->fallback &&
		    text_same(r->fallback, sec->name))
			return true;
	}
	return false;
}

static void check_route(struct conf_load *l, const struct conf_section *sec)
{
	const struct conf_route *r = sec->at;
	const struct conf_section *next = next_alike(sec);
	check_listener(l, sec);
	check_fallback(l, sec);
	conf_validate_login(l, sec);
	conf_load_place(l, sec, NULL);
	if (r->what == CONF_SEND && r->mx && !is_set(sec, "smart_host") && takes_all(r) &&
	    !is_set(sec, "match"))
		conf_load_warn(l, "say so with match = * and smart_host = mx, or name a smart_host",
			       "[route %s] sends all mail by MX", r->name);
	while (next && is_fallback(l, next))
		next = next_alike(next);
	if (takes_all(r) && next)
		conf_load_warn(l, "put it last",
			       "[route %s] takes everything: [route %s] behind it is never reached",
			       r->name, next->name);
	if (r->tls_pin && r->tls != CONF_TLS_VERIFIED && r->tls != CONF_TLS_FIRST) {
		conf_load_place(l, sec, "tls_pin");
		conf_load_error(l, "set tls = verified, or implicit",
				"tls_pin of [route %s] needs a tls that verifies", r->name);
	}
	check_files(l, sec);
	if (r->what == CONF_LMTP)
		check_lmtp(l, sec);
	if (r->what != CONF_SEND && r->what != CONF_LMTP && is_set(sec, "smart_host")) {
		conf_load_place(l, sec, "smart_host");
		conf_load_warn(l, NULL, "smart_host of [route %s] is not used: do is not send",
			       r->name);
	}
	if (r->warn_after >= r->lifetime &&
	    (is_set(sec, "warn_after") || is_set(sec, "lifetime"))) {
		conf_load_place(l, sec, is_set(sec, "warn_after") ? "warn_after" : "lifetime");
		conf_load_warn(
			l, NULL,
			"warn_after of [route %s] is not below lifetime: no delay is ever reported",
			r->name);
	}
}

/* ---- postoffices ---- */

static void check_domain(struct conf_load *l, const struct conf_section *sec, size_t i)
{
	const struct conf_postoffice *a = sec->at;
	for (const struct conf_section *other = sec; other; other = next_alike(other)) {
		const struct conf_postoffice *b = other->at;
		for (size_t k = other == sec ? i + 1 : 0; k < b->domains.count; k++) {
			if (!text_same(a->domains.items[i], b->domains.items[k]))
				continue;
			conf_load_place(l, other, "domain");
			conf_load_error(
				l, NULL,
				"domain: %s of [postoffice %s] is in [postoffice %s] already",
				b->domains.items[k], b->name, a->name);
		}
	}
}

/* Has it another value than its default? */
static bool differs(struct conf_load *l, const struct conf_section *sec, const char *key)
{
	const struct conf_origin *o = conf_load_origin(sec, key);
	const char *value = conf_load_text(l, conf_key_find(sec->kind, key), sec->at);
	return o->file && (!o->standard || !value || strcmp(value, o->standard) != 0);
}

/* What each format needs, and what has no meaning with it. */
static void check_format(struct conf_load *l, const struct conf_section *sec)
{
	static const char *const keys[] = {"mailboxes", "admin",    "get", "classic_log",
					   "tables",    "receipts", "path"};
	static const char *const native[] = {"put", "received", "map", "local", "names"};
	const struct conf_postoffice *p = sec->at;
	const char *format = p->format == CONF_OFFICE_LMTP ? "lmtp" : "drop";
	conf_load_place(l, sec, is_set(sec, "format") ? "format" : NULL);
	if (p->format != CONF_OFFICE_LMTP && !p->path)
		conf_load_error(l, NULL, "[postoffice %s] needs the key path", p->name);
	if (p->format != CONF_OFFICE_LMTP && differs(l, sec, "lmtp")) {
		conf_load_place(l, sec, "lmtp");
		conf_load_error(l, "set format = lmtp",
				"lmtp of [postoffice %s] is not used: its format is not lmtp",
				p->name);
	}
	for (size_t i = 0; i < sizeof native / sizeof *native; i++) {
		if (p->format == CONF_OFFICE_MMFF || !differs(l, sec, native[i]))
			continue;
		conf_load_place(l, sec, native[i]);
		conf_load_error(l, "set format = mmff",
				"%s of [postoffice %s] is not used: its format is not mmff",
				native[i], p->name);
	}
	if (p->format == CONF_OFFICE_MAILDIR || p->format == CONF_OFFICE_MMFF)
		return;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		bool fits = strcmp(keys[i], "path") == 0 && p->format == CONF_OFFICE_DROP;
		if (fits || !differs(l, sec, keys[i]))
			continue;
		conf_load_place(l, sec, keys[i]);
		conf_load_error(l, "take the line away",
				"%s of [postoffice %s]: format = %s has none", keys[i], p->name,
				format);
	}
}

static void check_postoffice(struct conf_load *l, const struct conf_section *sec)
{
	const struct conf_postoffice *a = sec->at;
	check_format(l, sec);
	for (size_t i = 0; i < a->domains.count; i++)
		check_domain(l, sec, i);
	for (const struct conf_section *other = next_alike(sec); other; other = next_alike(other)) {
		const struct conf_postoffice *b = other->at;
		if (!a->path || !b->path || strcmp(a->path, b->path) != 0)
			continue;
		conf_load_place(l, other, "path");
		conf_load_error(l, "give one postoffice several domains",
				"path: [postoffice %s] has the path of [postoffice %s]", b->name,
				a->name);
	}
}

/* ---- pickup folders ---- */

static void check_folder(struct conf_load *l, const struct conf_section *sec, const char *path,
			 const char *what)
{
	const struct conf_pickup *p = sec->at;
	if (!p->path || !path || strcmp(p->path, path) != 0)
		return;
	conf_load_place(l, sec, "path");
	conf_load_error(l, "give it a folder of its own", "path: [pickup %s] has the path of %s",
			p->name, what);
}

static void check_pickup(struct conf_load *l, const struct conf_section *sec)
{
	const struct conf_pickup *p = sec->at;
	conf_profile_of(l, sec);
	bool before = true;
	char what[80];
	for (const struct conf_section *s = l->sections; s; s = s->next) {
		snprintf(what, sizeof what, "[%s %.40s]", s->kind->word, s->name ? s->name : "");
		before = before && s != sec;
		if (s->kind->id == CONF_KIND_POSTOFFICE)
			check_folder(l, sec, ((const struct conf_postoffice *)s->at)->path, what);
		if (s->kind->id == CONF_KIND_PICKUP && before)
			check_folder(l, sec, ((const struct conf_pickup *)s->at)->path, what);
	}
	check_folder(l, sec, l->s->gateway.spool, "the spool");
	conf_load_place(l, sec, NULL);
	if (text_same(p->name, "any") || conf_load_find(l, CONF_KIND_LISTEN, p->name))
		conf_load_error(l, "name it otherwise",
				"[pickup %s]: `listener` of routes would mean something else too",
				p->name);
	if (p->max_size > l->s->gateway.max_size) {
		conf_load_place(l, sec, "max_size");
		conf_load_error(l, "raise max_size in [gateway]",
				"max_size of [pickup %s] is above that of [gateway]", p->name);
	}
}

void conf_validate(struct conf_load *l)
{
	check_needed(l);
	each(l, CONF_KIND_GATEWAY, check_gateway);
	each(l, CONF_KIND_QUEUE, check_queue);
	each(l, CONF_KIND_LISTEN, check_listen);
	each(l, CONF_KIND_ROUTE, check_route);
	each(l, CONF_KIND_OAUTH, conf_validate_oauth);
	each(l, CONF_KIND_POSTOFFICE, check_postoffice);
	each(l, CONF_KIND_PICKUP, check_pickup);
}
