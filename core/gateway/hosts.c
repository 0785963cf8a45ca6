/*
 * Which hosts a job may go to, and their addresses: smart hosts of the route, or MX of the domain (RFC 5321 5.1). In
 * the lane's thread. Part of attempt.h.
 */
#include "gateway/attempt.h"

#include "base/net.h"
#include "base/text.h"
#include "gateway/own.h"
#include "mail/address.h"
#include "route/mx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMTP_PORT 25

static void no_memory(struct attempt *a)
{
	attempt_fail(a, 0, "4.3.0", "memory is short");
}

/* ---- questions ---- */

typedef void answer_fn(struct attempt *a, const struct dns_query *q);
static answer_fn mx_answered, addresses_answered;

static void answered(struct dns_query *q)
{
	struct attempt_question *own =
		(struct attempt_question *)((char *)q - offsetof(struct attempt_question, query));
	struct attempt *a = own->a;
	a->question = NULL;
	if (q->type == DNS_MX)
		mx_answered(a, q);
	else
		addresses_answered(a, q);
	free(own); /* a may be gone by now */
}

static void ask(struct attempt *a, enum dns_type type, const char *name)
{
	a->question = calloc(1, sizeof *a->question);
	if (!a->question) {
		no_memory(a);
		return;
	}
	struct dns_query *q = &a->question->query;
	a->question->a = a;
	q->type = type;
	text_copy(q->name, sizeof q->name, name);
	q->ipv4 = q->ipv6 = true;
	q->done = answered;
	dns_ask(a->lane->dns, q);
}

/* ---- hosts ---- */

/* Room for so many; false: there is no memory, and the job has failed. */
static bool hosts_room(struct attempt *a, size_t count)
{
	a->hosts = region_alloc(a->d->region, count * sizeof *a->hosts + 1);
	if (!a->hosts)
		no_memory(a);
	return a->hosts != NULL;
}

/* False as above. */
static bool add_host(struct attempt *a, const char *name, unsigned port)
{
	struct attempt_host *h = &a->hosts[a->host_count];
	*h = (struct attempt_host){region_strdup(a->d->region, name), port};
	if (!h->name) {
		no_memory(a);
		return false;
	}
	a->host_count++;
	return true;
}

static bool add_smart_hosts(struct attempt *a, const struct conf_texts *items)
{
	bool good = hosts_room(a, items->count);
	for (size_t i = 0; i < items->count && good; i++) {
		const char *item = items->items[i];
		char host[DNS_NAME_MAX];
		unsigned port;
		if (net_is_file(item))
			good = add_host(a, item, 0);
		else if (net_hostport(item, host, sizeof host, &port, true) == OK)
			good = add_host(a, host, port ? port : SMTP_PORT);
	}
	return good;
}

static void mx_ordered(struct attempt *a, struct route_mx *list, size_t count)
{
	const char *self = a->d->settings->gateway.hostname;
	const struct route_self who = {.names = &self, .name_count = 1};
	uint64_t random = clock_random(a->lane->vendor->g->clock);
	enum route_mx_kind kind = route_mx_order(list, &count, a->d->decision.domain, &who, random);
	if (route_mx_code(kind)) {
		attempt_fail(a, route_mx_code(kind), route_mx_status(kind), route_mx_words(kind));
		return;
	}
	a->implicit = kind == ROUTE_MX_IMPLICIT;
	bool good = hosts_room(a, count);
	for (size_t i = 0; i < count && good; i++)
		good = add_host(a, list[i].host, SMTP_PORT);
	if (good)
		attempt_next_host(a);
}

static void mx_answered(struct attempt *a, const struct dns_query *q)
{
	if (q->result == E_NOTFOUND) {
		attempt_fail(a, 550, "5.1.2", q->err.text);
		return;
	}
	if (q->result != OK) {
		attempt_fail(a, 0, "4.4.3", q->err.text);
		return;
	}
	struct route_mx list[DNS_MX_MAX + 1];
	memset(list, 0, sizeof list);
	for (size_t i = 0; i < q->count; i++) {
		list[i].preference = q->answer.mx[i].preference;
		text_copy(list[i].host, sizeof list[i].host, q->answer.mx[i].host);
	}
	mx_ordered(a, list, q->count);
}

void attempt_find_hosts(struct attempt *a)
{
	const struct route_decision *d = &a->d->decision;
	struct net_ip ip;
	char text[64];
	if (d->kind != ROUTE_MX) {
		if (add_smart_hosts(a, &d->route->smart_hosts))
			attempt_next_host(a);
	} else if (mail_literal_parse(d->domain, &ip) == OK) {
		if (hosts_room(a, 1) &&
		    add_host(a, net_ip_format(&ip, text, sizeof text), SMTP_PORT))
			attempt_next_host(a);
	} else if (!a->lane->dns) {
		attempt_fail(a, 0, "4.4.3",
			     "no name can be looked up over this TCP/IP (see the log)");
	} else {
		ask(a, DNS_MX, d->domain);
	}
}

/* Addresses of the current host, without those that are ours. */
static void addresses_known(struct attempt *a, const char *const *addresses, size_t count)
{
	const struct attempt_host *h = &a->hosts[a->host_at];
	const char *others[DNS_ADDRESSES_MAX];
	size_t n = 0;
	for (size_t i = 0; i < count && n < DNS_ADDRESSES_MAX; i++)
		if (!own_address(a->lane, addresses[i], h->port))
			others[n++] = addresses[i];
	if (n == count) {
		attempt_connect(a, others, n);
		return;
	}
	/* We are this host: it and every one of the same or a worse preference is not to be tried. */
	a->own = true;
	snprintf(a->why, sizeof a->why, "%s port %u is this gateway itself", h->name, h->port);
	if (a->d->decision.kind == ROUTE_MX)
		a->host_at = a->host_count;
	else
		a->host_at++;
	attempt_next_host(a);
}

static void addresses_answered(struct attempt *a, const struct dns_query *q)
{
	if (q->result == E_CANCELLED) { /* the stack is lost */
		attempt_fail(a, 0, "4.3.2", q->err.text);
		return;
	}
	if (q->result == OK && q->count) {
		const char *addresses[DNS_ADDRESSES_MAX];
		for (size_t i = 0; i < q->count; i++)
			addresses[i] = q->answer.addresses[i];
		addresses_known(a, addresses, q->count);
		return;
	}
	if (q->result == OK)
		snprintf(a->why, sizeof a->why, "%.200s has no address", q->name);
	else
		text_copy(a->why, sizeof a->why, q->err.text);
	a->absent += q->result == OK || q->result == E_NOTFOUND;
	a->host_at++;
	attempt_next_host(a);
}

/* No host is left. */
static void give_up(struct attempt *a)
{
	bool mx = a->d->decision.kind == ROUTE_MX;
	if (!a->host_count)
		attempt_fail(a, 0, "4.3.5", "the route has no host to send to");
	else if (a->weak == a->host_count)
		attempt_fail(a, 550, "5.7.30", a->why);
	else if (mx && a->own)
		attempt_fail(a, 554, "5.4.6", route_mx_words(ROUTE_MX_LOOP));
	else if (mx && a->absent == a->host_count)
		attempt_fail(a, 550, a->implicit ? "5.1.2" : "5.4.4", a->why);
	else
		attempt_fail(a, 0, "4.4.1", a->why);
}

void attempt_next_host(struct attempt *a)
{
	if (a->host_at >= a->host_count) {
		give_up(a);
		return;
	}
	const char *name = a->hosts[a->host_at].name;
	struct net_ip ip;
	bool resolves = (a->lane->vendor->module->caps & SGT_CAP_NAMES) != 0;
	if (resolves || net_is_file(name) || net_ip_parse(name, &ip) == OK) {
		addresses_known(a, &name, 1);
	} else if (!a->lane->dns) {
		attempt_fail(a, 0, "4.4.3",
			     "no name can be looked up over this TCP/IP (see the log)");
	} else {
		ask(a, DNS_ADDRESSES, name);
	}
}
