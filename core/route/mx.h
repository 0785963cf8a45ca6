/*
 * What a domain's MX answers mean (RFC 5321 5.1, RFC 7505): a pure ordering of what DNS said.
 * Looking up is another's work; it hands the answers in and walks the list that is left from its
 * first entry on.
 */
#ifndef SMTPGATE_ROUTE_MX_H
#define SMTPGATE_ROUTE_MX_H

#include "base/net.h"
#include "base/result.h"
#include "mail/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One host that takes mail for a domain. */
struct route_mx {
	unsigned preference; /* the lowest is tried first */
	char host[MAIL_DOMAIN_MAX +
		  2];             /* as DNS gave it, a trailing dot allowed; "." or "": null MX */
	const struct net_ip *ips; /* its addresses when they are known already, not owned */
	size_t ip_count;
};

/* Who we are: what must not be sent to. */
struct route_self {
	const char *const
		*names; /* hostname, names of listeners; trailing dot and case do not matter */
	size_t name_count;
	const struct net_ip *ips; /* addresses where we listen; loopback counts as ours by itself */
	size_t ip_count;
};

/* X(name, code, status, words) What the list is; code 0: try its entries. */
#define ROUTE_MX_LIST(X)                                                        \
	X(ROUTE_MX_HOSTS, 0, "", "")                                            \
	X(ROUTE_MX_IMPLICIT, 0, "", "")                                         \
	X(ROUTE_MX_NULL, 556, "5.1.10", "the domain accepts no mail (null MX)") \
	X(ROUTE_MX_LOOP, 554, "5.4.6", "mail for the domain loops back to this gateway")

enum route_mx_kind {
#define ROUTE_MX_ENUM(name, code, status, words) name,
	ROUTE_MX_LIST(ROUTE_MX_ENUM)
#undef ROUTE_MX_ENUM
		ROUTE_MX_KINDS
};

/*
 * Orders the answers for `domain` in place: by preference, those of equal preference shuffled by
 * `random`; a null MX beside others is dropped; our own hosts go, and with them every host of the
 * same or a worse preference. *count: in the answers (0: the domain has no MX), out what is left.
 * The array has room for one at least: without any answer it becomes the domain itself
 * (ROUTE_MX_IMPLICIT). NULL and LOOP leave *count 0.
 */
enum route_mx_kind route_mx_order(struct route_mx *list, size_t *count, const char *domain,
				  const struct route_self *self, uint64_t random);
/*
 * For when addresses become known after the ordering: drops from an ordered list the hosts that are
 * us, as above. False: nothing is left, which is ROUTE_MX_LOOP.
 */
bool route_mx_drop_own(struct route_mx *list, size_t *count, const struct route_self *self);
/* Is this address ours (one of self's, loopback, or unspecified)? */
bool route_self_has(const struct route_self *self, const struct net_ip *ip);

/* Reply that goes with a kind: code (0: none), enhanced status code, words. Static, never NULL. */
int route_mx_code(enum route_mx_kind kind);
const char *route_mx_status(enum route_mx_kind kind);
const char *route_mx_words(enum route_mx_kind kind);

#endif
