/* ARP: see arp.h. */
#include "support/arp.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define ETHER 14u /* bytes of its header */
#define TIMES 3   /* RFC 5227: PROBE_NUM */
#define FRAME_MAX 9234u

static unsigned get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

bool arp_read(const uint8_t *frame, size_t n, struct arp *arp)
{
	static const uint8_t head[] = {8, 6, 0, 1, 8, 0, 6, 4};
	const uint8_t *p = frame + ETHER;
	if (n < ARP_FRAME_LEN || memcmp(frame + 12, head, sizeof head) != 0)
		return false;
	arp->op = get16(p + 6);
	memcpy(arp->sender_mac, p + 8, ARP_MAC_LEN);
	memcpy(&arp->sender, p + 14, sizeof arp->sender);
	memcpy(&arp->target, p + 24, sizeof arp->target);
	return true;
}

void arp_write(uint8_t frame[ARP_FRAME_LEN], const struct arp *arp, const uint8_t *to_mac)
{
	static const uint8_t head[] = {8, 6, 0, 1, 8, 0, 6, 4};
	memset(frame, 0, ARP_FRAME_LEN);
	memset(frame, 0xff, ARP_MAC_LEN);
	if (to_mac) {
		memcpy(frame, to_mac, ARP_MAC_LEN);
		memcpy(frame + ETHER + 18, to_mac, ARP_MAC_LEN);
	}
	memcpy(frame + 6, arp->sender_mac, ARP_MAC_LEN);
	memcpy(frame + 12, head, sizeof head);
	frame[ETHER + 7] = (uint8_t)arp->op;
	memcpy(frame + ETHER + 8, arp->sender_mac, ARP_MAC_LEN);
	memcpy(frame + ETHER + 14, &arp->sender, 4);
	memcpy(frame + ETHER + 24, &arp->target, 4);
}

const char *arp_print_mac(const uint8_t m[ARP_MAC_LEN], char out[ARP_MAC_TEXT])
{
	snprintf(out, ARP_MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4],
		 m[5]);
	return out;
}

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Takes what waits, up to the answer. */
static enum arp_answer take(const struct arp_port *port, uint32_t ip, uint8_t *mac)
{
	uint8_t frame[FRAME_MAX];
	struct arp arp;
	long n;
	while ((n = port->receive(port->ctx, frame, sizeof frame)) > 0) {
		if (!arp_read(frame, (size_t)n, &arp) || arp.sender != ip ||
		    memcmp(arp.sender_mac, port->mac, ARP_MAC_LEN) == 0)
			continue;
		memcpy(mac, arp.sender_mac, ARP_MAC_LEN);
		return ARP_ANSWERED;
	}
	return n < 0 ? ARP_LOST : ARP_SILENCE;
}

static enum arp_answer listen_until(const struct arp_port *port, uint32_t ip, int64_t until,
				    uint8_t *mac)
{
	enum arp_answer a;
	int64_t left;
	while ((a = take(port, ip, mac)) == ARP_SILENCE && (left = until - now_ms()) > 0) {
		struct pollfd p = {.fd = port->fd, .events = POLLIN};
		poll(&p, 1, (int)left);
	}
	return a;
}

enum arp_answer arp_ask(const struct arp_port *port, uint32_t ip, int limit_ms,
			uint8_t mac[ARP_MAC_LEN])
{
	uint8_t frame[ARP_FRAME_LEN];
	struct arp arp = {.op = ARP_REQUEST, .target = ip};
	enum arp_answer a = ARP_SILENCE;
	int64_t begun = now_ms();
	memcpy(arp.sender_mac, port->mac, ARP_MAC_LEN);
	arp_write(frame, &arp, NULL);
	for (int i = 1; i <= TIMES && a == ARP_SILENCE; i++)
		a = port->send(port->ctx, frame, sizeof frame)
			    ? listen_until(port, ip, begun + (int64_t)limit_ms * i / TIMES, mac)
			    : ARP_LOST;
	return a;
}
