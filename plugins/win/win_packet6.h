/*
 * IPv6 packets as win looks at them and makes them: TCP (RFC 9293) between IPv6 on the network and IPv4 in libslirp, and of
 * ICMPv6 the echo, the questions for neighbours with their answers (RFC 4861) and the news that a segment of ours found no
 * way (RFC 4443).
 *
 * Pure. Nothing behind the length that is given is read; what is no whole packet of its kind is refused, and so is one with
 * further headers before its payload. Addresses are 16 bytes as they stand in a packet.
 */
#ifndef SMTPGATE_WIN_PACKET6_H
#define SMTPGATE_WIN_PACKET6_H

#include "win/win_frame.h"

#define WIN_IP6_LEN 16        /* bytes of an address */
#define WIN_KIND_IPV6 0x86ddu /* win_frame_kind of such a frame */
#define WIN_NEIGHBOUR_LEN 86  /* bytes of a frame that asks for a neighbour or answers */
/*
 * IPv6's header is 20 bytes longer than IPv4's, so a segment that libslirp makes for 1500 bytes would not fit: none is asked for.
 * Behind the gateway it is what every way takes, 1280 bytes a packet (RFC 8200, section 5).
 */
#define WIN_SIX_MSS_NEAR 1440u
#define WIN_SIX_MSS_FAR 1220u

enum { WIN_NEXT_TCP = 6, WIN_NEXT_ICMP6 = 58 };
enum { WIN_SOLICIT = 135, WIN_ADVERT = 136 };

/* A packet that was read; all of it points into the frame. */
struct win_packet6 {
	uint8_t *frame, *from, *to, *payload;
	size_t len; /* of payload */
	unsigned next, hops;
};

/* A question for a neighbour, or an answer. */
struct win_neighbour {
	unsigned type; /* WIN_SOLICIT, WIN_ADVERT */
	uint8_t target[WIN_IP6_LEN];
	uint8_t sender[WIN_IP6_LEN]; /* all zero: somebody looks whether an address is free */
	uint8_t mac[WIN_MAC_LEN];    /* of who sent it */
};

/* A segment of ours that came back. */
struct win_returned6 {
	uint8_t to[WIN_IP6_LEN];
	unsigned from_port, to_port;
};

bool win_packet6_read(uint8_t *frame, size_t n, struct win_packet6 *p);
bool win_ip6_is_zero(const uint8_t ip[WIN_IP6_LEN]);

/* ---- TCP ---- */

/* The two ports of a segment; false: it is too short to have some. */
bool win_packet6_ports(const struct win_packet6 *p, unsigned *from, unsigned *to);
/* The frame as libslirp takes it, between these IPv4 addresses; its length, 0: it is none or has no room. A checksum that is
 * wrong stays wrong. */
size_t win_packet6_as4(const struct win_packet6 *p, uint32_t from, uint32_t to,
		       uint8_t out[WIN_FRAME_MAX]);
/* And back: a segment of libslirp's between these IPv6 addresses. */
size_t win_packet6_of4(uint8_t *frame, size_t n, const uint8_t from[WIN_IP6_LEN],
		       const uint8_t to[WIN_IP6_LEN], uint8_t out[WIN_FRAME_MAX]);
/* Has the SYN s ask for segments of at most this length (RFC 9293, 3.7.1). */
void win_segment_bound(const struct win_segment *s, unsigned mss);
/* A SYN that says nothing of the length of segments gets the option for it, with what then counts (RFC 9293, 3.7.1): libslirp would
 * take what a frame of IPv4 holds. frame: of IPv4, its header without options, as win_packet6_as4 makes it; s: read from it. Its
 * length from now on. */
size_t win_segment_default(uint8_t frame[WIN_FRAME_MAX], size_t n, const struct win_segment *s);

/* ---- ICMPv6 ---- */

/* Is the checksum of the packet, whose payload is ICMPv6, right? */
bool win_icmp6_is_good(const struct win_packet6 *p);
/* Turns an echo request into its answer, but for the Ethernet addresses; false: it is none. */
bool win_icmp6_echo(struct win_packet6 *p);
bool win_icmp6_neighbour(const struct win_packet6 *p, struct win_neighbour *out);
/* Asks who has target. */
void win_icmp6_solicit(uint8_t frame[WIN_NEIGHBOUR_LEN], const uint8_t mac[WIN_MAC_LEN],
		       const uint8_t own[WIN_IP6_LEN], const uint8_t target[WIN_IP6_LEN]);
/* Says that own is at mac; asked: by whom (NULL, or by somebody without an address: to all). */
void win_icmp6_advert(uint8_t frame[WIN_NEIGHBOUR_LEN], const uint8_t mac[WIN_MAC_LEN],
		      const uint8_t own[WIN_IP6_LEN], const struct win_neighbour *asked);
/* Of a segment that own has sent. */
bool win_icmp6_returned(const struct win_packet6 *p, const uint8_t own[WIN_IP6_LEN],
			struct win_returned6 *out);

#endif
