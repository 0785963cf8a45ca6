/* IPv6 packets: see win_packet6.h. */
#include "win/win_packet6.h"

#include "win/win_word.h"

#include <string.h>

#define ETHER 14u /* bytes of its header */
#define IP4 20u
#define IP6 40u
#define TCP 20u
#define NEIGHBOUR 24u  /* of a question or an answer, before its options */
#define LINK_OPTION 8u /* bytes of one with an Ethernet address */
#define HOPS_NEAR 255u /* nothing that came through a router has it */
#define OPTION_MSS 2u
#define MSS_OPTION 4u /* bytes of it */
#define TCP_MOST 60u  /* of its header, with options */
#define ALL_NODES 1u

enum { UNREACHABLE = 1, ECHO_REQUEST = 128, ECHO_ANSWER = 129 };

static void put_ip6(uint8_t *ip, unsigned next, unsigned hops, size_t len, const uint8_t *from,
		    const uint8_t *to)
{
	memset(ip, 0, 8);
	ip[0] = 0x60;
	put16(ip + 4, (unsigned)len);
	ip[6] = (uint8_t)next;
	ip[7] = (uint8_t)hops;
	memmove(ip + 8, from, WIN_IP6_LEN);
	memmove(ip + 24, to, WIN_IP6_LEN);
}

/* Of header and payload, with the pseudo header (RFC 8200, section 8.1): 0xffff when the checksum in it is right. */
static unsigned whole_sum(const uint8_t *ip, unsigned next, size_t len)
{
	return fold(sum(ip + IP6, len, sum(ip + 8, 2 * WIN_IP6_LEN, (uint32_t)(next + len))));
}

bool win_packet6_read(uint8_t *frame, size_t n, struct win_packet6 *p)
{
	uint8_t *ip = frame + ETHER;
	if (n < ETHER + IP6 || get16(frame + 12) != WIN_KIND_IPV6 || ip[0] >> 4 != 6)
		return false;
	*p = (struct win_packet6){.frame = frame,
				  .from = ip + 8,
				  .to = ip + 24,
				  .payload = ip + IP6,
				  .len = get16(ip + 4),
				  .next = ip[6],
				  .hops = ip[7]};
	return p->len <= n - ETHER - IP6;
}

bool win_ip6_is_zero(const uint8_t ip[WIN_IP6_LEN])
{
	static const uint8_t zero[WIN_IP6_LEN];
	return memcmp(ip, zero, sizeof zero) == 0;
}

/* ---- TCP ---- */

bool win_packet6_ports(const struct win_packet6 *p, unsigned *from, unsigned *to)
{
	if (p->next != WIN_NEXT_TCP || p->len < TCP)
		return false;
	*from = get16(p->payload);
	*to = get16(p->payload + 2);
	return true;
}

/* The checksum covers the addresses: these go, those come (RFC 1624, equation 3). */
static void readdress(uint8_t *tcp, uint32_t old, uint32_t new)
{
	uint32_t s = (~get16(tcp + 16) & 0xffff) + (~fold(old) & 0xffff) + fold(new);
	put16(tcp + 16, ~fold(s) & 0xffff);
}

size_t win_packet6_as4(const struct win_packet6 *p, uint32_t from, uint32_t to,
		       uint8_t out[WIN_FRAME_MAX])
{
	uint8_t *ip = out + ETHER;
	size_t n = ETHER + IP4 + p->len;
	if (p->next != WIN_NEXT_TCP || p->len < TCP || n > WIN_FRAME_MAX)
		return 0;
	memcpy(out, p->frame, ETHER);
	put16(out + 12, 0x0800);
	memset(ip, 0, IP4);
	ip[0] = 0x45;
	put16(ip + 2, (unsigned)(IP4 + p->len));
	ip[8] = 64; /* hops */
	ip[9] = WIN_NEXT_TCP;
	memcpy(ip + 12, &from, 4);
	memcpy(ip + 16, &to, 4);
	put16(ip + 10, ~fold(sum(ip, IP4, 0)) & 0xffff);
	memcpy(ip + IP4, p->payload, p->len);
	readdress(ip + IP4, sum(p->from, 2 * WIN_IP6_LEN, 0), sum(ip + 12, 8, 0));
	return n;
}

size_t win_packet6_of4(uint8_t *frame, size_t n, const uint8_t from[WIN_IP6_LEN],
		       const uint8_t to[WIN_IP6_LEN], uint8_t out[WIN_FRAME_MAX])
{
	struct win_segment s;
	uint8_t *ip = out + ETHER;
	if (!win_frame_segment(frame, n, &s))
		return 0;
	const uint8_t *old = frame + ETHER;
	size_t len = get16(old + 2) - (size_t)(s.tcp - old);
	if (ETHER + IP6 + len > WIN_FRAME_MAX)
		return 0;
	memcpy(out, frame, ETHER);
	put16(out + 12, WIN_KIND_IPV6);
	put_ip6(ip, WIN_NEXT_TCP, 64, len, from, to);
	memcpy(ip + IP6, s.tcp, len);
	readdress(ip + IP6, sum(old + 12, 8, 0), sum(ip + 8, 2 * WIN_IP6_LEN, 0));
	return ETHER + IP6 + len;
}

/* Where the option of this kind stands in a TCP header; NULL: nowhere. */
static uint8_t *option_of(uint8_t *tcp, unsigned kind, unsigned size)
{
	size_t end = (size_t)(tcp[12] >> 4) * 4, at = TCP;
	while (at < end && tcp[at]) {
		size_t len = tcp[at] == 1 ? 1 : at + 1 < end ? tcp[at + 1] : 0;
		if (!len || len > end - at)
			return NULL;
		if (tcp[at] == kind && len == size)
			return tcp + at;
		at += len;
	}
	return NULL;
}

void win_segment_bound(const struct win_segment *s, unsigned mss)
{
	uint8_t *o = s->flags & WIN_SYN ? option_of(s->tcp, OPTION_MSS, MSS_OPTION) : NULL;
	unsigned old = o ? get16(o + 2) : 0;
	if (!o || old <= mss)
		return;
	put16(o + 2, mss);
	bool odd = (o - s->tcp) % 2; /* then its bytes lie across the words that are summed */
	readdress(s->tcp, odd ? (old >> 8 | old << 8) & 0xffff : old,
		  odd ? (mss >> 8 | mss << 8) & 0xffff : mss);
}

size_t win_segment_default(uint8_t frame[WIN_FRAME_MAX], size_t n, const struct win_segment *s)
{
	uint8_t *ip = frame + ETHER, *tcp = s->tcp;
	size_t head = (size_t)(tcp[12] >> 4) * 4;
	if (!(s->flags & WIN_SYN) || option_of(tcp, OPTION_MSS, MSS_OPTION) ||
	    head + MSS_OPTION > TCP_MOST || n + MSS_OPTION > WIN_FRAME_MAX)
		return n;
	size_t len = head + s->payload;
	uint32_t old = (uint32_t)len + get16(tcp + 12);
	memmove(tcp + TCP + MSS_OPTION, tcp + TCP, len - TCP); /* first: before an end of options */
	tcp[12] = (uint8_t)(tcp[12] + (MSS_OPTION / 4 << 4));
	tcp[TCP] = OPTION_MSS;
	tcp[TCP + 1] = MSS_OPTION;
	put16(tcp + TCP + 2, WIN_SIX_MSS_FAR);
	readdress(tcp, old,
		  (uint32_t)(len + MSS_OPTION) + get16(tcp + 12) + sum(tcp + TCP, MSS_OPTION, 0));
	put16(ip + 2, get16(ip + 2) + MSS_OPTION);
	put16(ip + 10, 0);
	put16(ip + 10, ~fold(sum(ip, IP4, 0)) & 0xffff);
	return n + MSS_OPTION;
}

/* ---- ICMPv6 ---- */

bool win_icmp6_is_good(const struct win_packet6 *p)
{
	return p->next == WIN_NEXT_ICMP6 && p->len >= 8 &&
	       whole_sum(p->payload - IP6, p->next, p->len) == 0xffff;
}

static void sign(uint8_t *ip, size_t len)
{
	put16(ip + IP6 + 2, 0);
	put16(ip + IP6 + 2, ~whole_sum(ip, WIN_NEXT_ICMP6, len) & 0xffff);
}

bool win_icmp6_echo(struct win_packet6 *p)
{
	uint8_t from[WIN_IP6_LEN], *ip = p->payload - IP6;
	if (p->payload[0] != ECHO_REQUEST)
		return false;
	memcpy(from, p->from, sizeof from);
	memcpy(p->from, p->to, sizeof from);
	memcpy(p->to, from, sizeof from);
	p->payload[0] = ECHO_ANSWER;
	ip[7] = 64;
	sign(ip, p->len);
	return true;
}

bool win_icmp6_neighbour(const struct win_packet6 *p, struct win_neighbour *out)
{
	const uint8_t *icmp = p->payload;
	if (p->hops != HOPS_NEAR || p->len < NEIGHBOUR || icmp[1] != 0 ||
	    (icmp[0] != WIN_SOLICIT && icmp[0] != WIN_ADVERT) || icmp[8] == 0xff)
		return false;
	out->type = icmp[0];
	memcpy(out->target, icmp + 8, WIN_IP6_LEN);
	memcpy(out->sender, p->from, WIN_IP6_LEN);
	memcpy(out->mac, p->frame + WIN_MAC_LEN, WIN_MAC_LEN);
	return true;
}

/* The target, and our Ethernet address as the one option. */
static void make_neighbour(uint8_t frame[WIN_NEIGHBOUR_LEN], unsigned type, const uint8_t *mac,
			   const uint8_t *target)
{
	uint8_t *icmp = frame + ETHER + IP6;
	memcpy(frame + WIN_MAC_LEN, mac, WIN_MAC_LEN);
	put16(frame + 12, WIN_KIND_IPV6);
	memset(icmp, 0, NEIGHBOUR + LINK_OPTION);
	icmp[0] = (uint8_t)type;
	memcpy(icmp + 8, target, WIN_IP6_LEN);
	icmp[NEIGHBOUR] = type == WIN_SOLICIT ? 1 : 2; /* of who asks; of the target */
	icmp[NEIGHBOUR + 1] = LINK_OPTION / 8;
	memcpy(icmp + NEIGHBOUR + 2, mac, WIN_MAC_LEN);
}

static void address_all(uint8_t *frame, const uint8_t *from, const uint8_t *group)
{
	static const uint8_t ethernet[] = {0x33, 0x33};
	memcpy(frame, ethernet, sizeof ethernet);
	memcpy(frame + sizeof ethernet, group + 12, 4);
	put_ip6(frame + ETHER, WIN_NEXT_ICMP6, HOPS_NEAR, NEIGHBOUR + LINK_OPTION, from, group);
}

void win_icmp6_solicit(uint8_t frame[WIN_NEIGHBOUR_LEN], const uint8_t mac[WIN_MAC_LEN],
		       const uint8_t own[WIN_IP6_LEN], const uint8_t target[WIN_IP6_LEN])
{
	uint8_t group[WIN_IP6_LEN] = {0xff, 2, [11] = 1, [12] = 0xff};
	memcpy(group + 13, target + 13, 3);
	make_neighbour(frame, WIN_SOLICIT, mac, target);
	address_all(frame, own, group);
	sign(frame + ETHER, NEIGHBOUR + LINK_OPTION);
}

void win_icmp6_advert(uint8_t frame[WIN_NEIGHBOUR_LEN], const uint8_t mac[WIN_MAC_LEN],
		      const uint8_t own[WIN_IP6_LEN], const struct win_neighbour *asked)
{
	static const uint8_t nodes[WIN_IP6_LEN] = {0xff, 2, [15] = ALL_NODES};
	bool by_one = asked && !win_ip6_is_zero(asked->sender);
	make_neighbour(frame, WIN_ADVERT, mac, own);
	frame[ETHER + IP6 + 4] = by_one ? 0x60 : 0x20; /* solicited, override */
	if (by_one) {
		memcpy(frame, asked->mac, WIN_MAC_LEN);
		put_ip6(frame + ETHER, WIN_NEXT_ICMP6, HOPS_NEAR, NEIGHBOUR + LINK_OPTION, own,
			asked->sender);
	} else {
		address_all(frame, own, nodes);
	}
	sign(frame + ETHER, NEIGHBOUR + LINK_OPTION);
}

bool win_icmp6_returned(const struct win_packet6 *p, const uint8_t own[WIN_IP6_LEN],
			struct win_returned6 *out)
{
	const uint8_t *ip = p->payload + 8; /* quoted: its header and at least its ports */
	if (p->payload[0] != UNREACHABLE || p->len < 8 + IP6 + 4 || ip[0] >> 4 != 6 ||
	    ip[6] != WIN_NEXT_TCP || memcmp(ip + 8, own, WIN_IP6_LEN) != 0)
		return false;
	memcpy(out->to, ip + 24, WIN_IP6_LEN);
	out->from_port = get16(ip + IP6);
	out->to_port = get16(ip + IP6 + 2);
	return true;
}
