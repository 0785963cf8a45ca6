/* plugins/win: packets of IPv6 are read, turned over and made as the RFCs have them; every length is tried, and none reads behind
 * itself. The Ethernet that they cross, with a kernel on it, is in tests/system/test_vendor_win_out.py. */
#include "support/suite.h"
#include "win/win_packet6.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define ETHER 14
#define IP6 40
#define ALIAS 0xf0000001u
#define SOURCE 0x0a4d0024u

static const uint8_t ours[6] = {0x52, 0x55, 10, 77, 0, 0x24}, theirs[6] = {2, 0, 0, 0, 0, 1};
static uint8_t own[16], peer[16];

static void set_up(void)
{
	inet_pton(AF_INET6, "fd77::36", own);
	inet_pton(AF_INET6, "fd77::1:2:3", peer);
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* By the definition, not by the code under test. */
static unsigned checksum(const uint8_t *addresses, size_t n, unsigned next, const uint8_t *p,
			 size_t len)
{
	uint64_t s = next + len;
	for (size_t i = 0; i < n; i++)
		s += (uint64_t)addresses[i] << (i % 2 ? 0 : 8);
	for (size_t i = 0; i < len; i++)
		s += (uint64_t)p[i] << (i % 2 ? 0 : 8);
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (unsigned)s;
}

static bool is_right6(const uint8_t *frame, size_t n)
{
	return checksum(frame + ETHER + 8, 32, frame[ETHER + 6], frame + ETHER + IP6,
			n - ETHER - IP6) == 0xffff;
}

static bool is_right4(const uint8_t *frame, size_t n)
{
	return checksum(frame + ETHER + 12, 8, 6, frame + ETHER + 20, n - ETHER - 20) == 0xffff;
}

static size_t begin(uint8_t *frame, unsigned next, const uint8_t *from, const uint8_t *to,
		    size_t len)
{
	memset(frame, 0, ETHER + IP6 + len);
	memcpy(frame, ours, 6);
	memcpy(frame + 6, theirs, 6);
	put16(frame + 12, 0x86dd);
	frame[ETHER] = 0x60;
	put16(frame + ETHER + 4, (unsigned)len);
	frame[ETHER + 6] = (uint8_t)next;
	frame[ETHER + 7] = 255;
	memcpy(frame + ETHER + 8, from, 16);
	memcpy(frame + ETHER + 24, to, 16);
	return ETHER + IP6 + len;
}

static void sign(uint8_t *frame, size_t n, size_t at)
{
	put16(frame + ETHER + IP6 + at, 0);
	put16(frame + ETHER + IP6 + at, ~checksum(frame + ETHER + 8, 32, frame[ETHER + 6],
						  frame + ETHER + IP6, n - ETHER - IP6) &
						0xffff);
}

/* A SYN whose option for the length of segments stands behind so many one-byte options, then data. */
static size_t segment(uint8_t *frame, unsigned nops, size_t data)
{
	size_t head = 20 + 8, len = head + data;
	size_t n = begin(frame, WIN_NEXT_TCP, peer, own, len);
	uint8_t *tcp = frame + ETHER + IP6;
	put16(tcp, 25);
	put16(tcp + 2, 40000);
	tcp[12] = (uint8_t)(head / 4 << 4);
	tcp[13] = WIN_SYN | WIN_ACK;
	memset(tcp + 20, 1, 8);
	uint8_t *o = tcp + 20 + nops;
	o[0] = 2;
	o[1] = 4;
	put16(o + 2, 1460);
	for (size_t i = 0; i < data; i++)
		tcp[head + i] = (uint8_t)(i * 7);
	sign(frame, n, 16);
	return n;
}

START_TEST(segments_turn_over_and_back)
{
	uint8_t six[WIN_FRAME_MAX], four[WIN_FRAME_MAX], again[WIN_FRAME_MAX];
	struct win_packet6 p;
	struct win_segment s;
	for (size_t data = 0; data < 1400; data += 13) {
		size_t n = segment(six, 0, data);
		ck_assert(win_packet6_read(six, n, &p));
		size_t n4 = win_packet6_as4(&p, htonl(ALIAS), htonl(SOURCE), four);
		ck_assert_uint_eq(n4, n - 20);
		ck_assert(is_right4(four, n4));
		ck_assert(win_frame_segment(four, n4, &s));
		ck_assert_uint_eq(s.from, htonl(ALIAS));
		ck_assert_uint_eq(s.to, htonl(SOURCE));
		ck_assert_uint_eq(s.payload, data);
		ck_assert_uint_eq(win_packet6_of4(four, n4, peer, own, again), n);
		again[ETHER + 7] = 255; /* hops are the sender's */
		ck_assert_mem_eq(again, six, n);
	}
}
END_TEST

START_TEST(wrong_stays_wrong)
{
	uint8_t six[WIN_FRAME_MAX], four[WIN_FRAME_MAX];
	struct win_packet6 p;
	size_t n = segment(six, 0, 100);
	six[n - 1] ^= 1;
	ck_assert(win_packet6_read(six, n, &p));
	ck_assert(!is_right4(four, win_packet6_as4(&p, htonl(ALIAS), htonl(SOURCE), four)));
}
END_TEST

/* A SYN with so many bytes of other options, the last of which ends them, then data. */
static size_t plain_syn(uint8_t *frame, size_t options, size_t data)
{
	size_t head = 20 + options, n = begin(frame, WIN_NEXT_TCP, peer, own, head + data);
	uint8_t *tcp = frame + ETHER + IP6;
	tcp[12] = (uint8_t)(head / 4 << 4);
	tcp[13] = WIN_SYN | WIN_ACK;
	if (options) {
		memset(tcp + 20, 1, options);
		tcp[19 + options] = 0;
	}
	for (size_t i = 0; i < data; i++)
		tcp[head + i] = (uint8_t)(i * 7);
	sign(frame, n, 16);
	return n;
}

START_TEST(a_syn_without_a_length_gets_one)
{
	uint8_t six[WIN_FRAME_MAX + 20], four[WIN_FRAME_MAX];
	struct win_packet6 p;
	struct win_segment s;
	for (size_t options = 0; options <= 40; options += 4)
		for (size_t data = 0; 20 + options + data <= 1480; data += data < 1400 ? 7 : 1) {
			size_t n = plain_syn(six, options, data);
			ck_assert(win_packet6_read(six, n, &p));
			size_t n4 = win_packet6_as4(&p, htonl(ALIAS), htonl(SOURCE), four);
			ck_assert(win_frame_segment(four, n4, &s));
			size_t room = options <= 36 && n4 + 4 <= WIN_FRAME_MAX ? 4 : 0;
			ck_assert_uint_eq(win_segment_default(four, n4, &s), n4 + room);
			ck_assert(win_frame_segment(four, n4 + room, &s));
			ck_assert(is_right4(four, n4 + room));
			ck_assert_uint_eq(checksum(four + ETHER, 20, 0, four, 0),
					  0xffff); /* of IPv4 */
			ck_assert_uint_eq(s.payload, data);
			ck_assert_mem_eq(s.tcp + 20 + room, p.payload + 20, options + data);
			if (room)
				ck_assert_mem_eq(s.tcp + 20, "\2\4\4\xc4", 4); /* 1220 */
			ck_assert_uint_eq(win_segment_default(four, n4 + room, &s), n4 + room);
		}
}
END_TEST

START_TEST(only_a_syn_gets_a_length)
{
	uint8_t six[WIN_FRAME_MAX], four[WIN_FRAME_MAX];
	struct win_packet6 p;
	struct win_segment s;
	size_t n = plain_syn(six, 0, 100);
	six[ETHER + IP6 + 13] = WIN_ACK;
	ck_assert(win_packet6_read(six, n, &p));
	size_t n4 = win_packet6_as4(&p, htonl(ALIAS), htonl(SOURCE), four);
	ck_assert(win_frame_segment(four, n4, &s));
	ck_assert_uint_eq(win_segment_default(four, n4, &s), n4);
	n = plain_syn(six, 0, 100);
	six[n - 1] ^= 1; /* wrong stays wrong */
	ck_assert(win_packet6_read(six, n, &p));
	n4 = win_packet6_as4(&p, htonl(ALIAS), htonl(SOURCE), four);
	ck_assert(win_frame_segment(four, n4, &s));
	ck_assert(!is_right4(four, win_segment_default(four, n4, &s)));
}
END_TEST

START_TEST(segments_are_bounded)
{
	uint8_t six[WIN_FRAME_MAX], four[WIN_FRAME_MAX];
	struct win_packet6 p;
	struct win_segment s;
	for (unsigned nops = 0; nops <= 4; nops++) {
		size_t n = segment(six, nops, 0);
		ck_assert(win_packet6_read(six, n, &p));
		size_t n4 = win_packet6_as4(&p, htonl(ALIAS), htonl(SOURCE), four);
		ck_assert(win_frame_segment(four, n4, &s));
		win_segment_bound(&s, 1461); /* it asks for less already */
		ck_assert_int_eq(s.tcp[22 + nops] << 8 | s.tcp[23 + nops], 1460);
		win_segment_bound(&s, 1220);
		ck_assert_int_eq(s.tcp[22 + nops] << 8 | s.tcp[23 + nops], 1220);
		ck_assert_msg(is_right4(four, n4), "behind %u", nops);
	}
}
END_TEST

/* Options that end nowhere: nothing is changed, nothing behind them is looked at. */
START_TEST(broken_options)
{
	uint8_t six[WIN_FRAME_MAX];
	struct win_packet6 p;
	for (unsigned len = 0; len < 256; len++) {
		uint8_t *four = malloc(ETHER + 20 + 28), whole[WIN_FRAME_MAX], before[28];
		struct win_segment s;
		size_t n = segment(six, 0, 0);
		six[ETHER + IP6 + 20] = 99;
		six[ETHER + IP6 + 21] = (uint8_t)len;
		ck_assert(win_packet6_read(six, n, &p));
		size_t n4 = win_packet6_as4(&p, htonl(ALIAS), htonl(SOURCE), whole);
		memcpy(four, whole, n4);
		ck_assert(win_frame_segment(four, n4, &s));
		memcpy(before, s.tcp, sizeof before);
		win_segment_bound(&s, 1220);
		ck_assert_mem_eq(before, s.tcp, sizeof before);
		free(four);
	}
}
END_TEST

/* Each packet cut at each length, in memory of just that length. */
START_TEST(nothing_is_read_behind_the_end)
{
	uint8_t frame[WIN_FRAME_MAX], out[WIN_FRAME_MAX];
	for (size_t cut = 0; cut <= 200; cut++) {
		struct win_packet6 p;
		struct win_neighbour about;
		struct win_returned6 r;
		unsigned from, to;
		static const uint8_t types[] = {0, 1, 128, WIN_SOLICIT, WIN_ADVERT};
		for (size_t i = 0; i < sizeof types; i++) {
			begin(frame, types[i] ? WIN_NEXT_ICMP6 : WIN_NEXT_TCP, peer, own,
			      200 - ETHER - IP6);
			frame[ETHER + IP6] = types[i];
			uint8_t *small = malloc(cut ? cut : 1);
			memcpy(small, frame, cut);
			if (cut >= ETHER + IP6) /* a packet that is as short as it says */
				put16(small + ETHER + 4, (unsigned)(cut - ETHER - IP6));
			if (win_packet6_read(small, cut, &p)) {
				if (win_packet6_ports(&p, &from, &to))
					win_packet6_as4(&p, 1, 2, out);
				if (p.len >= 8) /* what win_icmp6_is_good asks for */
					win_icmp6_returned(&p, own, &r);
				win_icmp6_is_good(&p);
				if (p.len)
					win_icmp6_neighbour(&p, &about);
			}
			free(small);
		}
		ck_assert(!win_packet6_read(frame, cut < 200 ? cut : 199, &p));
	}
}
END_TEST

START_TEST(neighbours)
{
	uint8_t frame[WIN_NEIGHBOUR_LEN], answer[WIN_NEIGHBOUR_LEN];
	static const uint8_t group[6] = {0x33, 0x33, 0xff, 2, 0, 3};
	struct win_packet6 p;
	struct win_neighbour asked, told;
	win_icmp6_solicit(frame, theirs, own, peer);
	ck_assert_mem_eq(frame, group, 6);
	ck_assert(is_right6(frame, sizeof frame));
	ck_assert(win_packet6_read(frame, sizeof frame, &p) && win_icmp6_is_good(&p));
	ck_assert(win_icmp6_neighbour(&p, &asked));
	ck_assert_uint_eq(asked.type, WIN_SOLICIT);
	ck_assert_mem_eq(asked.target, peer, 16);
	ck_assert_mem_eq(asked.sender, own, 16);
	win_icmp6_advert(answer, ours, peer, &asked);
	ck_assert(win_packet6_read(answer, sizeof answer, &p) && win_icmp6_is_good(&p));
	ck_assert_mem_eq(answer, theirs, 6);
	ck_assert_mem_eq(p.to, own, 16);
	ck_assert(win_icmp6_neighbour(&p, &told));
	ck_assert_mem_eq(told.mac, ours, 6);
	ck_assert_uint_eq(p.payload[4], 0x60);
	p.frame[ETHER + 7] = 254; /* it came through a router */
	ck_assert(win_packet6_read(answer, sizeof answer, &p) && !win_icmp6_neighbour(&p, &told));
}
END_TEST

/* Who looks whether an address is free has none: all are told. */
START_TEST(who_looks_for_a_free_address)
{
	uint8_t answer[WIN_NEIGHBOUR_LEN];
	static const uint8_t all[6] = {0x33, 0x33, 0, 0, 0, 1};
	struct win_packet6 p;
	win_icmp6_advert(answer, ours, own, &(struct win_neighbour){.type = WIN_SOLICIT});
	ck_assert(win_packet6_read(answer, sizeof answer, &p) && win_icmp6_is_good(&p));
	ck_assert_mem_eq(answer, all, 6);
	ck_assert_uint_eq(p.payload[4], 0x20);
}
END_TEST

START_TEST(echo)
{
	uint8_t frame[WIN_FRAME_MAX];
	struct win_packet6 p;
	size_t n = begin(frame, WIN_NEXT_ICMP6, peer, own, 8 + 57);
	frame[ETHER + IP6] = 128;
	memset(frame + ETHER + IP6 + 8, 'x', 57);
	sign(frame, n, 2);
	ck_assert(win_packet6_read(frame, n, &p) && win_icmp6_is_good(&p));
	ck_assert(win_icmp6_echo(&p));
	ck_assert_mem_eq(p.from, own, 16);
	ck_assert_mem_eq(p.to, peer, 16);
	ck_assert_uint_eq(p.payload[0], 129);
	ck_assert(is_right6(frame, n));
	frame[n - 1] ^= 1;
	ck_assert(!win_icmp6_is_good(&p));
}
END_TEST

START_TEST(returned)
{
	uint8_t frame[WIN_FRAME_MAX], *quoted = frame + ETHER + IP6 + 8;
	struct win_packet6 p;
	struct win_returned6 r;
	size_t n = begin(frame, WIN_NEXT_ICMP6, peer, own, 8 + IP6 + 8);
	frame[ETHER + IP6] = 1;
	quoted[0] = 0x60;
	quoted[6] = 6;
	memcpy(quoted + 8, own, 16);
	memcpy(quoted + 24, peer, 16);
	put16(quoted + IP6, 40000);
	put16(quoted + IP6 + 2, 25);
	ck_assert(win_packet6_read(frame, n, &p) && win_icmp6_returned(&p, own, &r));
	ck_assert_mem_eq(r.to, peer, 16);
	ck_assert_uint_eq(r.from_port, 40000);
	ck_assert_uint_eq(r.to_port, 25);
	ck_assert(!win_icmp6_returned(&p, peer, &r)); /* not of ours */
}
END_TEST

static Suite *suite(void)
{
	set_up();
	Suite *s = suite_create("plugins/win_packet6");
	SUITE_CASE(s, "segments", segments_turn_over_and_back, wrong_stays_wrong,
		   a_syn_without_a_length_gets_one, only_a_syn_gets_a_length, segments_are_bounded,
		   broken_options);
	SUITE_CASE(s, "icmp", neighbours, who_looks_for_a_free_address, echo, returned);
	SUITE_CASE(s, "bounds", nothing_is_read_behind_the_end);
	return s;
}
SUITE_MAIN(suite)
