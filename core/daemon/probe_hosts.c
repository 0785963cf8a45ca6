/* The upper layers of `probe`: name servers, smart hosts, and the port beside: see probe.h. */
#include "daemon/probe.h"

#include "base/net.h"
#include "daemon/greet.h"
#include "daemon/inquire.h"
#include "daemon/table.h"
#include "dns/dns.h"

#include <string.h>

#define SMTP 25u
#define SUBMISSION 587u /* RFC 6409 */

static bool is_ours(const struct probe *p, const struct conf_route *r)
{
	return strcmp(r->vendor, p->look.vendor->name) == 0;
}

static void remedy(const struct probe *p, const char *text)
{
	table_put(p->call->out, "  remedy:  ", text, "\n");
}

/* ---- name servers ---- */

/* The first name that a route over this vendor has to look up; mx: its mail exchangers. NULL: none is needed. */
static const char *needed_name(const struct probe *p, char host[DNS_NAME_MAX], bool *mx)
{
	struct net_ip ip;
	unsigned port;
	*mx = true;
	for (size_t i = 0; i < p->settings->route_count; i++) {
		const struct conf_route *r = &p->settings->routes[i];
		if (!is_ours(p, r))
			continue;
		if (r->mx)
			return p->settings->gateway.hostname;
		*mx = false;
		for (size_t k = 0; k < r->smart_hosts.count; k++)
			if (!net_is_file(r->smart_hosts.items[k]) &&
			    net_hostport(r->smart_hosts.items[k], host, DNS_NAME_MAX, &port,
					 true) == OK &&
			    net_ip_parse(host, &ip) != OK)
				return host;
	}
	return NULL;
}

/* One line a server; true when it answers. */
static bool ask(const struct probe *p, const char *server, const char *name, bool mx)
{
	struct err err = {0};
	bool good = inquire(p->look.stack, server, name, mx, &err);
	fprintf(p->call->out, PROBE_LAYER "%s", "names", server);
	if (good)
		fprintf(p->call->out, " answers%s\n",
			p->look.module->caps & SGT_CAP_DATAGRAMS ? "" : " by TCP");
	else
		table_put(p->call->out, ": ", err.text, "\n");
	return good;
}

static bool ask_set(const struct probe *p, const struct sgt_value *servers, const char *name,
		    bool mx)
{
	bool some = false;
	for (size_t i = 0; i < servers->count; i++)
		some |= ask(p, servers->texts[i], name, mx);
	return some;
}

static bool ask_machine(const struct probe *p, const char *name, bool mx)
{
	char list[DNS_SERVERS_MAX][DNS_SERVER_TEXT];
	size_t count = dns_servers(list);
	bool some = false;
	for (size_t i = 0; i < count; i++)
		some |= ask(p, list[i], name, mx);
	if (!count)
		fprintf(p->call->out, PROBE_LAYER "no name server is known\n", "names");
	return some;
}

enum exit_status probe_names(struct probe *p)
{
	char host[DNS_NAME_MAX], text[256];
	bool mx;
	const struct sgt_value *servers = instance_name_servers(p->look.instance);
	const char *name = needed_name(p, host, &mx), *why = NULL;
	if (!name)
		why = "no route over it needs any";
	else if (p->look.module->caps & SGT_CAP_NAMES)
		why = "by that TCP/IP itself";
	else if (p->look.vendor->resolver_host)
		why = "by the resolver of this machine";
	if (why) {
		fprintf(p->call->out, PROBE_LAYER "%s\n", "names", why);
		return EXIT_DONE;
	}
	bool set = servers && servers->count;
	if (set ? ask_set(p, servers, name, mx) : ask_machine(p, name, mx))
		return EXIT_DONE;
	snprintf(text, sizeof text,
		 set ? "start a name server there, or correct name_server in [vendor %.60s]"
		     : "name_server = ADDRESS in [vendor %.60s], or correct /etc/resolv.conf",
		 p->look.vendor->name);
	remedy(p, text);
	return EXIT_FAILED;
}

/* ---- smart hosts ---- */

static bool greet_print(const struct probe *p, const char *label, const struct greet_target *who,
			struct greeting *g)
{
	bool good = greet(p->look.stack, who, g);
	fprintf(p->call->out, PROBE_LAYER "%s: ", "host", label);
	table_put(p->call->out, "", g->words, "\n");
	return good;
}

/* Port 25 is closed on the way out of many networks; 587 beside it seldom is. */
static void try_beside(const struct probe *p, const struct conf_route *r,
		       const struct greet_target *at25, const char *host)
{
	struct greeting g;
	struct greet_target who = *at25;
	char label[512], text[512];
	const char *colon = strchr(host, ':') ? "]" : "", *open = *colon ? "[" : "";
	who.port = SUBMISSION;
	snprintf(label, sizeof label, "route %s, %s%s%s:%u", r->name, open, host, colon,
		 SUBMISSION);
	if (greet_print(p, label, &who, &g))
		snprintf(text, sizeof text,
			 "port 25 is closed on the way, 587 is open: smart_host = %s%s%s:%u in "
			 "[route %s], with user and password",
			 open, host, colon, SUBMISSION, r->name);
	else
		snprintf(text, sizeof text,
			 "neither 25 nor 587 of %s is reached: is the server up, and may this "
			 "machine out through the firewalls between?",
			 host);
	remedy(p, text);
}

static bool greet_host(const struct probe *p, const struct conf_route *r, const char *smart_host)
{
	struct greeting g;
	char label[512], host[DNS_NAME_MAX];
	unsigned port = 0;
	struct greet_target who = {.host = smart_host,
				   .source = r->source,
				   .servers = instance_name_servers(p->look.instance),
				   .host_resolver = p->look.vendor->resolver_host};
	snprintf(label, sizeof label, "route %s, %s", r->name, smart_host);
	if (greet_print(p, label, &who, &g))
		return true;
	if (!g.connected && net_hostport(smart_host, host, sizeof host, &port, true) == OK &&
	    port == SMTP)
		try_beside(p, r, &who, host);
	return false;
}

enum exit_status probe_hosts(struct probe *p)
{
	enum exit_status status = EXIT_DONE;
	for (size_t i = 0; i < p->settings->route_count; i++) {
		const struct conf_route *r = &p->settings->routes[i];
		for (size_t k = 0; is_ours(p, r) && k < r->smart_hosts.count; k++)
			if (!greet_host(p, r, r->smart_hosts.items[k]))
				status = EXIT_FAILED;
	}
	return status;
}
