/* Own listening addresses: see own.h. Asks the stack for its addresses, so `*:25` is understood. */
#include "gateway/own.h"

#include "base/net.h"
#include "gateway/inbound.h"

#include <string.h>

struct search {
	struct net_ip ip;
	bool found;
};

static void compare(void *ctx, const char *address)
{
	struct search *s = ctx;
	struct net_ip ip;
	if (net_ip_parse(address, &ip) == OK && net_ip_equal(&ip, &s->ip))
		s->found = true;
}

bool own_address(struct lane *l, const char *host, unsigned port)
{
	struct search s = {.found = false};
	if (net_ip_parse(host, &s.ip) != OK)
		return false;
	for (struct inbound *in = l->vendor->g->inbound; in; in = in->next) {
		if (strcmp(in->vendor, l->vendor->name) != 0)
			continue;
		for (size_t i = 0; i < in->conf->addresses.count; i++) {
			char own[256];
			unsigned own_port;
			struct net_ip ip;
			if (net_hostport(in->conf->addresses.items[i], own, sizeof own, &own_port,
					 true) != OK ||
			    own_port != port)
				continue;
			if (net_ip_parse(own, &ip) == OK && !net_ip_is_any(&ip)) {
				if (net_ip_equal(&ip, &s.ip))
					return true;
				continue;
			}
			if (net_ip_is_loopback(&s.ip) || net_ip_is_any(&s.ip))
				return true;
			stack_own_addresses(l->stack, compare, &s);
			if (s.found)
				return true;
		}
	}
	return false;
}
