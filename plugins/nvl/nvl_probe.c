/*
 * What `smtpgate probe` asks of a private network: its Ethernet, our addresses, whether another host has them, and the gateway.
 * The network stands but has not been let go, so a running gateway with the same addresses is not disturbed; the questions
 * go past it, by a MAC that is nobody's. IPv6 has no question that claims nothing: it is not asked.
 */
#include "nvl/nvl.h"
#include "support/climb.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static bool send_frame(void *ctx, const void *frame, size_t n)
{
	const struct arp_port *port = ctx;
	return send(port->fd, frame, n, MSG_NOSIGNAL) >= 0 || errno == EAGAIN;
}

static long receive(void *ctx, void *frame, size_t size)
{
	const struct arp_port *port = ctx;
	ssize_t n = recv(port->fd, frame, size, MSG_DONTWAIT);
	return n > 0 ? n : n < 0 && errno == EAGAIN ? 0 : -1;
}

/* Locally administered, and like no other port's. */
static void make_mac(const struct sgt_stack *s, uint8_t mac[ARP_MAC_LEN])
{
	const struct sgt_host *host = s->sock.host;
	uint64_t r = host->random(host->ctx);
	memcpy(mac, &r, ARP_MAC_LEN);
	mac[0] = 2;
}

static bool climb_link(struct climb *c, const struct sgt_stack *s, struct arp_port *port)
{
	char mac[ARP_MAC_TEXT];
	if (nvl_is_loopback(&s->spec))
		return climb_good(c, "link", "loopback: a network that ends at this process");
	port->fd = nvl_net_port(s->net, s->build);
	if (port->fd < 0)
		return climb_stop(c, "link", SGT_SOCKET, "", "the private network was lost: %s",
				  strerrordesc_np(-port->fd));
	return climb_good(c, "link", "%s takes us, with MAC %s", s->spec.network,
			  arp_print_mac(s->spec.mac, mac));
}

static bool climb_address(struct climb *c, const struct sgt_stack *s)
{
	char text[SGT_TEXT_MAX] = "127.0.0.1, ::1", one[SGT_ADDRESS_MAX];
	size_t at = nvl_is_loopback(&s->spec) ? strlen(text) : 0;
	for (uint32_t i = 0; i < s->spec.address_count && at < sizeof text - 64; i++)
		at += (size_t)snprintf(text + at, sizeof text - at, "%s%s/%u", at ? ", " : "",
				       nvl_spec_print(&s->spec.addresses[i], one),
				       s->spec.addresses[i].bits);
	return climb_good(c, "address", "%s", text);
}

static uint32_t ip_of(const struct nvl_cidr *a)
{
	uint32_t ip;
	memcpy(&ip, a->bytes, sizeof ip);
	return ip;
}

static bool climb_own(struct climb *c, const struct sgt_stack *s, const struct arp_port *port)
{
	struct climb_own own[NVL_ADDRESSES];
	size_t n = 0;
	for (uint32_t i = 0; i < s->spec.address_count; i++)
		if (s->spec.addresses[i].family == AF_INET)
			own[n++] = (struct climb_own){ip_of(&s->spec.addresses[i]), s->spec.mac};
	if (port->fd < 0 || !n)
		return climb_good(c, "conflict", "not looked for: %s",
				  port->fd < 0 ? "nobody else is there"
					       : "there is no IPv4 address");
	return climb_conflict(c, port, own, n, "give address in [vendor NAME] a free one");
}

static bool climb_router(struct climb *c, const struct sgt_stack *s, const struct arp_port *port)
{
	char text[SGT_ADDRESS_MAX];
	for (uint32_t i = 0; i < s->spec.gateway_count; i++)
		if (s->spec.gateways[i].family == AF_INET && port->fd >= 0)
			return climb_gateway(
				c, port, ip_of(&s->spec.gateways[i]),
				"start that router, or correct gateway in [vendor NAME]");
	if (!s->spec.gateway_count)
		return climb_good(c, "gateway", "none is set: only that network is reached");
	return climb_good(c, "gateway", "%s is not asked",
			  nvl_spec_print(&s->spec.gateways[0], text));
}

void nvl_probe(struct sgt_stack *s, int limit_ms,
	       void (*fn)(void *ctx, const struct sgt_finding *finding), void *ctx)
{
	struct climb c;
	struct arp_port port = {.fd = -1, .send = send_frame, .receive = receive};
	port.ctx = &port;
	make_mac(s, port.mac);
	climb_begin(&c, limit_ms, fn, ctx);
	if (climb_link(&c, s, &port) && climb_address(&c, s) && climb_own(&c, s, &port))
		climb_router(&c, s, &port);
	if (port.fd >= 0)
		close(port.fd);
}
