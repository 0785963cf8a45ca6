/*
 * What `smtpgate probe` asks of win's network: its switch, our two addresses, whether another host has them, and the gateway.
 * By a port of its own on that network, with a MAC of its own, so that the ports of a running gateway stay as they are.
 */
#include "support/climb.h"
#include "win/win.h"

#include <string.h>

static bool send_frame(void *ctx, const void *frame, size_t n)
{
	return wire_send(ctx, frame, n) >= 0;
}

static long receive(void *ctx, void *frame, size_t size)
{
	return wire_recv(ctx, frame, size);
}

static bool climb_link(struct climb *c, struct sgt_stack *stack)
{
	struct sgt_error error = {0};
	char mac[ARP_MAC_TEXT];
	enum sgt_result r = wire_open(&stack->cable->wire, &error);
	if (r != SGT_OK)
		return climb_stop(c, "link", r, error.remedy, "%s", error.text);
	return climb_good(c, "link", "%s takes us, with MAC %s", stack->cable->wire.url,
			  arp_print_mac(stack->address_mac, mac));
}

/* Locally administered, and like no other port's. */
static void make_mac(const struct sgt_stack *stack, uint8_t mac[ARP_MAC_LEN])
{
	const struct sgt_host *host = stack->sock.host;
	uint64_t r = host->random(host->ctx);
	memcpy(mac, &r, ARP_MAC_LEN);
	mac[0] = 0x02;
}

static bool climb_rest(struct climb *c, struct sgt_stack *stack)
{
	char address[SGT_ADDRESS_MAX], source[SGT_ADDRESS_MAX], six[SGT_ADDRESS_MAX] = "";
	struct arp_port port = {.fd = wire_fd(&stack->cable->wire),
				.send = send_frame,
				.receive = receive,
				.ctx = &stack->cable->wire};
	const struct climb_own own[] = {{stack->address, stack->address_mac},
					{stack->source, stack->source_mac}};
	make_mac(stack, port.mac);
	if (stack->six.set)
		win_six_print(stack->six.source, six);
	climb_good(c, "address", "%s, connections come from %s%s%s",
		   win_print(stack->address, address), win_print(stack->source, source),
		   six[0] ? " and " : "", six);
	if (!climb_conflict(c, &port, own, 2,
			    "give one of them another address: address and source in [vendor "
			    "NAME]"))
		return false;
	if (!stack->gateway.ip)
		return climb_good(c, "gateway",
				  "none is set: only hosts of that network are reached");
	return climb_gateway(c, &port, stack->gateway.ip,
			     "start that router, or correct gateway in [vendor NAME]");
}

void win_probe(struct sgt_stack *stack, int limit_ms,
	       void (*fn)(void *ctx, const struct sgt_finding *finding), void *ctx)
{
	struct climb c;
	climb_begin(&c, limit_ms, fn, ctx);
	if (climb_link(&c, stack))
		climb_rest(&c, stack);
	wire_close(&stack->cable->wire);
}
