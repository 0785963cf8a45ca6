/*
 * The host's network, layer by layer: see hostprobe.h.
 *
 * With CAP_NET_RAW addresses and the gateway are asked by ARP. Without, whether another host has our address cannot be seen, and
 * the gateway is reached for by a datagram: the kernel looks for its MAC then, and says so when nobody answers.
 */
#include "support/hostprobe.h"
#include "support/climb.h"
#include "support/hostroute.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define OWN_MAX 8    /* addresses of a device that are asked for */
#define POKE_MS 6000 /* the kernel asks three times, a second each */
#define DISCARD 9    /* RFC 863: who listens there throws it away */
#define TEXT_MAX 512

struct host {
	struct climb *climb;
	char device[IF_NAMESIZE];
	bool has_route;
	struct hostroute route;
	unsigned flags; /* IFF_ */
	bool ethernet;
	struct arp_port port; /* fd -1: may not */
	struct climb_own own[OWN_MAX];
	size_t own_count;
	char addresses[TEXT_MAX];
};

/* ---- which device ---- */

/* The device that has the address, or, without one, the first that is up and is not the loopback. */
static void find_device(const struct ifaddrs *all, const struct ipaddr *source,
			char out[IF_NAMESIZE])
{
	struct ipaddr a;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		if (!i->ifa_addr || !(i->ifa_flags & IFF_UP) || !ipaddr_from(&a, i->ifa_addr) ||
		    (source ? !ipaddr_equal(&a, source) : i->ifa_flags & IFF_LOOPBACK))
			continue;
		snprintf(out, IF_NAMESIZE, "%.15s", i->ifa_name);
		return;
	}
	snprintf(out, IF_NAMESIZE, "lo");
}

static void choose(struct host *h, const char *device, const struct ipaddr *source)
{
	struct ifaddrs *all = NULL;
	snprintf(h->device, sizeof h->device, "%.15s", device);
	if (!*device && source && getifaddrs(&all) == 0)
		find_device(all, source, h->device);
	h->has_route = hostroute_find(h->device, &h->route);
	if (!h->device[0] && h->has_route)
		snprintf(h->device, sizeof h->device, "%s", h->route.device);
	if (!h->device[0] && getifaddrs(&all) == 0)
		find_device(all, NULL, h->device);
	if (all)
		freeifaddrs(all);
}

/* ---- link ---- */

static bool ask_device(int fd, unsigned long what, const char *device, struct ifreq *r)
{
	memset(r, 0, sizeof *r);
	snprintf(r->ifr_name, sizeof r->ifr_name, "%s", device);
	return ioctl(fd, what, r) == 0;
}

static bool climb_link(struct host *h)
{
	struct ifreq r;
	char mac[ARP_MAC_TEXT], remedy[SGT_TEXT_MAX];
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool there = fd >= 0 && ask_device(fd, SIOCGIFFLAGS, h->device, &r);
	h->flags = there ? (unsigned short)r.ifr_flags : 0;
	h->ethernet = there && ask_device(fd, SIOCGIFHWADDR, h->device, &r) &&
		      r.ifr_hwaddr.sa_family == ARPHRD_ETHER && !(h->flags & IFF_NOARP);
	memcpy(h->port.mac, r.ifr_hwaddr.sa_data, sizeof h->port.mac);
	if (fd >= 0)
		close(fd);
	snprintf(remedy, sizeof remedy, "ip link show %s", h->device);
	if (!there)
		return climb_stop(h->climb, "link", SGT_SOCKET, "ip link show",
				  "there is no network device %s", h->device);
	if (h->flags & IFF_LOOPBACK)
		return climb_good(h->climb, "link", "%s: only this machine is reached", h->device);
	if (!(h->flags & IFF_RUNNING))
		return climb_stop(
			h->climb, "link", SGT_UNREACHABLE, remedy,
			"%s has no carrier: its cable is pulled, or the other end is down",
			h->device);
	return climb_good(h->climb, "link", "%s%s%s", h->device, h->ethernet ? ", MAC " : "",
			  h->ethernet ? arp_print_mac(h->port.mac, mac) : "");
}

/* ---- address ---- */

static unsigned bits_of(const struct sockaddr *mask, int family)
{
	const unsigned char *p = (const unsigned char *)mask;
	size_t at = family == AF_INET ? offsetof(struct sockaddr_in, sin_addr)
				      : offsetof(struct sockaddr_in6, sin6_addr);
	size_t n = family == AF_INET ? 4 : 16;
	unsigned bits = 0;
	for (size_t i = 0; mask && i < n; i++)
		bits += (unsigned)__builtin_popcount(p[at + i]);
	return bits;
}

static void add_address(struct host *h, const struct ifaddrs *i)
{
	struct ipaddr a;
	char text[SGT_ADDRESS_MAX];
	size_t n = strlen(h->addresses);
	if (!i->ifa_addr || strcmp(i->ifa_name, h->device) != 0 || !ipaddr_from(&a, i->ifa_addr))
		return;
	snprintf(h->addresses + n, sizeof h->addresses - n, "%s%s/%u", n ? ", " : "",
		 ipaddr_format_host(&a, text), bits_of(i->ifa_netmask, a.u.sa.sa_family));
	if (a.u.sa.sa_family == AF_INET && h->own_count < OWN_MAX)
		h->own[h->own_count++].ip = a.u.in4.sin_addr.s_addr;
}

static bool climb_address(struct host *h)
{
	struct ifaddrs *all;
	char remedy[SGT_TEXT_MAX];
	if (getifaddrs(&all) == 0) {
		for (const struct ifaddrs *i = all; i; i = i->ifa_next)
			add_address(h, i);
		freeifaddrs(all);
	}
	snprintf(remedy, sizeof remedy, "ip address add ADDRESS/BITS dev %s", h->device);
	return h->addresses[0] ? climb_good(h->climb, "address", "%s", h->addresses)
			       : climb_stop(h->climb, "address", SGT_UNREACHABLE, remedy,
					    "%s has no address", h->device);
}

/* ---- conflict ---- */

static bool send_frame(void *ctx, const void *frame, size_t n)
{
	return send(*(const int *)ctx, frame, n, MSG_DONTWAIT) >= 0 || errno != ENETDOWN;
}

static long receive(void *ctx, void *frame, size_t size)
{
	ssize_t n = recv(*(const int *)ctx, frame, size, MSG_DONTWAIT);
	return n >= 0 ? n : errno == ENETDOWN ? -1 : 0;
}

static void open_port(struct host *h)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP)};
	h->port.send = send_frame;
	h->port.receive = receive;
	h->port.ctx = &h->port.fd;
	h->port.fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ARP));
	at.sll_ifindex = (int)if_nametoindex(h->device);
	if (h->port.fd < 0 || bind(h->port.fd, (struct sockaddr *)&at, sizeof at) == 0)
		return;
	close(h->port.fd);
	h->port.fd = -1;
}

/* An IPv6 address that the kernel found at another host (RFC 4862, 5.4.5); false: there is none. */
static bool find_duplicate(const char *device, char out[INET6_ADDRSTRLEN])
{
	FILE *f = fopen("/proc/net/if_inet6", "re");
	char hex[33], name[IF_NAMESIZE];
	unsigned flags;
	bool found = false;
	while (f && !found && fscanf(f, "%32s %*s %*s %*s %x %15s", hex, &flags, name) == 3) {
		struct in6_addr in;
		found = flags & 0x08 /* IFA_F_DADFAILED */ && strcmp(name, device) == 0;
		for (size_t i = 0; found && i < sizeof in.s6_addr; i++)
			found = sscanf(hex + 2 * i, "%2hhx", &in.s6_addr[i]) == 1;
		if (found)
			inet_ntop(AF_INET6, &in, out, INET6_ADDRSTRLEN);
	}
	if (f)
		fclose(f);
	return found;
}

static bool climb_conflict_here(struct host *h)
{
	char in6[INET6_ADDRSTRLEN], remedy[SGT_TEXT_MAX];
	snprintf(remedy, sizeof remedy,
		 "give one of them another address: ip address show dev %s    # ours", h->device);
	if (find_duplicate(h->device, in6))
		return climb_stop(h->climb, "conflict", SGT_IN_USE, remedy,
				  "%s is in use by another host too", in6);
	if (!h->ethernet || !h->own_count)
		return climb_good(h->climb, "conflict", "cannot be on %s", h->device);
	if (h->port.fd < 0)
		return climb_good(h->climb, "conflict",
				  "not looked at: to ask the network needs root or CAP_NET_RAW");
	return climb_conflict(h->climb, &h->port, h->own, h->own_count, remedy);
}

/* ---- gateway ---- */

/* What the kernel says of a datagram to it: 0: nothing, in all the time. */
static int poke(const struct host *h, const struct ipaddr *gateway)
{
	struct ipaddr to = *gateway;
	int on = 1, family = to.u.sa.sa_family, e = 0;
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd p = {.fd = fd};
	ipaddr_set_port(&to, DISCARD);
	if (fd < 0)
		return errno;
	setsockopt(fd, family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
		   family == AF_INET ? IP_RECVERR : IPV6_RECVERR, &on, sizeof on);
	if (connect(fd, &to.u.sa, ipaddr_len(&to)) < 0 || send(fd, "", 1, 0) < 0)
		e = errno;
	if (!e && poll(&p, 1, climb_left(h->climb, POKE_MS)) == 1) {
		socklen_t n = sizeof e;
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &n);
	}
	close(fd);
	return e;
}

static bool climb_gateway_by_datagram(struct host *h, const char *ip, const char *remedy)
{
	int e = poke(h, &h->route.gateway);
	if (!e || e == ECONNREFUSED)
		return climb_good(h->climb, "gateway", "%s %s", ip,
				  e ? "answers" : "takes what is sent to it");
	return climb_stop(h->climb, "gateway", SGT_UNREACHABLE, remedy, "%s %s%s%s", ip,
			  e == EHOSTUNREACH ? "does not answer" : "is not reached: ",
			  e == EHOSTUNREACH ? "" : strerrordesc_np(e), "");
}

static bool climb_gateway_here(struct host *h)
{
	char ip[SGT_ADDRESS_MAX], remedy[SGT_TEXT_MAX];
	const struct hostroute *r = &h->route;
	if (!h->has_route)
		return climb_good(h->climb, "gateway", "none is set: only %s reached",
				  h->flags & IFF_LOOPBACK ? "this machine is"
							  : "the networks of those addresses are");
	if (!r->has_gateway)
		return climb_good(h->climb, "gateway", "none is needed: %s leads everywhere",
				  r->device);
	ipaddr_format_host(&r->gateway, ip);
	snprintf(remedy, sizeof remedy,
		 "start that router, or: ip route replace default via ROUTER dev %s", r->device);
	if (h->port.fd >= 0 && h->ethernet && r->gateway.u.sa.sa_family == AF_INET)
		return climb_gateway(h->climb, &h->port, r->gateway.u.in4.sin_addr.s_addr, remedy);
	return climb_gateway_by_datagram(h, ip, remedy);
}

void hostprobe(const char *device, const struct ipaddr *source, int limit_ms,
	       void (*fn)(void *ctx, const struct sgt_finding *finding), void *ctx)
{
	struct climb c;
	struct host h = {.climb = &c};
	climb_begin(&c, limit_ms, fn, ctx);
	choose(&h, device, source);
	open_port(&h);
	if (climb_link(&h) && climb_address(&h) && climb_conflict_here(&h))
		climb_gateway_here(&h);
	if (h.port.fd >= 0)
		close(h.port.fd);
}
