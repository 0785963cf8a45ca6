/* IP addresses as text: see ipaddr.h. Pure, but that a scope (%eth0) is looked up among the network's devices. */
#include "support/ipaddr.h"
#include "support/error.h"
#include "support/zone.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where host and port stand in a text. */
struct parts {
	char host[SGT_ADDRESS_MAX];
	const char *port; /* NULL: none */
	bool brackets;
};

static enum sgt_result bad(struct sgt_error *error, const char *text, const char *why)
{
	return error_set(error, SGT_BAD_ADDRESS, "\"%.100s\" %s", text, why);
}

static void unmap(struct ipaddr *a)
{
	if (a->u.sa.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&a->u.in6.sin6_addr))
		return;
	struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = a->u.in6.sin6_port};
	memcpy(&in4.sin_addr, a->u.in6.sin6_addr.s6_addr + 12, 4);
	memset(&a->u, 0, sizeof a->u);
	a->u.in4 = in4;
}

/* Reads host (without brackets) into a fresh out. */
static bool read_host(const char *host, struct ipaddr *out)
{
	char copy[SGT_ADDRESS_MAX];
	memset(out, 0, sizeof *out);
	if (inet_pton(AF_INET, host, &out->u.in4.sin_addr) == 1) {
		out->u.sa.sa_family = AF_INET;
		return true;
	}
	snprintf(copy, sizeof copy, "%s", host);
	char *scope = strchr(copy, '%');
	if (scope) {
		*scope++ = '\0';
		out->u.in6.sin6_scope_id = zone_index(scope);
		if (!out->u.in6.sin6_scope_id)
			return false;
	}
	if (inet_pton(AF_INET6, copy, &out->u.in6.sin6_addr) != 1)
		return false;
	out->u.sa.sa_family = AF_INET6;
	unmap(out);
	return true;
}

static bool split(const char *text, struct parts *p)
{
	const char *end;
	p->brackets = text[0] == '[';
	if (p->brackets) {
		end = strchr(++text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return false;
		p->port = end[1] ? end + 2 : NULL;
	} else {
		const char *colon = strchr(text, ':');
		bool bare_v6 = colon && strchr(colon + 1, ':');
		end = colon && !bare_v6 ? colon : text + strlen(text);
		p->port = colon && !bare_v6 ? colon + 1 : NULL;
	}
	size_t n = (size_t)(end - text);
	if (!n || n >= sizeof p->host)
		return false;
	memcpy(p->host, text, n);
	p->host[n] = '\0';
	return true;
}

static bool read_port(const char *text, unsigned *port)
{
	size_t digits = strspn(text, "0123456789");
	if (!digits || digits > 5 || text[digits])
		return false;
	*port = (unsigned)strtoul(text, NULL, 10);
	return *port <= 65535;
}

static bool read_any(const char *host, struct ipaddr *out)
{
	if (strcmp(host, "*") != 0)
		return false;
	memset(out, 0, sizeof *out);
	out->u.sa.sa_family = AF_INET6;
	out->any = true;
	return true;
}

enum sgt_result ipaddr_parse(const char *text, unsigned default_port, struct ipaddr *out,
			     struct sgt_error *error)
{
	struct parts p;
	unsigned port = default_port;
	if (!split(text, &p))
		return bad(error, text,
			   "is no address: write 192.0.2.1:25, [2001:db8::1]:25 or *:25");
	if (p.port && !read_port(p.port, &port))
		return bad(error, text, "has a faulty port: a number from 0 to 65535 is one");
	bool any = !p.brackets && read_any(p.host, out);
	if (!any && !read_host(p.host, out))
		return bad(error, text,
			   "is no IP address of this network (names are not looked up here)");
	if (p.brackets && !strchr(p.host, ':'))
		return bad(error, text, "has brackets, but they are for IPv6 addresses only");
	if (!p.port && !default_port)
		return bad(error, text,
			   "lacks a port (an IPv6 address stands in brackets: [2001:db8::1]:25)");
	ipaddr_set_port(out, port);
	return SGT_OK;
}

enum sgt_result ipaddr_parse_host(const char *text, struct ipaddr *out, struct sgt_error *error)
{
	struct parts p;
	if (!split(text, &p) || p.port || !read_host(p.host, out))
		return bad(error, text, "is no IP address (without port)");
	return SGT_OK;
}

const char *ipaddr_format_host(const struct ipaddr *a, char out[SGT_ADDRESS_MAX])
{
	char scope[IF_NAMESIZE];
	if (a->any) {
		snprintf(out, SGT_ADDRESS_MAX, "*");
	} else if (a->u.sa.sa_family == AF_INET) {
		inet_ntop(AF_INET, &a->u.in4.sin_addr, out, SGT_ADDRESS_MAX);
	} else {
		inet_ntop(AF_INET6, &a->u.in6.sin6_addr, out, SGT_ADDRESS_MAX);
		size_t n = strlen(out);
		if (a->u.in6.sin6_scope_id && zone_name(a->u.in6.sin6_scope_id, scope))
			snprintf(out + n, SGT_ADDRESS_MAX - n, "%%%s", scope);
	}
	return out;
}

const char *ipaddr_format(const struct ipaddr *a, char out[SGT_ADDRESS_MAX])
{
	char host[SGT_ADDRESS_MAX];
	bool brackets = !a->any && a->u.sa.sa_family == AF_INET6;
	ipaddr_format_host(a, host);
	snprintf(out, SGT_ADDRESS_MAX, brackets ? "[%.100s]:%u" : "%.100s:%u", host,
		 ipaddr_port(a));
	return out;
}

bool ipaddr_from(struct ipaddr *a, const struct sockaddr *sa)
{
	memset(a, 0, sizeof *a);
	if (sa->sa_family == AF_INET)
		memcpy(&a->u.in4, sa, sizeof a->u.in4);
	else if (sa->sa_family == AF_INET6)
		memcpy(&a->u.in6, sa, sizeof a->u.in6);
	else
		return false;
	unmap(a);
	return true;
}

unsigned ipaddr_port(const struct ipaddr *a)
{
	return ntohs(a->u.sa.sa_family == AF_INET ? a->u.in4.sin_port : a->u.in6.sin6_port);
}

void ipaddr_set_port(struct ipaddr *a, unsigned port)
{
	if (a->u.sa.sa_family == AF_INET)
		a->u.in4.sin_port = htons((uint16_t)port);
	else
		a->u.in6.sin6_port = htons((uint16_t)port);
}

socklen_t ipaddr_len(const struct ipaddr *a)
{
	return a->u.sa.sa_family == AF_INET ? sizeof a->u.in4 : sizeof a->u.in6;
}

bool ipaddr_equal(const struct ipaddr *a, const struct ipaddr *b)
{
	if (a->any != b->any || a->u.sa.sa_family != b->u.sa.sa_family ||
	    ipaddr_port(a) != ipaddr_port(b))
		return false;
	if (a->u.sa.sa_family == AF_INET)
		return a->u.in4.sin_addr.s_addr == b->u.in4.sin_addr.s_addr;
	return IN6_ARE_ADDR_EQUAL(&a->u.in6.sin6_addr, &b->u.in6.sin6_addr) &&
	       a->u.in6.sin6_scope_id == b->u.in6.sin6_scope_id;
}

void ipaddr_map(struct ipaddr *a)
{
	if (a->u.sa.sa_family != AF_INET)
		return;
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = a->u.in4.sin_port};
	in6.sin6_addr.s6_addr[10] = in6.sin6_addr.s6_addr[11] = 0xff;
	memcpy(in6.sin6_addr.s6_addr + 12, &a->u.in4.sin_addr, 4);
	a->u.in6 = in6;
}

enum sgt_result ipaddr_name_servers(const struct sgt_value *v, struct sgt_error *error)
{
	struct ipaddr a;
	for (size_t i = 0; i < v->count; i++) {
		if (ipaddr_parse(v->texts[i], 53, &a, error) != SGT_OK || a.any)
			return error_set(error, SGT_BAD_SETTING,
					 "name_server = %.100s: not an IP address", v->texts[i]);
	}
	return SGT_OK;
}
