/* Hops: see win_hop.h. */
#include "win/win_hop.h"

#include <arpa/inet.h>
#include <string.h>

struct win_hop *win_hop_of_alias(struct win_hops *hops, uint32_t alias)
{
	for (unsigned i = 0; i < WIN_HOPS_MAX; i++)
		if (alias && hops->all[i].alias == alias)
			return &hops->all[i];
	return NULL;
}

struct win_hop *win_hop_of_ip(struct win_hops *hops, const uint8_t ip[WIN_IP6_LEN])
{
	for (unsigned i = 0; i < WIN_HOPS_MAX; i++)
		if (hops->all[i].alias && memcmp(hops->all[i].ip, ip, WIN_IP6_LEN) == 0)
			return &hops->all[i];
	return NULL;
}

/* The next of 240.0.0.1 to 240.255.255.254. */
static uint32_t next_alias(struct win_hops *hops)
{
	hops->given = hops->given % (~WIN_HOP_MASK - 1) + 1;
	return htonl(WIN_HOP_NET | hops->given);
}

struct win_hop *win_hop_get(struct win_hops *hops, const uint8_t ip[WIN_IP6_LEN])
{
	struct win_hop *h = win_hop_of_ip(hops, ip);
	if (h)
		return h;
	for (unsigned i = 0; i < WIN_HOPS_MAX; i++) {
		/* From where the last one was made, so that who was used lately stays. */
		h = &hops->all[(hops->given + i) % WIN_HOPS_MAX];
		if (h->flows)
			continue;
		*h = (struct win_hop){.alias = next_alias(hops)};
		memcpy(h->ip, ip, WIN_IP6_LEN);
		return h;
	}
	return NULL;
}
