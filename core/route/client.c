/* Clients and networks: see client.h. */
#include "route/client.h"

bool route_client_fits(const struct conf_nets *nets, const char *client)
{
	struct net_ip ip;
	if (client && net_ip_parse(client, &ip) == OK)
		return conf_nets_match(nets, &ip);
	for (size_t i = 0; i < nets->count; i++)
		if (nets->blocks[i].bits == 0)
			return true;
	return false;
}

const struct conf_profile *route_client_profile(const struct settings *s,
						const struct conf_listen *listen,
						const char *client, bool *named)
{
	for (size_t i = 0; i < s->profile_count; i++) {
		const struct conf_profile *p = &s->profiles[i];
		*named = route_client_fits(&p->clients, client);
		if (*named)
			return p;
	}
	return settings_profile(s, listen->profile);
}
