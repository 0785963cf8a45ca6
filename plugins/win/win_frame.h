/*
 * Ethernet frames as win looks at them and makes them: TCP over IPv4 (RFC 9293), and of ICMP (RFC 792) the
 * echo and the news that a segment of ours found no way. (ARP: support/arp.h.)
 *
 * Pure. Nothing behind the length that is given is read; what is no whole frame of its kind is refused.
 * IPv4 addresses are in network order, ports and numbers in the host's.
 */
#ifndef SMTPGATE_WIN_FRAME_H
#define SMTPGATE_WIN_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIN_FRAME_MAX 1514 /* Ethernet's header and 1500 bytes */
#define WIN_RESET_LEN 54
#define WIN_MAC_LEN 6

enum { WIN_FIN = 0x01, WIN_SYN = 0x02, WIN_RST = 0x04, WIN_ACK = 0x10 };

/* A segment; in a frame that was read, where its header stands. */
struct win_segment {
	uint8_t *tcp;
	uint32_t from, to;
	unsigned from_port, to_port;
	uint32_t seq, ack;
	unsigned flags;
	size_t payload;
};

/* A segment of ours that came back with an ICMP error. */
struct win_returned {
	uint32_t to;
	unsigned from_port, to_port;
};

/* What the frame holds: 0x0800 for IPv4; 0 when it is too short. */
unsigned win_frame_kind(const uint8_t *frame, size_t n);

/* A whole IPv4 datagram with a TCP segment that is no fragment. */
bool win_frame_segment(uint8_t *frame, size_t n, struct win_segment *s);
/* Gives it other ports; the checksum stays right, or wrong. */
void win_frame_set_ports(struct win_segment *s, unsigned from_port, unsigned to_port);
/* A reset with seq, ack and flags of s (no payload). The Ethernet addresses are the caller's to fill in. */
void win_frame_make_reset(uint8_t frame[WIN_RESET_LEN], const struct win_segment *s);
/* The reset that answers a segment to nobody (RFC 9293, 3.10.7.1); false: none does. */
bool win_frame_answer_reset(uint8_t frame[WIN_RESET_LEN], const struct win_segment *to);

/* Turns an echo request into its answer, but for the Ethernet addresses; false: it is none. */
bool win_frame_echo(uint8_t *frame, size_t n);
/* An ICMP error (destination unreachable) about a segment from the address `own`. */
bool win_frame_returned(const uint8_t *frame, size_t n, uint32_t own, struct win_returned *r);

#endif
