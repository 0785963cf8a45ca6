/* Frames: see win_frame.h. */
#include "win/win_frame.h"

#include "win/win_word.h"

#include <arpa/inet.h>
#include <string.h>

#define ETHER 14u /* bytes of its header */
#define IP 20u    /* bytes of the shortest header */
#define TCP 20u
#define ICMP 8u
#define KIND_IPV4 0x0800u
#define PROTOCOL_ICMP 1u
#define PROTOCOL_TCP 6u
#define ECHO_REQUEST 8u
#define ICMP_UNREACHABLE 3u
#define FRAGMENTED 0x3fffu /* more follow, or an offset */

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

/* An address as it stands there. */
static uint32_t get_address(const uint8_t *p)
{
	uint32_t a;
	memcpy(&a, p, sizeof a);
	return a;
}

unsigned win_frame_kind(const uint8_t *frame, size_t n)
{
	return n < ETHER ? 0 : get16(frame + 12);
}

/* ---- IPv4 ---- */

/* A whole datagram that is no fragment: its payload and that one's length; NULL: it is none. */
static uint8_t *ip_payload(uint8_t *ip, size_t n, unsigned protocol, size_t *len)
{
	size_t head = n < IP ? 0 : (size_t)(ip[0] & 15) * 4;
	if (head < IP || ip[0] >> 4 != 4 || get16(ip + 6) & FRAGMENTED || ip[9] != protocol)
		return NULL;
	size_t whole = get16(ip + 2);
	if (whole < head || whole > n)
		return NULL;
	*len = whole - head;
	return ip + head;
}

static uint8_t *payload(uint8_t *frame, size_t n, unsigned protocol, size_t *len)
{
	if (win_frame_kind(frame, n) != KIND_IPV4)
		return NULL;
	return ip_payload(frame + ETHER, n - ETHER, protocol, len);
}

static unsigned checksum(uint32_t s)
{
	return ~fold(s) & 0xffff;
}

/* Replaces 16 bits that a checksum covers (RFC 1624, equation 3). */
static void replace16(uint8_t *at, unsigned v, uint8_t *at_sum)
{
	uint32_t s = (~get16(at_sum) & 0xffff) + (~get16(at) & 0xffff) + v;
	put16(at_sum, checksum(s));
	put16(at, v);
}

/* ---- TCP ---- */

bool win_frame_segment(uint8_t *frame, size_t n, struct win_segment *s)
{
	size_t len;
	uint8_t *p = payload(frame, n, PROTOCOL_TCP, &len);
	size_t head = p && len >= TCP ? (size_t)(p[12] >> 4) * 4 : 0;
	if (head < TCP || head > len)
		return false;
	*s = (struct win_segment){.tcp = p,
				  .from = get_address(frame + ETHER + 12),
				  .to = get_address(frame + ETHER + 16),
				  .from_port = get16(p),
				  .to_port = get16(p + 2),
				  .seq = get32(p + 4),
				  .ack = get32(p + 8),
				  .flags = p[13],
				  .payload = len - head};
	return true;
}

void win_frame_set_ports(struct win_segment *s, unsigned from_port, unsigned to_port)
{
	replace16(s->tcp, from_port, s->tcp + 16);
	replace16(s->tcp + 2, to_port, s->tcp + 16);
	s->from_port = from_port;
	s->to_port = to_port;
}

void win_frame_make_reset(uint8_t frame[WIN_RESET_LEN], const struct win_segment *s)
{
	uint8_t *ip = frame + ETHER, *tcp = ip + IP;
	memset(frame, 0, WIN_RESET_LEN);
	put16(frame + 12, KIND_IPV4);
	ip[0] = 0x45;
	put16(ip + 2, IP + TCP);
	ip[8] = 64; /* hops */
	ip[9] = PROTOCOL_TCP;
	memcpy(ip + 12, &s->from, 4);
	memcpy(ip + 16, &s->to, 4);
	put16(ip + 10, checksum(sum(ip, IP, 0)));
	put16(tcp, s->from_port);
	put16(tcp + 2, s->to_port);
	put32(tcp + 4, s->seq);
	put32(tcp + 8, s->ack);
	tcp[12] = TCP / 4 << 4;
	tcp[13] = (uint8_t)s->flags;
	/* The addresses stand before it as in the pseudo header. */
	put16(tcp + 16, checksum(sum(ip + 12, 8 + TCP, PROTOCOL_TCP + TCP)));
}

bool win_frame_answer_reset(uint8_t frame[WIN_RESET_LEN], const struct win_segment *to)
{
	struct win_segment s = {.from = to->to,
				.to = to->from,
				.from_port = to->to_port,
				.to_port = to->from_port,
				.flags = WIN_RST};
	if (to->flags & WIN_RST)
		return false;
	if (to->flags & WIN_ACK) {
		s.seq = to->ack;
	} else {
		s.flags |= WIN_ACK;
		s.ack = to->seq + (uint32_t)to->payload + !!(to->flags & WIN_SYN) +
			!!(to->flags & WIN_FIN);
	}
	win_frame_make_reset(frame, &s);
	return true;
}

/* ---- ICMP ---- */

bool win_frame_echo(uint8_t *frame, size_t n)
{
	size_t len;
	uint8_t from[4], *ip = frame + ETHER, *icmp = payload(frame, n, PROTOCOL_ICMP, &len);
	if (!icmp || len < ICMP || icmp[0] != ECHO_REQUEST || checksum(sum(icmp, len, 0)) != 0)
		return false;
	replace16(icmp, icmp[1], icmp + 2); /* type 0: the answer */
	memcpy(from, ip + 12, 4);
	memcpy(ip + 12, ip + 16, 4); /* the sum of the header stays the same */
	memcpy(ip + 16, from, 4);
	return true;
}

bool win_frame_returned(const uint8_t *frame, size_t n, uint32_t own, struct win_returned *r)
{
	uint8_t copy[WIN_FRAME_MAX];
	size_t len;
	if (n > sizeof copy)
		return false;
	memcpy(copy, frame, n);
	uint8_t *icmp = payload(copy, n, PROTOCOL_ICMP, &len);
	if (!icmp || len < ICMP + IP + 8 || icmp[0] != ICMP_UNREACHABLE)
		return false;
	const uint8_t *ip = icmp + ICMP; /* quoted: its header and at least 8 bytes behind it */
	size_t head = (size_t)(ip[0] & 15) * 4;
	if (head < IP || len < ICMP + head + 8 || ip[9] != PROTOCOL_TCP ||
	    get_address(ip + 12) != own)
		return false;
	*r = (struct win_returned){.to = get_address(ip + 16),
				   .from_port = get16(ip + head),
				   .to_port = get16(ip + head + 2)};
	return true;
}
