/* route: what would happen to mail for an address, rule by rule, without a running gateway. */
#include "base/file.h"
#include "base/text.h"
#include "daemon/context.h"
#include "gateway/gateway.h"
#include "route/alias.h"
#include "route/local.h"
#include "route/route.h"

#include <stdlib.h>
#include <string.h>

struct asking {
	struct call *call;
	const struct settings *settings;
	struct route_world world;
	struct route_from from;
	struct mail_aliases *aliases; /* NULL: none */
	size_t told;
};

static void print_hosts(const struct conf_route *r, FILE *to)
{
	for (size_t i = 0; i < r->smart_hosts.count; i++)
		fprintf(to, "%s%s", i ? ", then " : "", r->smart_hosts.items[i]);
}

/* Why each rule before the one that matched did not: sender, client and listener are what surprises people. */
static void print_passed(const struct asking *a, const struct conf_route *r, const char *address)
{
	FILE *to = a->call->out;
	struct net_ip ip;
	bool has_ip = a->from.client && net_ip_parse(a->from.client, &ip) == OK;
	if (!conf_patterns_match(&r->match, address))
		fprintf(to, "  [route %s] no: match has no pattern for it\n", r->name);
	else if (!conf_patterns_match(&r->sender, a->from.reverse_path))
		fprintf(to, "  [route %s] no: sender does not match <%s>\n", r->name,
			a->from.reverse_path);
	else if (has_ip && !conf_nets_match(&r->client, &ip))
		fprintf(to, "  [route %s] no: client does not match %s\n", r->name, a->from.client);
	else if (r->listener)
		fprintf(to, "  [route %s] only for what came in at [listen %s]\n", r->name,
			r->listener);
	else
		fprintf(to, "  [route %s] no\n", r->name);
}

/* By the first line of its domain, as the map is read; else by the section's name. */
static void print_native(const struct route_decision *d, FILE *to)
{
	const struct conf_postoffice *p = d->postoffice;
	const struct mail_map_entry *e = mail_map_office(&p->native, d->domain);
	if (e)
		fprintf(to, "  mapped by the line \"%s %s\" of %s\n", e->office, e->domain,
			p->map ? p->map : "ADDR_MAP.CFG");
	if (!route_local_unpacks(p, d->mailbox))
		fprintf(to, "  put as CSI:%s/%s into %s by %s\n", e ? e->office : p->name,
			d->mailbox, p->path, p->put);
}

/* As whom the route sends it. */
static void print_as(const struct conf_route *r, FILE *to)
{
	const char *from = conf_route_as(r, r->from), *sender = conf_route_as(r, r->sender_as);
	if (from)
		fprintf(to, "  From becomes %s, Reply-To keeps the old one\n", from);
	if (sender)
		fprintf(to, "  the sender of its envelope becomes %s\n", sender);
	if (r->bounce_to)
		fprintf(to, "  reports on it go to %s\n", r->bounce_to);
}

static void print_outcome(const struct route_decision *d, FILE *to)
{
	switch (d->kind) {
	case ROUTE_LOCAL:
		if (route_local_unpacks(d->postoffice, d->mailbox))
			fprintf(to, "  unpacked: what another gateway has encapsulated goes to the "
				    "recipients that it names\n");
		if (d->postoffice->format == CONF_OFFICE_DROP)
			fprintf(to, "  put as a file into the folder %s\n", d->postoffice->path);
		else if (d->route)
			fprintf(to, "  delivered by LMTP to %s\n", d->postoffice->lmtp);
		else if (d->postoffice->format == CONF_OFFICE_MMFF)
			print_native(d, to);
		else if (!route_local_unpacks(d->postoffice, d->mailbox))
			fprintf(to, "  delivered to the mailbox %s/%s\n", d->postoffice->path,
				d->mailbox);
		break;
	case ROUTE_SMART:
		fprintf(to, "  %s over %s to ",
			d->route->what == CONF_LMTP ? "delivered by LMTP" : "sent",
			d->route->vendor);
		print_hosts(d->route, to);
		fputc('\n', to);
		break;
	case ROUTE_MX:
		fprintf(to, "  sent over %s to the mail exchangers of %s\n", d->route->vendor,
			d->domain);
		break;
	case ROUTE_HOLD:
		fprintf(to, "  taken and held: %s\n", d->reason);
		break;
	case ROUTE_DISCARD:
		fprintf(to, "  taken and thrown away\n");
		break;
	case ROUTE_REFUSE:
		fprintf(to, "  refused: %d %s %s\n", d->code, d->status, d->reason);
		break;
	}
}

/* What else its route does with mail that is sent. */
static void print_more(const struct route_decision *d, FILE *to)
{
	char after[24];
	const struct conf_route *r = d->route;
	if (d->kind != ROUTE_SMART && d->kind != ROUTE_MX)
		return;
	for (size_t i = 0; i < r->bcc.count; i++)
		fprintf(to, "%s%s", i ? ", " : "  with copies to ", r->bcc.items[i]);
	if (r->bcc.count)
		fputc('\n', to);
	if (r->fallback)
		fprintf(to, "  by route %s when no server could be used for %s\n", r->fallback,
			text_duration(r->fallback_after, after, sizeof after));
}

static void print_listeners(const struct asking *a, const char *address)
{
	struct route_decision d;
	for (size_t i = 0; i < a->settings->listen_count; i++) {
		const struct conf_listen *l = &a->settings->listens[i];
		struct route_from from = a->from;
		from.listener = l->name;
		route_admit(&a->world, l, &from, address, &d);
		if (d.kind == ROUTE_REFUSE)
			fprintf(a->call->out, "  [listen %s] refuses it from %s: %d %s %s\n",
				l->name, from.client, d.code, d.status, d.reason);
		else
			fprintf(a->call->out, "  [listen %s] takes it from %s: %s\n", l->name,
				from.client, d.rule);
	}
}

static void explain(struct asking *a, const char *address);

static enum result explain_one(void *ctx, const char *address)
{
	explain(ctx, address);
	return OK;
}

static enum result print_one(void *ctx, const char *address)
{
	struct asking *a = ctx;
	fprintf(a->call->out, "%s%s", a->told++ ? ", " : "", address);
	return OK;
}

/* An alias is told by what it stands for, each with its own story. */
static bool explain_alias(struct asking *a, const char *address)
{
	struct mail_aliases *aliases = a->aliases;
	size_t count = 0;
	if (!aliases ||
	    route_alias(&a->world, aliases, &a->from, address, NULL, NULL, &count) != OK || !count)
		return false;
	fprintf(a->call->out, "%s\n  is an alias of ", address);
	a->told = 0;
	route_alias(&a->world, aliases, &a->from, address, print_one, a, &count);
	fputc('\n', a->call->out);
	a->aliases = NULL; /* what comes out of it is followed already */
	route_alias(&a->world, aliases, &a->from, address, explain_one, a, &count);
	a->aliases = aliases;
	return true;
}

static void explain(struct asking *a, const char *address)
{
	struct route_decision d;
	FILE *to = a->call->out;
	if (explain_alias(a, address))
		return;
	route_decide(&a->world, &a->from, address, &d);
	fprintf(to, "%s\n", address);
	if (strcmp(d.address, address) != 0)
		fprintf(to, "  is %s\n", d.address);
	/* Local domains come first, always: then no route was asked, whether or not there is the mailbox. */
	bool local = text_starts(d.rule, "postoffice ");
	if (!local)
		fprintf(to, "  no postoffice has its domain\n");
	for (size_t i = 0; !local && i < a->settings->route_count; i++) {
		if (&a->settings->routes[i] == d.route)
			break;
		print_passed(a, &a->settings->routes[i], d.address);
	}
	fprintf(to, "  rule: %s\n", d.rule);
	print_outcome(&d, to);
	if (d.kind == ROUTE_SMART || d.kind == ROUTE_MX)
		print_as(d.route, to);
	print_more(&d, to);
	print_listeners(a, address);
}

static void read_aliases(struct asking *a)
{
	const char *path = a->settings->gateway.aliases;
	char *text = NULL;
	size_t n;
	if (path && file_read(path, MAIL_ALIASES_MAX, &text, &n, NULL) == OK)
		mail_aliases_read(text, n, NULL, NULL, &a->aliases, NULL);
	free(text);
}

static enum exit_status explain_all(struct asking *a, struct gateway *g)
{
	read_aliases(a);
	gateway_world(g, &a->world);
	a->from.reverse_path = call_option(a->call, OPT_FROM);
	if (!a->from.reverse_path || strcmp(a->from.reverse_path, "<>") == 0)
		a->from.reverse_path = "";
	a->from.client = call_option(a->call, OPT_CLIENT);
	if (!a->from.client)
		a->from.client = "127.0.0.1";
	for (int i = 0; i < a->call->options.arg_count; i++)
		explain(a, a->call->options.args[i]);
	mail_aliases_unref(&a->aliases);
	return EXIT_DONE;
}

enum exit_status cmd_route(struct call *c)
{
	struct settings *s = NULL;
	struct loop *loop = NULL;
	struct gateway *g = NULL;
	struct err err;
	struct net_ip ip;
	if (call_option(c, OPT_CLIENT) && net_ip_parse(call_option(c, OPT_CLIENT), &ip) != OK)
		return call_usage(c, "--client %s is no IP address", call_option(c, OPT_CLIENT));
	enum exit_status status = context_load(c, false, false, &s);
	if (status != EXIT_DONE)
		return status;
	struct asking a = {.call = c, .settings = s};
	if (loop_new(&loop, clock_system(), &err) == OK &&
	    gateway_new(&g, &(struct gateway_options){.loop = loop, .version = ""}, s, &err) == OK)
		status = explain_all(&a, g);
	else
		status = call_fail(c, exit_of_result(err.code), &err);
	gateway_destroy(&g);
	loop_destroy(&loop);
	settings_unref(&s);
	return status;
}
