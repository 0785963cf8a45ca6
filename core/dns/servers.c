/* The machine's own name servers, as c-ares reads /etc/resolv.conf: see dns_servers in dns.h. */
#include "dns/dns_int.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>

static void print(const struct ares_addr_port_node *n, char out[DNS_SERVER_TEXT])
{
	char ip[INET6_ADDRSTRLEN] = "";
	int port = n->udp_port ? n->udp_port : 53;
	inet_ntop(n->family, &n->addr, ip, sizeof ip);
	snprintf(out, DNS_SERVER_TEXT, n->family == AF_INET6 ? "[%s]:%d" : "%s:%d", ip, port);
}

size_t dns_servers(char list[DNS_SERVERS_MAX][DNS_SERVER_TEXT])
{
	ares_channel channel;
	struct ares_addr_port_node *all = NULL;
	size_t count = 0;
	if (ares_init(&channel) != ARES_SUCCESS)
		return 0;
	if (ares_get_servers_ports(channel, &all) == ARES_SUCCESS)
		for (const struct ares_addr_port_node *n = all; n && count < DNS_SERVERS_MAX;
		     n = n->next)
			print(n, list[count++]);
	if (all)
		ares_free_data(all);
	ares_destroy(channel);
	return count;
}
