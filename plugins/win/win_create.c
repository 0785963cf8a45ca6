/* win's settings, checked. Touches nothing outside the process. */
#include "win/win.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BITS_MIN 8u
#define BITS_MAX 29u /* two addresses of ours and a peer */

void win_ipaddr(struct ipaddr *out, uint32_t ip, unsigned port)
{
	memset(out, 0, sizeof *out);
	out->u.in4.sin_family = AF_INET;
	out->u.in4.sin_addr.s_addr = ip;
	ipaddr_set_port(out, port);
}

const char *win_print(uint32_t ip, char out[SGT_ADDRESS_MAX])
{
	struct ipaddr a;
	win_ipaddr(&a, ip, 0);
	return ipaddr_format_host(&a, out);
}

static enum sgt_result no_memory(struct sgt_error *error)
{
	return error_set(error, SGT_NOMEM, "memory is short for the settings of win");
}

static enum sgt_result missing(const char *key, const char *example, struct sgt_error *error)
{
	error_set(error, SGT_BAD_SETTING, "%s is missing", key);
	error_remedy(error, "%s = %s", key, example);
	return error->result;
}

static char *copy(struct sgt_stack *stack, const char *text)
{
	size_t n = strlen(text) + 1;
	char *c = sock_alloc(&stack->sock, NULL, n);
	return c ? memcpy(c, text, n) : NULL;
}

/* An IPv4 address without port. */
static bool read_ip(const char *text, uint32_t *ip)
{
	struct ipaddr a;
	struct sgt_error error;
	if (ipaddr_parse_host(text, &a, &error) != SGT_OK || a.u.sa.sa_family != AF_INET)
		return false;
	*ip = a.u.in4.sin_addr.s_addr;
	return true;
}

/* "10.1.0.25/16" */
static enum sgt_result read_address(struct sgt_stack *stack, const struct sgt_value *v,
				    struct sgt_error *error)
{
	char host[SGT_ADDRESS_MAX], *end;
	if (!v->count)
		return missing("address", "10.1.0.25/16", error);
	const char *text = v->texts[0], *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : sizeof host;
	if (n < sizeof host) {
		memcpy(host, text, n);
		host[n] = '\0';
		unsigned long bits = strtoul(slash + 1, &end, 10);
		if (read_ip(host, &stack->address) && end > slash + 1 && !*end &&
		    bits >= BITS_MIN && bits <= BITS_MAX) {
			stack->mask = htonl(~0u << (32 - bits));
			return SGT_OK;
		}
	}
	return error_set(error, SGT_BAD_SETTING,
			 "address = %.100s: not an IPv4 address with the length of its network "
			 "(%u to %u), as in 10.1.0.25/16",
			 text, BITS_MIN, BITS_MAX);
}

/* As an example for `source`: the neighbour of our address. */
static void neighbour(const struct sgt_stack *stack, char out[SGT_ADDRESS_MAX])
{
	uint32_t up = htonl(ntohl(stack->address) + 1);
	bool last =
		(up | stack->mask) == ~0u || (up & stack->mask) != (stack->address & stack->mask);
	win_print(last ? htonl(ntohl(stack->address) - 1) : up, out);
}

/* An address that a host of our network can have. */
static enum sgt_result check_near(const struct sgt_stack *stack, const char *key, uint32_t ip,
				  struct sgt_error *error)
{
	char text[SGT_ADDRESS_MAX];
	uint32_t host = ip & ~stack->mask;
	if ((ip & stack->mask) == (stack->address & stack->mask) && host && host != ~stack->mask)
		return SGT_OK;
	return error_set(error, SGT_BAD_SETTING, "%s = %s: not a host of the network of `address`",
			 key, win_print(ip, text));
}

static enum sgt_result read_near(const struct sgt_stack *stack, const char *key,
				 const struct sgt_value *v, uint32_t *ip, struct sgt_error *error)
{
	if (!read_ip(v->texts[0], ip))
		return error_set(error, SGT_BAD_SETTING, "%s = %.100s: not an IPv4 address", key,
				 v->texts[0]);
	return check_near(stack, key, *ip, error);
}

static enum sgt_result no_source(const struct sgt_stack *stack, struct sgt_error *error)
{
	char example[SGT_ADDRESS_MAX];
	neighbour(stack, example);
	error_set(error, SGT_BAD_SETTING, "source is missing");
	error_remedy(error, "source = %s    ; or another free one of that network", example);
	return error->result;
}

static enum sgt_result read_addresses(struct sgt_stack *stack, const struct sgt_value *v,
				      struct sgt_error *error)
{
	enum sgt_result r = read_address(stack, &v[WIN_KEY_ADDRESS], error);
	if (r == SGT_OK)
		r = check_near(stack, "address", stack->address, error);
	if (r == SGT_OK && !v[WIN_KEY_SOURCE].count)
		r = no_source(stack, error);
	if (r == SGT_OK)
		r = read_near(stack, "source", &v[WIN_KEY_SOURCE], &stack->source, error);
	if (r == SGT_OK && stack->source == stack->address)
		r = error_set(error, SGT_BAD_SETTING,
			      "source = %.100s: it must be another address than `address`",
			      v[WIN_KEY_SOURCE].texts[0]);
	if (r == SGT_OK && v[WIN_KEY_GATEWAY].count)
		r = read_near(stack, "gateway", &v[WIN_KEY_GATEWAY], &stack->gateway.ip, error);
	if (r == SGT_OK &&
	    (stack->gateway.ip == stack->address || stack->gateway.ip == stack->source))
		r = error_set(error, SGT_BAD_SETTING, "gateway = %.100s: that is our own address",
			      v[WIN_KEY_GATEWAY].texts[0]);
	return r;
}

static enum sgt_result read_name_servers(const struct sgt_stack *stack, const struct sgt_value *v,
					 struct sgt_error *error)
{
	struct ipaddr a;
	for (size_t i = 0; i < v->count; i++) {
		if (ipaddr_parse(v->texts[i], 53, &a, error) != SGT_OK || a.any)
			return error_set(error, SGT_BAD_SETTING,
					 "name_server = %.100s: not an IP address", v->texts[i]);
		if (a.u.sa.sa_family == AF_INET6 && !stack->six.set)
			return error_set(error, SGT_BAD_SETTING,
					 "name_server = %.100s: without source6 there is no IPv6",
					 v->texts[i]);
	}
	return SGT_OK;
}

static enum sgt_result get_cable(struct sgt_stack *stack, const char *url, struct sgt_error *error)
{
	struct win_place place;
	memset(&place, 0, sizeof place);
	memcpy(place.url, url, strlen(url) + 1);
	place.address = stack->address;
	place.source = stack->source;
	place.mask = stack->mask;
	place.gateway = stack->gateway.ip;
	memcpy(place.source6, stack->six.source, WIN_IP6_LEN);
	memcpy(place.gateway6, stack->six.gateway, WIN_IP6_LEN);
	place.bits6 = stack->six.bits;
	return win_cable_get(&place, &stack->cable, error);
}

static enum sgt_result read_values(struct sgt_stack *stack, const struct sgt_value *v,
				   struct sgt_error *error)
{
	if (!v[WIN_KEY_NETWORK].count)
		return missing("network", "vde:///run/vde.ctl", error);
	struct wire w;
	enum sgt_result r = wire_init(&w, v[WIN_KEY_NETWORK].texts[0], error);
	if (r == SGT_OK)
		r = read_addresses(stack, v, error);
	if (r == SGT_OK)
		r = win_create6(stack, &v[WIN_KEY_SOURCE6], &v[WIN_KEY_GATEWAY6], error);
	if (r == SGT_OK)
		r = read_name_servers(stack, &v[WIN_KEY_NAME_SERVER], error);
	return r == SGT_OK ? get_cable(stack, w.url, error) : r;
}

/* No socket but AF_UNIX ones is ever asked for. */
static int open_none(void *ctx, int family, int type)
{
	(void)ctx;
	(void)family;
	(void)type;
	return -EAFNOSUPPORT;
}

enum sgt_result win_create(const struct sgt_host *host, const struct sgt_create *with,
			   struct sgt_stack **stack, struct sgt_error *error)
{
	static const struct sock_ways ways = {.open = open_none,
					      .ended = win_listen_ended,
					      .lost = win_track_lost,
					      .gone = win_track_gone};
	struct sgt_stack *s = host->alloc(host->ctx, NULL, sizeof *s);
	if (!s)
		return no_memory(error);
	memset(s, 0, sizeof *s);
	sock_init(&s->sock, host, &ways, s);
	s->folder_fd = -1;
	s->name = copy(s, with->name ? with->name : "win");
	s->state_dir = with->state_dir ? copy(s, with->state_dir) : NULL;
	enum sgt_result r = s->name && (s->state_dir || !with->state_dir)
				    ? read_values(s, with->values, error)
				    : no_memory(error);
	if (r == SGT_OK)
		r = win_listen_check(s, with->plans, with->plan_count, error);
	win_ether_mac_of(s->address_mac, s->address);
	win_ether_mac_of(s->source_mac, s->source);
	if (r == SGT_OK)
		*stack = s;
	else
		win_destroy(s);
	return r;
}

void win_destroy(struct sgt_stack *stack)
{
	win_cable_put(&stack->cable);
	sock_alloc(&stack->sock, stack->name, 0);
	sock_alloc(&stack->sock, stack->state_dir, 0);
	sock_alloc(&stack->sock, stack, 0);
}
