/*
 * What a module's probe finds, layer by layer (struct sgt_finding in smtpgate/transport.h): sentences made and told, within one
 * time limit for all; and the two layers that every Ethernet with IPv4 has, asked by ARP.
 */
#ifndef SMTPGATE_SUPPORT_CLIMB_H
#define SMTPGATE_SUPPORT_CLIMB_H

#include "support/arp.h"
#include "support/prefix.h"
#include "smtpgate/transport.h"

#define climb_begin SUPPORT(climb_begin)
#define climb_left SUPPORT(climb_left)
#define climb_good SUPPORT(climb_good)
#define climb_stop SUPPORT(climb_stop)
#define climb_conflict SUPPORT(climb_conflict)
#define climb_gateway SUPPORT(climb_gateway)

struct climb {
	void (*fn)(void *ctx, const struct sgt_finding *finding);
	void *ctx;
	int64_t until; /* ms, monotonic */
};

void climb_begin(struct climb *c, int limit_ms,
		 void (*fn)(void *ctx, const struct sgt_finding *finding), void *ctx);
/* ms that are left, at most `most`; never below 0. */
int climb_left(const struct climb *c, int most);
/* A layer is good: always true. */
bool climb_good(struct climb *c, const char *layer, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* A layer is not: always false, and nothing may be told after it. remedy may be "". */
bool climb_stop(struct climb *c, const char *layer, enum sgt_result result, const char *remedy,
		const char *format, ...) __attribute__((format(printf, 5, 6)));

/* An own address, and the MAC that our stack gives it (as a port of its own, the questions come from another). */
struct climb_own {
	uint32_t ip;
	const uint8_t *mac; /* NULL: the port's */
};

/* Has nobody else our addresses? An answer with our own MAC is that of a gateway with the same settings, which runs.
 * remedy: what to do about another host's. */
bool climb_conflict(struct climb *c, const struct arp_port *port, const struct climb_own *own,
		    size_t count, const char *remedy);
/* Does the gateway answer? */
bool climb_gateway(struct climb *c, const struct arp_port *port, uint32_t gateway,
		   const char *remedy);

#endif
