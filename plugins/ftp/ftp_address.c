/* Addresses: between lwIP's form and the one that is read and printed; zones of the one network that there is. */
#include "ftp/ftp.h"

#include "support/zone.h"

#include <stdio.h>
#include <string.h>

#define ZONE 1u
#define ZONE_NAME "net"

unsigned zone_index(const char *name)
{
	return strcmp(name, ZONE_NAME) == 0 ? ZONE : 0;
}

const char *zone_name(unsigned index, char out[IF_NAMESIZE])
{
	if (index != ZONE)
		return NULL;
	snprintf(out, IF_NAMESIZE, ZONE_NAME);
	return out;
}

void ftp_ip_from(ip_addr_t *out, const struct ipaddr *a)
{
	if (a->any) {
		*out = (ip_addr_t)IPADDR_ANY_TYPE_INIT;
	} else if (a->u.sa.sa_family == AF_INET) {
		ip_addr_set_ip4_u32_val(*out, a->u.in4.sin_addr.s_addr);
	} else {
		ip_addr_set_zero_ip6(out);
		memcpy(ip_2_ip6(out)->addr, &a->u.in6.sin6_addr, sizeof ip_2_ip6(out)->addr);
		if (ip6_addr_has_scope(ip_2_ip6(out), IP6_UNICAST))
			ip6_addr_set_zone(ip_2_ip6(out), ZONE);
	}
}

void ftp_ip_to(struct ipaddr *out, const ip_addr_t *ip, unsigned port)
{
	memset(out, 0, sizeof *out);
	if (IP_IS_V6(ip)) {
		out->u.in6.sin6_family = AF_INET6;
		memcpy(&out->u.in6.sin6_addr, ip_2_ip6(ip)->addr, sizeof out->u.in6.sin6_addr);
		if (IN6_IS_ADDR_LINKLOCAL(&out->u.in6.sin6_addr))
			out->u.in6.sin6_scope_id = ZONE;
	} else {
		out->u.in4.sin_family = AF_INET;
		out->u.in4.sin_addr.s_addr = ip_2_ip4(ip)->addr;
	}
	ipaddr_set_port(out, port);
}

bool ftp_owns(const struct ftp_face *f, const ip_addr_t *ip)
{
	if (!IP_IS_V6(ip))
		return f->set.has_ip4 && ip4_addr_cmp(ip_2_ip4(ip), &f->set.ip4);
	for (size_t i = 0; i < f->set.ip6_count; i++)
		if (ip6_addr_cmp_zoneless(ip_2_ip6(ip), &f->set.ip6[i]))
			return true;
	for (int i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) /* the link's own */
		if (ip6_addr_isvalid(netif_ip6_addr_state(&f->netif, i)) &&
		    ip6_addr_cmp_zoneless(ip_2_ip6(ip), netif_ip6_addr(&f->netif, i)))
			return true;
	return false;
}

enum sgt_result ftp_own_check(const struct ftp_face *f, const struct ipaddr *a,
			      struct sgt_error *error)
{
	char text[SGT_ADDRESS_MAX];
	ip_addr_t ip;
	ftp_ip_from(&ip, a);
	if (a->any || ip_addr_isany(&ip) || ftp_owns(f, &ip))
		return SGT_OK;
	error_set(error, SGT_BAD_ADDRESS, "%s is not an address of this stack",
		  ipaddr_format_host(a, text));
	error_remedy(error, "address = in the vendor's section says which there are");
	return SGT_BAD_ADDRESS;
}
