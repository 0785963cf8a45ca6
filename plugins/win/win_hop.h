/*
 * The hosts of an IPv6 network that connections go to first: a peer there, or its gateway.
 *
 * libslirp's connections are IPv4's alone when it has any IPv4 address (4.7), so it knows each such host by an address of
 * 240.0.0.0/8, where nobody is (RFC 1112, section 4): it asks ARP for that, and sends to the Ethernet address that it is told.
 * An address that was given once is not given to another host before all others of that network were: libslirp remembers.
 *
 * Bounds: WIN_HOPS_MAX hosts with connections at once; one without any makes room for the next.
 */
#ifndef SMTPGATE_WIN_HOP_H
#define SMTPGATE_WIN_HOP_H

#include "win/win_packet6.h"

#define WIN_HOPS_MAX 256u
#define WIN_HOP_NET 0xf0000000u  /* 240.0.0.0 */
#define WIN_HOP_MASK 0xff000000u /* /8 */

struct win_hop {
	uint8_t ip[WIN_IP6_LEN];
	uint32_t alias; /* its IPv4 address, in network order; 0: this place was never used */
	unsigned flows; /* how many go there */
};

struct win_hops {
	struct win_hop all[WIN_HOPS_MAX];
	uint32_t given; /* aliases so far */
};

/* The place of a host, made when it is new; NULL: all places have connections. */
struct win_hop *win_hop_get(struct win_hops *hops, const uint8_t ip[WIN_IP6_LEN]);
/* NULL: none has it. */
struct win_hop *win_hop_of_alias(struct win_hops *hops, uint32_t alias);
struct win_hop *win_hop_of_ip(struct win_hops *hops, const uint8_t ip[WIN_IP6_LEN]);

#endif
