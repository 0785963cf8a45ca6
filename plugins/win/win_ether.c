/*
 * What passes between the network and libslirp.
 *
 * In: ARP that is ours to know, and segments to our two addresses for which there is a flow or an open
 * port. All else (datagrams, DHCP, fragments, frames for others that the switch floods) ends here: the
 * services that libslirp would offer its guests are out of anybody's reach, beside being turned off.
 * We answer ARP requests and echo requests ourselves.
 *
 * Out: segments, and ARP requests for hosts on the network. For a host that is not, the answer is
 * ours, and its segments go to the gateway's MAC. IPv6: win_six.c.
 */
#include "win/win.h"

#include <string.h>

#define GATEWAY_ASK_MS 1000u   /* how often it is asked for while it is not known */
#define GATEWAY_KEEP_MS 60000u /* and when it is */
#define ASIDE 6u               /* offset of the sender's MAC in a frame */
#define KIND_IPV4 0x0800u

void win_ether_mac_of(uint8_t mac[WIN_MAC_LEN], uint32_t ip)
{
	mac[0] = 0x52; /* as libslirp makes them: locally administered */
	mac[1] = 0x55;
	memcpy(mac + 2, &ip, 4);
}

static bool is_own(const struct sgt_stack *stack, uint32_t ip)
{
	return ip == stack->address || ip == stack->source;
}

static const uint8_t *own_mac(const struct sgt_stack *stack, uint32_t ip)
{
	return ip == stack->address ? stack->address_mac : stack->source_mac;
}

static bool is_near(const struct sgt_stack *stack, uint32_t ip)
{
	return (ip & stack->mask) == (stack->source & stack->mask);
}

/* A full queue loses it, as a network may; the peer's TCP or libslirp's sends it again. */
void win_ether_send(struct sgt_stack *stack, const uint8_t *frame, size_t n)
{
	if (win_cable_send(stack->cable, frame, n) < 0)
		stack->lost = true;
}

/* ---- ARP ---- */

static void send_arp(struct sgt_stack *stack, unsigned op, uint32_t own, uint32_t target,
		     const uint8_t *to_mac)
{
	uint8_t frame[ARP_FRAME_LEN];
	struct arp arp = {.op = op, .sender = own, .target = target};
	memcpy(arp.sender_mac, own_mac(stack, own), WIN_MAC_LEN);
	arp_write(frame, &arp, to_mac);
	win_ether_send(stack, frame, sizeof frame);
}

void win_ether_announce(struct sgt_stack *stack)
{
	send_arp(stack, ARP_REQUEST, stack->address, stack->address, NULL);
	send_arp(stack, ARP_REQUEST, stack->source, stack->source, NULL);
	win_six_announce(stack);
}

void win_ether_tell(struct sgt_stack *stack, uint32_t ip, const uint8_t *mac)
{
	uint8_t frame[ARP_FRAME_LEN];
	struct arp arp = {.op = ARP_REPLY, .sender = ip, .target = stack->source};
	memcpy(arp.sender_mac, mac, WIN_MAC_LEN);
	arp_write(frame, &arp, stack->source_mac);
	slirp_input(stack->slirp, frame, (int)sizeof frame);
	stack->again = true;
}

static void ask_gateway(struct sgt_stack *stack)
{
	struct win_gateway *g = &stack->gateway;
	uint64_t now = stack->sock.host->now_ms(stack->sock.host->ctx);
	if (g->asked_ms && now - g->asked_ms < (g->known ? GATEWAY_KEEP_MS : GATEWAY_ASK_MS))
		return;
	g->asked_ms = now;
	send_arp(stack, ARP_REQUEST, stack->source, g->ip, NULL);
}

void win_ether_settle(struct sgt_stack *stack)
{
	struct win_gateway *g = &stack->gateway;
	if (g->ip)
		ask_gateway(stack);
	if (!g->known)
		return;
	for (unsigned i = 0; i < g->asking_count; i++)
		win_ether_tell(stack, g->asking[i], g->mac);
	g->asking_count = 0;
}

/* libslirp asks for a host. */
static void asked_by_slirp(struct sgt_stack *stack, const struct arp *arp)
{
	struct win_gateway *g = &stack->gateway;
	if (win_six_asked(stack, arp->target))
		return;
	if (is_near(stack, arp->target))
		send_arp(stack, ARP_REQUEST, stack->source, arp->target, NULL);
	else if (g->asking_count < WIN_ASKING_MAX)
		g->asking[g->asking_count++] = arp->target; /* beyond: it asks again */
}

void win_ether_conflict(struct sgt_stack *stack, const char *ip, const uint8_t *mac)
{
	char text[ARP_MAC_TEXT];
	if (stack->conflict_told)
		return;
	stack->conflict_told = true;
	sock_log(&stack->sock, SGT_LOG_ERROR,
		 "%s: another host of the network (%s) has our address %s: give one of them "
		 "another",
		 stack->name, arp_print_mac(mac, text), ip);
}

static void arp_in(struct sgt_stack *stack, const struct arp *arp)
{
	struct win_gateway *g = &stack->gateway;
	char text[SGT_ADDRESS_MAX];
	if (is_own(stack, arp->sender)) {
		if (memcmp(arp->sender_mac, own_mac(stack, arp->sender), WIN_MAC_LEN) != 0)
			win_ether_conflict(stack, win_print(arp->sender, text), arp->sender_mac);
		return;
	}
	if (g->ip && arp->sender == g->ip) {
		memcpy(g->mac, arp->sender_mac, WIN_MAC_LEN);
		g->known = true;
	}
	if (arp->sender && is_near(stack, arp->sender) &&
	    (is_own(stack, arp->target) || arp->target == arp->sender))
		win_ether_tell(stack, arp->sender, arp->sender_mac);
	if (arp->op == ARP_REQUEST && is_own(stack, arp->target))
		send_arp(stack, ARP_REPLY, arp->target, arp->sender, arp->sender_mac);
}

/* ---- frames ---- */

void win_ether_send_reset(struct sgt_stack *stack, const struct win_flow *f,
			  const struct win_segment *s)
{
	uint8_t frame[WIN_RESET_LEN];
	win_frame_make_reset(frame, s);
	memcpy(frame, f->mac, WIN_MAC_LEN);
	memcpy(frame + ASIDE, own_mac(stack, s->from), WIN_MAC_LEN);
	if (f->hop)
		win_six_out(stack, f, frame, sizeof frame);
	else
		win_ether_send(stack, frame, sizeof frame);
}

void win_ether_send_back(struct sgt_stack *stack, const uint8_t *came, uint8_t *frame, size_t n)
{
	uint8_t to[WIN_MAC_LEN], from[WIN_MAC_LEN];
	memcpy(from, came, WIN_MAC_LEN);
	memcpy(to, came + ASIDE, WIN_MAC_LEN);
	memcpy(frame, to, WIN_MAC_LEN);
	memcpy(frame + ASIDE, from, WIN_MAC_LEN);
	win_ether_send(stack, frame, n);
}

static void datagram_in(struct sgt_stack *stack, uint8_t *frame, size_t n)
{
	struct win_segment s;
	struct win_returned r;
	uint8_t answer[WIN_RESET_LEN];
	uint32_t to;
	if (n < 34)
		return;
	memcpy(&to, frame + 30, sizeof to);
	if (!is_own(stack, to) || memcmp(frame, own_mac(stack, to), WIN_MAC_LEN) != 0)
		return;
	if (!win_frame_segment(frame, n, &s)) {
		if (win_frame_echo(frame, n))
			win_ether_send_back(stack, frame, frame, n);
		else if (win_frame_returned(frame, n, stack->source, &r))
			win_track_returned(stack, &r);
		return;
	}
	if (!win_track_in(stack, frame, n, &s) && win_frame_answer_reset(answer, &s))
		win_ether_send_back(stack, frame, answer, sizeof answer);
}

void win_ether_in(struct sgt_stack *stack, uint8_t *frame, size_t n)
{
	struct arp arp;
	if (arp_read(frame, n, &arp))
		arp_in(stack, &arp);
	else if (n <= WIN_FRAME_MAX && win_frame_kind(frame, n) == KIND_IPV4)
		datagram_in(stack, frame, n);
	else if (n <= WIN_FRAME_MAX)
		win_six_in(stack, frame, n);
}

static void send_segment(struct sgt_stack *stack, uint8_t *frame, size_t n,
			 const struct win_segment *s)
{
	const struct win_gateway *g = &stack->gateway;
	memcpy(frame + ASIDE, own_mac(stack, s->from), WIN_MAC_LEN);
	if (!is_near(stack, s->to)) {
		if (!g->known)
			return; /* it is being asked for; TCP sends this again */
		memcpy(frame, g->mac, WIN_MAC_LEN);
	}
	win_ether_send(stack, frame, n);
}

/* A segment of libslirp's. */
static void segment_out(struct sgt_stack *stack, uint8_t *frame, size_t n)
{
	struct win_segment s;
	const struct win_flow *f =
		win_frame_segment(frame, n, &s) ? win_track_out(stack, &s) : NULL;
	if (f && f->hop)
		win_six_out(stack, f, frame, n);
	else if (f)
		send_segment(stack, frame, n, &s);
}

void win_ether_out(struct sgt_stack *stack, uint8_t *frame, size_t n)
{
	struct arp arp;
	if (!arp_read(frame, n, &arp))
		segment_out(stack, frame, n);
	else if (arp.op == ARP_REQUEST)
		asked_by_slirp(stack, &arp);
}
