/*
 * What lwIP never sees of the wire. It forwards nothing here, and takes what it gets at its word, so a frame must be for us
 * and must not claim to be from us: lwIP would answer itself, or, of a connection to itself, abort.
 *
 * Also seen here: somebody else who has our address (said once a minute, and answered by claiming it again, RFC 5227,
 * section 2.4), and more handshakes under way than we keep, which lwIP's listeners do not count.
 */
#include "ftp/ftp.h"

#include <arpa/inet.h>
#include <string.h>

#define AGAIN_MS 60000u
#define DEFEND_MS 10000u
#define GROUP 1u /* first byte of a MAC that is of many */

enum { ETHER = 14, ARP_LEN = 28, IP4_LEN = 20, IP6_LEN = 40, TCP_LEN = 20 };
enum { KIND_IP4 = 0x0800, KIND_ARP = 0x0806, KIND_IP6 = 0x86dd };
enum { PROTO_EACH_HOP = 0, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_PIECE = 44, PROTO_ICMP6 = 58 };
enum { ADVERTISEMENT = 136 };

/* What is sent to each host of a group, or to all. */
static bool ip4_for_us(const struct sgt_stack *s, ip4_addr_t to)
{
	return ip4_addr_cmp(&to, &s->face->set.ip4) || ip4_addr_ismulticast(&to) ||
	       to.addr == 0xffffffffu ||
	       to.addr == (s->face->set.ip4.addr | ~s->face->set.mask.addr);
}

static bool ip6_for_us(const struct sgt_stack *s, const unsigned char *to)
{
	ip_addr_t ip;
	ip_addr_set_zero_ip6(&ip);
	memcpy(ip_2_ip6(&ip)->addr, to, sizeof ip_2_ip6(&ip)->addr);
	if (ip6_addr_ismulticast(ip_2_ip6(&ip)))
		return true;
	for (int i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++)
		if (!ip6_addr_isinvalid(netif_ip6_addr_state(&s->face->netif, i)) &&
		    ip6_addr_cmp_zoneless(ip_2_ip6(&ip), netif_ip6_addr(&s->face->netif, i)))
			return true;
	return false;
}

static bool is_own6(const struct sgt_stack *s, const unsigned char *ip)
{
	static const unsigned char group = 0xff;
	return *ip != group && ip6_for_us(s, ip);
}

/* ---- conflicts ---- */

static void tell_conflict(struct sgt_stack *s, const char *ip, const unsigned char *mac)
{
	char text[18];
	uint64_t now = s->host->now_ms(s->host->ctx);
	if (s->face->conflict_ms && now - s->face->conflict_ms < AGAIN_MS)
		return;
	s->face->conflict_ms = now;
	ftp_mac_format(mac, text);
	ftp_log(s, SGT_LOG_ERROR,
		"%s: another host of %s (%s) has our address: give one of the two another", ip,
		s->face->wire.url, text);
}

static void defend(struct sgt_stack *s)
{
	uint64_t now = s->host->now_ms(s->host->ctx);
	if (s->face->defended_ms && now - s->face->defended_ms < DEFEND_MS)
		return;
	s->face->defended_ms = now;
	etharp_gratuitous(&s->face->netif);
}

static bool arp_unwanted(struct sgt_stack *s, const unsigned char *arp, size_t len)
{
	char text[16];
	uint32_t sender;
	if (len < ARP_LEN)
		return true;
	memcpy(&sender, arp + 14, sizeof sender);
	if (!s->face->set.has_ip4 || sender != s->face->set.ip4.addr)
		return false;
	tell_conflict(s, ip4addr_ntoa_r(&s->face->set.ip4, text, sizeof text), arp + 8);
	defend(s);
	return true;
}

/* Somebody says that one of our IPv6 addresses is at his MAC. */
static bool claims_ours(struct sgt_stack *s, const unsigned char *mac, const unsigned char *icmp,
			size_t len)
{
	char text[INET6_ADDRSTRLEN];
	if (len < 24 || icmp[0] != ADVERTISEMENT || !is_own6(s, icmp + 8))
		return false;
	tell_conflict(s, inet_ntop(AF_INET6, icmp + 8, text, sizeof text), mac);
	return true;
}

/* ---- packets ---- */

static bool begins_too_many(const struct sgt_stack *s, const unsigned char *tcp, size_t len)
{
	return len >= TCP_LEN && (tcp[13] & (TCP_SYN | TCP_ACK)) == TCP_SYN &&
	       ftp_half_open(s->face) >= FTP_HALF_OPEN;
}

static bool ip4_unwanted(const struct sgt_stack *s, const unsigned char *ip, size_t len)
{
	ip4_addr_t from, to;
	if (len < IP4_LEN || !s->face->set.has_ip4)
		return true;
	memcpy(&from.addr, ip + 12, sizeof from.addr);
	memcpy(&to.addr, ip + 16, sizeof to.addr);
	if (ip4_addr_cmp(&from, &s->face->set.ip4) || ip4_addr_isloopback(&from) ||
	    !ip4_for_us(s, to))
		return true;
	size_t head = (ip[0] & 15u) * 4u;
	return ip[9] == PROTO_TCP && head < len && begins_too_many(s, ip + head, len - head);
}

/*
 * Which protocols come by IPv6, and behind which further headers: ICMP by the one for each hop (questions for groups), and
 * pieces of what is not TCP, whose header nobody cuts. So no handshake comes by a way on which it is not counted.
 */
static bool ip6_is_usual(const unsigned char *ip, size_t len)
{
	unsigned first = ip[6], then = len > IP6_LEN ? ip[IP6_LEN] : PROTO_TCP;
	if (first == PROTO_EACH_HOP)
		return then == PROTO_ICMP6;
	if (first == PROTO_PIECE)
		return then == PROTO_UDP || then == PROTO_ICMP6;
	return first == PROTO_TCP || first == PROTO_UDP || first == PROTO_ICMP6;
}

static bool ip6_unwanted(struct sgt_stack *s, const unsigned char *mac, const unsigned char *ip,
			 size_t len)
{
	if (len < IP6_LEN || !s->face->set.ip6_count || is_own6(s, ip + 8) ||
	    !ip6_for_us(s, ip + 24) || !ip6_is_usual(ip, len))
		return true;
	if (ip[6] == PROTO_ICMP6)
		return claims_ours(s, mac, ip + IP6_LEN, len - IP6_LEN);
	return ip[6] == PROTO_TCP && begins_too_many(s, ip + IP6_LEN, len - IP6_LEN);
}

bool ftp_unwanted(struct sgt_stack *s, const unsigned char *frame, size_t len)
{
	const unsigned char *from = frame + sizeof s->face->set.mac, *packet = frame + ETHER;
	if (len <= ETHER || memcmp(from, s->face->set.mac, sizeof s->face->set.mac) == 0 ||
	    from[0] & GROUP)
		return true;
	len -= ETHER;
	switch (frame[12] << 8 | frame[13]) {
	case KIND_IP4:
		return ip4_unwanted(s, packet, len);
	case KIND_IP6:
		return ip6_unwanted(s, from, packet, len);
	case KIND_ARP:
		return arp_unwanted(s, packet, len);
	default:
		return true;
	}
}
