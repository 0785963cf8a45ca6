/*
 * Who has an address? Asked by ARP on an open wire before a stack is there, by a probe that claims nothing: its sender's
 * address is 0.0.0.0 (RFC 5227, section 2.1.1), so no host learns anything from it.
 */
#include "ftp/ftp.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { FRAME_LEN = 42, PROBES = 3 };

static uint64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

static void make_probe(unsigned char frame[FRAME_LEN], const uint8_t mac[6],
		       const ip4_addr_t *target)
{
	static const unsigned char kind[] = {8, 6, 0, 1, 8, 0, 6, 4, 0, 1};
	memset(frame, 0, FRAME_LEN);
	memset(frame, 0xff, 6);
	memcpy(frame + 6, mac, 6);
	memcpy(frame + 12, kind, sizeof kind);
	memcpy(frame + 22, mac, 6);
	memcpy(frame + 38, &target->addr, 4);
}

/* Does the frame say at which MAC target is? Ours does not: it has no sender's address. */
static bool tells(const unsigned char *frame, long n, const ip4_addr_t *target)
{
	return n >= FRAME_LEN && frame[12] == 8 && frame[13] == 6 &&
	       memcmp(frame + 28, &target->addr, 4) == 0;
}

/* Frames until then; true with the owner. */
static bool listen_until(struct wire *w, uint64_t end, const ip4_addr_t *target, uint8_t owner[6])
{
	unsigned char frame[WIRE_FRAME_MAX];
	for (uint64_t now = now_ms(); now < end; now = now_ms()) {
		struct pollfd p = {.fd = wire_fd(w), .events = POLLIN};
		long n = 0;
		if (poll(&p, 1, (int)(end - now)) > 0)
			n = wire_recv(w, frame, sizeof frame);
		if (n == WIRE_LOST)
			return false;
		if (tells(frame, n, target)) {
			memcpy(owner, frame + 22, 6);
			return true;
		}
	}
	return false;
}

bool ftp_arp_ask(struct wire *w, const uint8_t mac[6], const ip4_addr_t *target, int wait_ms,
		 uint8_t owner[6])
{
	unsigned char frame[FRAME_LEN];
	uint64_t now = now_ms(), end = now + (uint64_t)wait_ms,
		 step = (uint64_t)wait_ms / PROBES + 1;
	make_probe(frame, mac, target);
	for (; now < end; now = now_ms()) {
		if (wire_send(w, frame, sizeof frame) == WIRE_LOST)
			return false;
		if (listen_until(w, now + step < end ? now + step : end, target, owner))
			return true;
	}
	return false;
}

void ftp_mac_format(const uint8_t mac[6], char out[18])
{
	snprintf(out, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
		 mac[5]);
}
