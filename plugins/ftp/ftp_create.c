/* ftp's settings. Touches nothing outside the process. */
#include "ftp/ftp.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum sgt_result bad(struct sgt_error *error, const char *key, const char *text,
			   const char *why)
{
	return error_set(error, SGT_BAD_SETTING, "%s = %.100s: %s", key, text, why);
}

static enum sgt_result set_ip4(struct ftp_settings *s, const char *text, const struct ipaddr *a,
			       unsigned bits, struct sgt_error *error)
{
	if (s->has_ip4)
		return bad(error, "address", text, "a second IPv4 address; lwIP has one");
	if (bits < 1 || bits > 30)
		return bad(error, "address", text, "/1 to /30 is the size of a network");
	s->has_ip4 = true;
	s->ip4.addr = a->u.in4.sin_addr.s_addr;
	s->mask.addr = htonl(~0u << (32 - bits));
	uint32_t host = ntohl(s->ip4.addr & ~s->mask.addr);
	if (!host || host == ~ntohl(s->mask.addr) || ip4_addr_ismulticast(&s->ip4))
		return bad(error, "address", text, "not the address of a host in that network");
	return SGT_OK;
}

static enum sgt_result set_ip6(struct ftp_settings *s, const char *text, const struct ipaddr *a,
			       unsigned bits, struct sgt_error *error)
{
	ip_addr_t ip;
	if (bits != 64)
		return bad(error, "address", text, "IPv6 networks are /64 here");
	if (s->ip6_count == FTP_IP6_MAX)
		return bad(error, "address", text, "more than four IPv6 addresses");
	ftp_ip_from(&ip, a);
	if (ip6_addr_isany(ip_2_ip6(&ip)) || ip6_addr_ismulticast(ip_2_ip6(&ip)))
		return bad(error, "address", text, "not the address of a host");
	ip6_addr_t *mine =
		&s->ip6[s->ip6_count++]; /* not by assignment: settings are compared whole */
	memcpy(mine->addr, ip_2_ip6(&ip)->addr, sizeof mine->addr);
	mine->zone = ip_2_ip6(&ip)->zone;
	return SGT_OK;
}

static enum sgt_result read_address(struct ftp_settings *s, const char *text,
				    struct sgt_error *error)
{
	char host[SGT_ADDRESS_MAX], *end;
	struct ipaddr a;
	const char *slash = strchr(text, '/');
	if (!slash || slash == text || (size_t)(slash - text) >= sizeof host)
		return bad(error, "address", text, "write it with its network: 10.1.0.25/16");
	memcpy(host, text, (size_t)(slash - text));
	host[slash - text] = '\0';
	unsigned long bits = strtoul(slash + 1, &end, 10);
	if (end == slash + 1 || *end || bits > 128 || ipaddr_parse_host(host, &a, error) != SGT_OK)
		return bad(error, "address", text, "write it as 10.1.0.25/16 or fd00::25/64");
	return a.u.sa.sa_family == AF_INET ? set_ip4(s, text, &a, (unsigned)bits, error)
					   : set_ip6(s, text, &a, (unsigned)bits, error);
}

static enum sgt_result read_addresses(struct ftp_settings *s, const struct sgt_value *v,
				      struct sgt_error *error)
{
	enum sgt_result r = SGT_OK;
	if (!v->count)
		return error_set(error, SGT_BAD_SETTING,
				 "address is not set: the gateway is a host of its own on that "
				 "network, as in address = 10.1.0.25/16");
	for (size_t i = 0; i < v->count && r == SGT_OK; i++)
		r = read_address(s, v->texts[i], error);
	return r;
}

static enum sgt_result read_gateway(struct ftp_settings *s, const struct sgt_value *v,
				    struct sgt_error *error)
{
	struct ipaddr a;
	if (!v->count)
		return SGT_OK;
	if (ipaddr_parse_host(v->texts[0], &a, error) != SGT_OK || a.u.sa.sa_family != AF_INET)
		return bad(error, "gateway", v->texts[0],
			   "not an IPv4 address (IPv6 routers announce themselves)");
	s->gateway.addr = a.u.in4.sin_addr.s_addr;
	s->has_gateway = true;
	if (!s->has_ip4 || !ip4_addr_netcmp(&s->gateway, &s->ip4, &s->mask))
		return bad(error, "gateway", v->texts[0], "not on the network of our address");
	return SGT_OK;
}

/* Locally administered, the same after each start, another for each address of a network (FNV-1a). */
static void derive_mac(struct ftp_settings *s, const char *network, const char *address)
{
	uint64_t hash = 14695981039346656037ull;
	for (const char *at = network; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 1099511628211ull;
	for (const char *at = address; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 1099511628211ull;
	s->mac[0] = 2;
	for (int i = 1; i < 6; i++)
		s->mac[i] = (uint8_t)(hash >> (8 * i));
}

static enum sgt_result read_mac(struct ftp_settings *s, const struct sgt_value *v,
				struct sgt_error *error)
{
	unsigned b[6];
	int end = 0;
	const char *text = v->texts[0];
	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
		   &end) != 6 ||
	    text[end] || end != 17)
		return bad(error, "mac", text, "write it as 02:00:00:00:00:25");
	if (b[0] & 1)
		return bad(error, "mac", text, "the address of a group (its first byte is odd)");
	for (int i = 0; i < 6; i++)
		s->mac[i] = (uint8_t)b[i];
	return SGT_OK;
}

static enum sgt_result read_hostname(struct ftp_settings *s, const char *text,
				     struct sgt_error *error)
{
	size_t n =
		strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");
	if (!n || text[n] || n > WIRE_NAME_MAX)
		return bad(error, "hostname", text, "letters, digits, . - and _, at most 60");
	snprintf(s->name, sizeof s->name, "%s", text);
	return SGT_OK;
}

static enum sgt_result read_network(struct ftp_settings *s, const char *text,
				    struct sgt_error *error)
{
	struct wire w;
	enum sgt_result r = wire_init(&w, text, error);
	if (r == SGT_OK)
		memcpy(s->url, w.url, strlen(w.url) + 1);
	return r;
}

static enum sgt_result read_values(struct ftp_settings *s, const struct sgt_value *v,
				   struct sgt_error *error)
{
	enum sgt_result r = read_network(s, v[FTP_KEY_NETWORK].texts[0], error);
	if (r == SGT_OK)
		r = read_addresses(s, &v[FTP_KEY_ADDRESS], error);
	if (r == SGT_OK)
		r = read_gateway(s, &v[FTP_KEY_GATEWAY], error);
	if (r == SGT_OK)
		r = ipaddr_name_servers(&v[FTP_KEY_NAME_SERVER], error);
	if (r == SGT_OK)
		r = read_hostname(s, v[FTP_KEY_HOSTNAME].texts[0], error);
	if (r == SGT_OK && v[FTP_KEY_MAC].count)
		r = read_mac(s, &v[FTP_KEY_MAC], error);
	else if (r == SGT_OK)
		derive_mac(s, s->url, v[FTP_KEY_ADDRESS].texts[0]);
	s->mtu = (unsigned)v[FTP_KEY_MTU].number;
	return r;
}

/* A listener must be at one of our addresses; what the link gives itself is not known yet. */
static enum sgt_result check_plan(const struct ftp_face *f, const char *address,
				  struct sgt_error *error)
{
	struct ipaddr a;
	ip_addr_t ip;
	enum sgt_result r = ipaddr_parse(address, 0, &a, error);
	if (r != SGT_OK)
		return r;
	ftp_ip_from(&ip, &a);
	if (IP_IS_V6_VAL(ip) && f->set.ip6_count && ip6_addr_islinklocal(ip_2_ip6(&ip)))
		return SGT_OK;
	return ftp_own_check(f, &a, error);
}

static enum sgt_result check_plans(const struct ftp_face *f, const struct sgt_create *with,
				   struct sgt_error *error)
{
	enum sgt_result r = SGT_OK;
	ftp_lock(NULL);
	for (size_t i = 0; i < with->plan_count && r == SGT_OK; i++)
		r = check_plan(f, with->plans[i].address, error);
	ftp_unlock();
	return r;
}

enum sgt_result ftp_create(const struct sgt_host *host, const struct sgt_create *with,
			   struct sgt_stack **stack, struct sgt_error *error)
{
	struct ftp_settings set;
	struct sgt_stack *s = host->alloc(host->ctx, NULL, sizeof *s);
	if (!s)
		return error_set(error, SGT_NOMEM, "memory is short for the settings of ftp");
	memset(s, 0, sizeof *s);
	memset(&set, 0, sizeof set);
	s->host = host;
	s->event_fd = -1;
	enum sgt_result r = read_values(&set, with->values, error);
	if (r == SGT_OK)
		r = ftp_face_get(&set, &s->face, error);
	if (r == SGT_OK)
		r = check_plans(s->face, with, error);
	if (r == SGT_OK)
		*stack = s;
	else
		ftp_destroy(s);
	return r;
}

void ftp_destroy(struct sgt_stack *s)
{
	ftp_face_put(&s->face);
	ftp_alloc(s, s, 0);
}
