/*
 * The layers between the provider and the stack, for `smtpgate probe`: a port of our own on the wire, and questions by ARP
 * from a MAC that is nobody's. IPv6 has no question that claims nothing and needs no stack: it is not asked for.
 */
#include "ftp/ftp.h"

#include <stdio.h>
#include <string.h>

#define ASK_MS 1000

struct climb {
	struct sgt_stack *stack;
	void (*fn)(void *ctx, const struct sgt_finding *finding);
	void *ctx;
	uint8_t mac[6]; /* that asks */
	int ask_ms;
	char text[SGT_TEXT_MAX];
};

/* Tells of one layer; true: climb on. */
static bool tell(struct climb *c, const char *layer, enum sgt_result r, const char *remedy)
{
	c->fn(c->ctx, &(struct sgt_finding){.size = sizeof(struct sgt_finding),
					    .layer = layer,
					    .result = r,
					    .text = c->text,
					    .remedy = remedy});
	return r == SGT_OK;
}

static bool look_at_link(struct climb *c)
{
	struct sgt_error error;
	char mac[18];
	enum sgt_result r = wire_open(&c->stack->face->wire, &error);
	ftp_mac_format(c->stack->face->set.mac, mac);
	snprintf(c->text, sizeof c->text, "%s takes us; our MAC is %s", c->stack->face->wire.url,
		 mac);
	if (r != SGT_OK)
		snprintf(c->text, sizeof c->text, "%s", error.text);
	return tell(c, "link", r, r == SGT_OK ? NULL : error.remedy);
}

static unsigned mask_bits(const ip4_addr_t *mask)
{
	return (unsigned)__builtin_popcount(mask->addr);
}

static bool look_at_addresses(struct climb *c)
{
	const struct sgt_stack *s = c->stack;
	char ip[IP6ADDR_STRLEN_MAX];
	int at = 0;
	if (s->face->set.has_ip4)
		at = snprintf(c->text, sizeof c->text, "%s/%u",
			      ip4addr_ntoa_r(&s->face->set.ip4, ip, sizeof ip),
			      mask_bits(&s->face->set.mask));
	for (size_t i = 0; i < s->face->set.ip6_count; i++)
		at += snprintf(c->text + at, sizeof c->text - (size_t)at, "%s%s/64", at ? ", " : "",
			       ip6addr_ntoa_r(&s->face->set.ip6[i], ip, sizeof ip));
	return tell(c, "address", SGT_OK, NULL);
}

static bool look_for_conflict(struct climb *c)
{
	const struct sgt_stack *s = c->stack;
	uint8_t owner[6];
	char ip[16], mac[18];
	snprintf(c->text, sizeof c->text, "not looked for: we have no IPv4 address");
	if (!s->face->set.has_ip4)
		return tell(c, "conflict", SGT_OK, NULL);
	ip4addr_ntoa_r(&s->face->set.ip4, ip, sizeof ip);
	snprintf(c->text, sizeof c->text, "nobody else has %s", ip);
	if (!ftp_arp_ask(&c->stack->face->wire, c->mac, &s->face->set.ip4, c->ask_ms, owner))
		return tell(c, "conflict", SGT_OK, NULL);
	ftp_mac_format(owner, mac);
	bool ours = memcmp(owner, s->face->set.mac, sizeof owner) == 0;
	snprintf(c->text, sizeof c->text, "%s is in use: %s has it%s", ip, mac,
		 ours ? ", which is the MAC of these settings: a gateway with them runs" : "");
	return tell(c, "conflict", SGT_IN_USE,
		    ours ? "smtpgate stop"
			 : "address = in the vendor's section: one that nobody has there");
}

static bool look_for_gateway(struct climb *c)
{
	const struct sgt_stack *s = c->stack;
	uint8_t owner[6];
	char ip[16], mac[18];
	snprintf(c->text, sizeof c->text, "none is set: only our own network is reached");
	if (!s->face->set.has_gateway)
		return tell(c, "gateway", SGT_OK, NULL);
	ip4addr_ntoa_r(&s->face->set.gateway, ip, sizeof ip);
	bool answers =
		ftp_arp_ask(&c->stack->face->wire, c->mac, &s->face->set.gateway, c->ask_ms, owner);
	if (answers)
		ftp_mac_format(owner, mac);
	snprintf(c->text, sizeof c->text, answers ? "%s answers, %s" : "%s does not answer%s", ip,
		 answers ? mac : "");
	return tell(c, "gateway", answers ? SGT_OK : SGT_UNREACHABLE,
		    answers ? NULL
			    : "gateway = in the vendor's section: the router of that network");
}

void ftp_probe(struct sgt_stack *s, int limit_ms,
	       void (*fn)(void *ctx, const struct sgt_finding *finding), void *ctx)
{
	struct climb c = {.stack = s, .fn = fn, .ctx = ctx, .mac = {2}};
	uint64_t mine = s->host->random(s->host->ctx);
	memcpy(c.mac + 1, &mine, sizeof c.mac - 1);
	c.ask_ms = limit_ms / 4 < ASK_MS ? limit_ms / 4 : ASK_MS;
	if (look_at_link(&c) && look_at_addresses(&c) && look_for_conflict(&c))
		look_for_gateway(&c);
	wire_close(&s->face->wire);
}
