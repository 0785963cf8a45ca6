/* See station.h. */
#include "plugins/station.h"

#include <arpa/inet.h>
#include <check.h>
#include <poll.h>
#include <string.h>

enum {
	ETHER = 14,
	IP_LEN = 20,
	TCP_LEN = 20,
	UDP_LEN = 8,
	ARP_FRAME = 42,
	IP6_LEN = 40,
	HEADER = 8
};

static void put16(unsigned char *at, unsigned value)
{
	at[0] = (unsigned char)(value >> 8);
	at[1] = (unsigned char)value;
}

static void put32(unsigned char *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

static unsigned get16(const unsigned char *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

static uint32_t get32(const unsigned char *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

/* RFC 1071 */
static uint32_t sum(uint32_t so_far, const unsigned char *at, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		so_far += get16(at + i);
	return len & 1 ? so_far + ((uint32_t)at[len - 1] << 8) : so_far;
}

static unsigned fold(uint32_t value)
{
	while (value >> 16)
		value = (value & 0xffff) + (value >> 16);
	return ~value & 0xffff;
}

/* ---- the port ---- */

void station_send(struct station *s, const void *frame, size_t len)
{
	int sent;
	while (!(sent = wire_send(&s->wire, frame, len)))
		if (s->rig)
			rig_run(s->rig, 1);
	ck_assert_int_eq(sent, 1);
}

bool station_next(struct station *s, unsigned turns)
{
	struct pollfd p = {.fd = wire_fd(&s->wire), .events = POLLIN};
	for (unsigned i = 0; i < turns; i++) {
		s->len = wire_recv(&s->wire, s->frame, sizeof s->frame);
		if (s->len > 0)
			return true;
		if (s->rig)
			rig_run(s->rig, 1);
		poll(&p, 1, 1); /* the switch needs its turn as well */
	}
	return false;
}

void station_open(struct station *s, const char *url, struct rig *rig, uint32_t their_ip)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0x77, 1};
	struct sgt_error error;
	unsigned op;
	uint32_t sender = 0, target;
	memset(s, 0, sizeof *s);
	memcpy(s->mac, mac, sizeof mac);
	memcpy(s->from, mac, sizeof mac);
	memset(s->theirs, 0xff, sizeof s->theirs);
	s->their_ip = their_ip;
	s->rig = rig;
	ck_assert_int_eq(wire_init(&s->wire, url, &error), SGT_OK);
	ck_assert_msg(wire_open(&s->wire, &error) == SGT_OK, "%s", error.text);
	station_arp(s, 1, STATION_IP, their_ip);
	while (station_next(s, 10000))
		if (station_is_arp(s, &op, &sender, &target) && op == 2 && sender == their_ip)
			break;
	ck_assert_uint_eq(sender, their_ip);
	memcpy(s->theirs, s->frame + 6, sizeof s->theirs);
}

void station_close(struct station *s)
{
	wire_free(&s->wire);
}

/* ---- frames ---- */

static unsigned char *begin(const struct station *s, unsigned char *frame, unsigned kind)
{
	memcpy(frame, s->theirs, 6);
	memcpy(frame + 6, s->from, 6);
	put16(frame + 12, kind);
	return frame + ETHER;
}

void station_arp(struct station *s, unsigned op, uint32_t sender, uint32_t target)
{
	unsigned char frame[ARP_FRAME] = "", *arp = begin(s, frame, 0x0806);
	put16(arp, 1);
	put16(arp + 2, 0x0800);
	arp[4] = 6;
	arp[5] = 4;
	put16(arp + 6, op);
	memcpy(arp + 8, s->mac, 6);
	put32(arp + 14, sender);
	put32(arp + 24, target);
	station_send(s, frame, sizeof frame);
}

static void ip_head(unsigned char *ip, unsigned proto, uint32_t from, uint32_t to, size_t len)
{
	static unsigned id;
	memset(ip, 0, IP_LEN);
	ip[0] = 0x45;
	put16(ip + 2, (unsigned)(IP_LEN + len));
	put16(ip + 4, id++ & 0xffff);
	ip[8] = 64;
	ip[9] = (unsigned char)proto;
	put32(ip + 12, from);
	put32(ip + 16, to);
	put16(ip + 10, fold(sum(0, ip, IP_LEN)));
}

static unsigned check(unsigned proto, uint32_t from, uint32_t to, const unsigned char *data,
		      size_t len)
{
	uint32_t head =
		(from >> 16) + (from & 0xffff) + (to >> 16) + (to & 0xffff) + proto + (uint32_t)len;
	return fold(sum(head, data, len));
}

void station_udp(struct station *s, uint32_t from_ip, unsigned from, unsigned to, const char *text)
{
	unsigned char frame[256], *ip = begin(s, frame, 0x0800), *udp = ip + IP_LEN;
	size_t len = UDP_LEN + strlen(text);
	ip_head(ip, 17, from_ip, s->their_ip, len);
	put16(udp, from);
	put16(udp + 2, to);
	put16(udp + 4, (unsigned)len);
	put16(udp + 6, 0);
	memcpy(udp + UDP_LEN, text, strlen(text));
	put16(udp + 6, check(17, from_ip, s->their_ip, udp, len));
	station_send(s, frame, ETHER + IP_LEN + len);
}

static void tcp_head(unsigned char *tcp, const struct segment *what)
{
	memset(tcp, 0, TCP_LEN);
	put16(tcp, what->from);
	put16(tcp + 2, what->to);
	put32(tcp + 4, what->seq);
	put32(tcp + 8, what->ack);
	tcp[12] = 0x50;
	tcp[13] = (unsigned char)what->flags;
	put16(tcp + 14, 4096);
}

void station_tcp(struct station *s, const struct segment *what)
{
	unsigned char frame[ETHER + IP_LEN + TCP_LEN], *ip = begin(s, frame, 0x0800);
	unsigned char *tcp = ip + IP_LEN;
	ip_head(ip, 6, what->from_ip, what->to_ip, TCP_LEN);
	tcp_head(tcp, what);
	put16(tcp + 16, check(6, what->from_ip, what->to_ip, tcp, TCP_LEN));
	station_send(s, frame, sizeof frame);
}

void station_syn6(struct station *s, const char *from, const char *to, unsigned port,
		  unsigned header)
{
	unsigned char frame[ETHER + IP6_LEN + HEADER + TCP_LEN] = "", *ip = begin(s, frame, 0x86dd);
	unsigned char *tcp = ip + IP6_LEN + (header ? HEADER : 0);
	ip[0] = 0x60;
	put16(ip + 4, (unsigned)(tcp + TCP_LEN - ip - IP6_LEN));
	ip[6] = (unsigned char)(header ? header : 6);
	ip[7] = 64;
	ck_assert(inet_pton(AF_INET6, from, ip + 8) == 1 && inet_pton(AF_INET6, to, ip + 24) == 1);
	if (header)
		ip[IP6_LEN] = 6;
	if (header && header != 44) {
		ip[IP6_LEN + 2] = 1; /* an option that fills the rest, RFC 8200, section 4.2 */
		ip[IP6_LEN + 3] = 4;
	}
	tcp_head(tcp, &(struct segment){.from = 2000, .to = port, .seq = 1, .flags = STATION_SYN});
	put16(tcp + 16, fold(sum(6 + TCP_LEN, ip + 8, 32) + sum(0, tcp, TCP_LEN)));
	station_send(s, frame, (size_t)(tcp + TCP_LEN - frame));
}

bool station_is_asked6(const struct station *s, const char *address)
{
	unsigned char ip[16];
	const unsigned char *icmp = s->frame + ETHER + IP6_LEN;
	return s->len >= ETHER + IP6_LEN + 24 && get16(s->frame + 12) == 0x86dd &&
	       s->frame[ETHER + 6] == 58 && icmp[0] == 135 &&
	       inet_pton(AF_INET6, address, ip) == 1 && memcmp(icmp + 8, ip, sizeof ip) == 0;
}

bool station_is_tcp(const struct station *s, struct segment *out)
{
	const unsigned char *ip = s->frame + ETHER, *tcp = ip + IP_LEN;
	if (s->len < ETHER + IP_LEN + TCP_LEN || get16(s->frame + 12) != 0x0800 || ip[9] != 6)
		return false;
	*out = (struct segment){.from_ip = get32(ip + 12),
				.to_ip = get32(ip + 16),
				.from = get16(tcp),
				.to = get16(tcp + 2),
				.seq = get32(tcp + 4),
				.ack = get32(tcp + 8),
				.flags = tcp[13]};
	out->len = get16(ip + 2) - (size_t)IP_LEN - (size_t)(tcp[12] >> 4) * 4;
	return true;
}

bool station_is_arp(const struct station *s, unsigned *op, uint32_t *sender, uint32_t *target)
{
	const unsigned char *arp = s->frame + ETHER;
	if (s->len < ARP_FRAME || get16(s->frame + 12) != 0x0806)
		return false;
	*op = get16(arp + 6);
	*sender = get32(arp + 14);
	*target = get32(arp + 24);
	return true;
}
