/* Layers that were climbed: see climb.h. */
#include "support/climb.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SENTENCE_MAX 512
#define CONFLICT_MS 900 /* an address; whoever defends one does so at once */
#define GATEWAY_MS 3000

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void climb_begin(struct climb *c, int limit_ms,
		 void (*fn)(void *ctx, const struct sgt_finding *finding), void *ctx)
{
	*c = (struct climb){.fn = fn, .ctx = ctx, .until = now_ms() + limit_ms};
}

int climb_left(const struct climb *c, int most)
{
	int64_t left = c->until - now_ms();
	return left < 0 ? 0 : left < most ? (int)left : most;
}

static void tell(struct climb *c, struct sgt_finding *f, const char *format, va_list args)
{
	char text[SENTENCE_MAX];
	vsnprintf(text, sizeof text, format, args);
	f->size = sizeof *f;
	f->text = text;
	c->fn(c->ctx, f);
}

bool climb_good(struct climb *c, const char *layer, const char *format, ...)
{
	struct sgt_finding f = {.layer = layer, .result = SGT_OK};
	va_list args;
	va_start(args, format);
	tell(c, &f, format, args);
	va_end(args);
	return true;
}

bool climb_stop(struct climb *c, const char *layer, enum sgt_result result, const char *remedy,
		const char *format, ...)
{
	struct sgt_finding f = {.layer = layer, .result = result, .remedy = remedy};
	va_list args;
	va_start(args, format);
	tell(c, &f, format, args);
	va_end(args);
	return false;
}

/* ---- by ARP ---- */

static const char *print(uint32_t ip, char out[INET_ADDRSTRLEN])
{
	struct in_addr in = {.s_addr = ip};
	return inet_ntop(AF_INET, &in, out, INET_ADDRSTRLEN);
}

static bool lost(struct climb *c, const char *layer)
{
	return climb_stop(c, layer, SGT_SOCKET, "", "the network was lost while it was asked");
}

static bool is_free(struct climb *c, const struct arp_port *port, const struct climb_own *own,
		    const char *remedy)
{
	uint8_t mac[ARP_MAC_LEN];
	char ip[INET_ADDRSTRLEN], holder[ARP_MAC_TEXT];
	switch (arp_ask(port, own->ip, climb_left(c, CONFLICT_MS), mac)) {
	case ARP_SILENCE:
		return true;
	case ARP_LOST:
		return lost(c, "conflict");
	case ARP_ANSWERED:
		break;
	}
	print(own->ip, ip);
	arp_print_mac(mac, holder);
	if (own->mac && memcmp(own->mac, mac, sizeof mac) == 0)
		return climb_stop(c, "conflict", SGT_IN_USE,
				  "smtpgate status    # how it goes; to probe from here, first: "
				  "smtpgate stop",
				  "%s answers already, with our own MAC %s: the gateway is running",
				  ip, holder);
	return climb_stop(c, "conflict", SGT_IN_USE, remedy, "%s is in use by the host with MAC %s",
			  ip, holder);
}

bool climb_conflict(struct climb *c, const struct arp_port *port, const struct climb_own *own,
		    size_t count, const char *remedy)
{
	for (size_t i = 0; i < count; i++)
		if (!is_free(c, port, &own[i], remedy))
			return false;
	return climb_good(c, "conflict", "nobody else has %s", count > 1 ? "them" : "it");
}

bool climb_gateway(struct climb *c, const struct arp_port *port, uint32_t gateway,
		   const char *remedy)
{
	uint8_t mac[ARP_MAC_LEN];
	char ip[INET_ADDRSTRLEN], text[ARP_MAC_TEXT];
	print(gateway, ip);
	switch (arp_ask(port, gateway, climb_left(c, GATEWAY_MS), mac)) {
	case ARP_LOST:
		return lost(c, "gateway");
	case ARP_SILENCE:
		return climb_stop(c, "gateway", SGT_UNREACHABLE, remedy, "%s does not answer", ip);
	case ARP_ANSWERED:
		break;
	}
	return climb_good(c, "gateway", "%s answers, MAC %s", ip, arp_print_mac(mac, text));
}
