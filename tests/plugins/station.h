/*
 * Another host of a virtual Ethernet that says exactly what it is told, frame by frame: a port of the switch, an address,
 * and makers of the frames that a test needs.
 */
#ifndef SMTPGATE_TESTS_STATION_H
#define SMTPGATE_TESTS_STATION_H

#include "conformance/rig.h"
#include "support/wire.h"

#define STATION_IP 0x0a4d0001u /* 10.77.0.1 */
#define STATION_FIN 1u
#define STATION_SYN 2u
#define STATION_RST 4u
#define STATION_ACK 16u

struct station {
	struct wire wire;
	struct rig *rig; /* which runs while the station waits; NULL: none */
	uint8_t mac[6], theirs[6];
	uint8_t from[6]; /* that frames say they come from: mac, unless a test changes it */
	uint32_t their_ip;
	unsigned char frame[WIRE_FRAME_MAX]; /* the last that came */
	long len;
};

/* One segment, host byte order. */
struct segment {
	uint32_t from_ip, to_ip, seq, ack;
	unsigned from, to, flags;
	size_t len; /* of payload */
};

/* Plugs in, and learns the MAC of `their_ip` from an answer to its ARP, which teaches ours there. The test fails otherwise. */
void station_open(struct station *s, const char *url, struct rig *rig, uint32_t their_ip);
void station_close(struct station *s);

/* The next frame, or false after `turns` turns of the rig in which none came. */
bool station_next(struct station *s, unsigned turns);
void station_send(struct station *s, const void *frame, size_t len);

/* An ARP packet of ours: op 1 asks, 2 tells. */
void station_arp(struct station *s, unsigned op, uint32_t sender, uint32_t target);
void station_udp(struct station *s, uint32_t from_ip, unsigned from, unsigned to, const char *text);
/* A segment without payload. */
void station_tcp(struct station *s, const struct segment *what);
/* A SYN by IPv6, with a further header of this kind before it, of 8 empty bytes (0: none; RFC 8200, section 4). */
void station_syn6(struct station *s, const char *from, const char *to, unsigned port,
		  unsigned header);
/* Does the last frame ask where an IPv6 address is? */
bool station_is_asked6(const struct station *s, const char *address);
/* Is the last frame a segment? Then what it says. */
bool station_is_tcp(const struct station *s, struct segment *out);
/* Is it an ARP packet? */
bool station_is_arp(const struct station *s, unsigned *op, uint32_t *sender, uint32_t *target);

#endif
