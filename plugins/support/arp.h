/*
 * ARP (RFC 826) on an Ethernet: frames read and made, and the question "who has this address?" asked as RFC 5227 (address
 * conflict detection) asks it: without a sender address, so that nobody's tables change by it.
 *
 * The frames are pure. arp_ask owns nothing and waits at most as long as it is told. IPv4 addresses are in network order.
 */
#ifndef SMTPGATE_SUPPORT_ARP_H
#define SMTPGATE_SUPPORT_ARP_H

#include "support/prefix.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define arp_read SUPPORT(arp_read)
#define arp_write SUPPORT(arp_write)
#define arp_ask SUPPORT(arp_ask)
#define arp_print_mac SUPPORT(arp_print_mac)

#define ARP_MAC_LEN 6
#define ARP_FRAME_LEN 42
#define ARP_MAC_TEXT 18 /* "02:00:5e:10:00:01" */

enum { ARP_REQUEST = 1, ARP_REPLY = 2 };

struct arp {
	unsigned op;
	uint8_t sender_mac[ARP_MAC_LEN];
	uint32_t sender, target;
};

/* False: the n bytes are no whole ARP frame for IPv4 on Ethernet. */
bool arp_read(const uint8_t *frame, size_t n, struct arp *arp);
/* To everybody when `to_mac` is NULL. Fills in the Ethernet header too. */
void arp_write(uint8_t frame[ARP_FRAME_LEN], const struct arp *arp, const uint8_t *to_mac);

/* A port of an Ethernet that questions go out by; the caller's. */
struct arp_port {
	int fd;                   /* readable when a frame waits */
	uint8_t mac[ARP_MAC_LEN]; /* that the questions come from */
	/* Sends a frame; false: the network is lost. */
	bool (*send)(void *ctx, const void *frame, size_t n);
	/* The bytes of a frame, 0: none waits, negative: the network is lost. */
	long (*receive)(void *ctx, void *frame, size_t size);
	void *ctx;
};

enum arp_answer {
	ARP_SILENCE,  /* nobody, within the time */
	ARP_ANSWERED, /* mac is filled */
	ARP_LOST,     /* the network */
};

/* Asks three times within limit_ms who has `ip`. Answers of port->mac itself do not count. */
enum arp_answer arp_ask(const struct arp_port *port, uint32_t ip, int limit_ms,
			uint8_t mac[ARP_MAC_LEN]);

/* Returns out. */
const char *arp_print_mac(const uint8_t mac[ARP_MAC_LEN], char out[ARP_MAC_TEXT]);

#endif
