/*
 * IPv6 of win: connections that go out from source6. Here the network has IPv6 and libslirp IPv4: the segments of a flow
 * with a hop are turned over on their way, what ARP asks about a hop is asked of the network by neighbour discovery
 * (RFC 4861), and what others ask about source6 is answered.
 *
 * Router advertisements are not listened to: what is behind routers goes to gateway6. Only what is a segment of a flow, or
 * ICMPv6 for us, comes any further than this file.
 */
#include "win/win.h"

#include <arpa/inet.h>
#include <string.h>

/* ---- addresses ---- */

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;
	return memcmp(a, b, whole) == 0 && (!rest || (a[whole] ^ b[whole]) >> (8 - rest) == 0);
}

static bool is_link_local(const uint8_t *ip)
{
	return ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80;
}

bool win_six_is_near(const struct sgt_stack *stack, const uint8_t ip[WIN_IP6_LEN])
{
	return is_link_local(ip) || same_bits(ip, stack->six.source, stack->six.bits);
}

struct win_hop *win_six_hop(struct sgt_stack *stack, const uint8_t ip[WIN_IP6_LEN])
{
	const uint8_t *first = win_six_is_near(stack, ip) ? ip : stack->six.gateway;
	return win_hop_get(&stack->hops, first);
}

void win_six_ipaddr(struct ipaddr *out, const uint8_t ip[WIN_IP6_LEN], unsigned port)
{
	memset(out, 0, sizeof *out);
	out->u.in6.sin6_family = AF_INET6;
	memcpy(&out->u.in6.sin6_addr, ip, WIN_IP6_LEN);
	ipaddr_set_port(out, port);
}

const char *win_six_print(const uint8_t ip[WIN_IP6_LEN], char out[SGT_ADDRESS_MAX])
{
	struct ipaddr a;
	win_six_ipaddr(&a, ip, 0);
	return ipaddr_format_host(&a, out);
}

/* ---- neighbours ---- */

bool win_six_asked(struct sgt_stack *stack, uint32_t alias)
{
	uint8_t frame[WIN_NEIGHBOUR_LEN];
	const struct win_hop *h = win_hop_of_alias(&stack->hops, alias);
	if (!h)
		return false;
	win_icmp6_solicit(frame, stack->source_mac, stack->six.source, h->ip);
	win_ether_send(stack, frame, sizeof frame);
	return true;
}

void win_six_announce(struct sgt_stack *stack)
{
	uint8_t frame[WIN_NEIGHBOUR_LEN];
	if (!stack->six.set)
		return;
	win_icmp6_advert(frame, stack->source_mac, stack->six.source, NULL);
	win_ether_send(stack, frame, sizeof frame);
}

/* Where a host is that we send to. */
static void learn(struct sgt_stack *stack, const uint8_t *ip, const uint8_t *mac)
{
	const struct win_hop *h = win_hop_of_ip(&stack->hops, ip);
	if (h && !(mac[0] & 1)) /* no group */
		win_ether_tell(stack, h->alias, mac);
}

static void neighbour_in(struct sgt_stack *stack, const struct win_neighbour *n)
{
	uint8_t frame[WIN_NEIGHBOUR_LEN];
	char text[SGT_ADDRESS_MAX];
	bool ours = memcmp(n->target, stack->six.source, WIN_IP6_LEN) == 0;
	if (n->type == WIN_SOLICIT) {
		learn(stack, n->sender, n->mac);
		if (!ours)
			return;
		win_icmp6_advert(frame, stack->source_mac, stack->six.source, n);
		win_ether_send(stack, frame, sizeof frame);
	} else if (!ours) {
		learn(stack, n->target, n->mac);
	} else if (memcmp(n->mac, stack->source_mac, WIN_MAC_LEN) != 0) {
		win_ether_conflict(stack, win_six_print(n->target, text), n->mac);
	}
}

/* ---- packets that come ---- */

static bool is_for_us(const struct sgt_stack *stack, const struct win_packet6 *p)
{
	return memcmp(p->to, stack->six.source, WIN_IP6_LEN) == 0 &&
	       memcmp(p->frame, stack->source_mac, WIN_MAC_LEN) == 0;
}

static void returned_in(struct sgt_stack *stack, const struct win_packet6 *p)
{
	struct win_returned6 r;
	if (!win_icmp6_returned(p, stack->six.source, &r))
		return;
	const struct win_flow *f = win_flow_out(&stack->flows, r.from_port);
	if (f && f->hop && memcmp(f->peer6, r.to, WIN_IP6_LEN) == 0)
		win_track_returned(stack, &(struct win_returned){.to = f->peer,
								 .from_port = r.from_port,
								 .to_port = r.to_port});
}

static void icmp_in(struct sgt_stack *stack, struct win_packet6 *p, size_t n)
{
	struct win_neighbour about;
	if (!win_icmp6_is_good(p))
		return;
	if (win_icmp6_neighbour(p, &about))
		neighbour_in(stack, &about);
	else if (!is_for_us(stack, p))
		return;
	else if (win_icmp6_echo(p))
		win_ether_send_back(stack, p->frame, p->frame, n);
	else
		returned_in(stack, p);
}

/* The reset that answers a segment to nobody; s is that of libslirp's side. */
static void refuse(struct sgt_stack *stack, const struct win_packet6 *p,
		   const struct win_segment *s)
{
	uint8_t answer[WIN_RESET_LEN] = "", frame[WIN_FRAME_MAX];
	if (!win_frame_answer_reset(answer, s))
		return;
	size_t n = win_packet6_of4(answer, sizeof answer, p->to, p->from, frame);
	win_ether_send_back(stack, p->frame, frame, n);
}

static struct win_flow *flow_of(const struct sgt_stack *stack, const struct win_packet6 *p)
{
	unsigned from, to;
	if (!win_packet6_ports(p, &from, &to))
		return NULL;
	struct win_flow *f = win_flow_out(&stack->flows, to);
	return f && f->hop && f->peer_port == from && memcmp(f->peer6, p->from, WIN_IP6_LEN) == 0
		       ? f
		       : NULL;
}

static unsigned mss_to(const struct sgt_stack *stack, const struct win_flow *f)
{
	return win_six_is_near(stack, f->peer6) ? WIN_SIX_MSS_NEAR : WIN_SIX_MSS_FAR;
}

static void segment_in(struct sgt_stack *stack, const struct win_packet6 *p)
{
	uint8_t frame[WIN_FRAME_MAX];
	struct win_segment s;
	const struct win_flow *f = flow_of(stack, p);
	size_t n = win_packet6_as4(p, f ? f->peer : htonl(WIN_HOP_NET), stack->source, frame);
	if (!n || !win_frame_segment(frame, n, &s))
		return;
	if (f) {
		n = win_segment_default(frame, n, &s);
		win_segment_bound(&s, mss_to(stack, f));
	}
	if (!f || !win_track_in(stack, frame, n, &s))
		refuse(stack, p, &s);
}

void win_six_in(struct sgt_stack *stack, uint8_t *frame, size_t n)
{
	struct win_packet6 p;
	if (!stack->six.set || !win_packet6_read(frame, n, &p) || p.from[0] == 0xff)
		return;
	if (p.next == WIN_NEXT_ICMP6)
		icmp_in(stack, &p, n);
	else if (is_for_us(stack, &p))
		segment_in(stack, &p);
}

/* ---- segments that go ---- */

void win_six_out(struct sgt_stack *stack, const struct win_flow *f, uint8_t *frame, size_t n)
{
	uint8_t out[WIN_FRAME_MAX];
	struct win_segment s;
	if (!win_frame_segment(frame, n, &s))
		return;
	win_segment_bound(&s, mss_to(stack, f));
	n = win_packet6_of4(frame, n, stack->six.source, f->peer6, out);
	memcpy(out + WIN_MAC_LEN, stack->source_mac, WIN_MAC_LEN);
	if (n)
		win_ether_send(stack, out, n);
}
