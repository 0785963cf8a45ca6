/*
 * Names for one stack: MX, A and AAAA by c-ares (RFC 1035, 5321 5.1, 7505) over that stack's own datagrams and
 * streams, or, with `resolver = host`, by the host's resolver in a pool thread. One struct dns belongs to one
 * stack and is used in its thread only.
 */
#ifndef SMTPGATE_DNS_DNS_H
#define SMTPGATE_DNS_DNS_H

#include "base/pool.h"
#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dns;
struct dns_op;
struct stack;

#define DNS_NAME_MAX 256
#define DNS_MX_MAX 64        /* exchangers kept of one answer, best preference first */
#define DNS_ADDRESSES_MAX 32 /* addresses kept of one name */
#define DNS_PENDING_MAX 4096 /* questions at a time; more are E_LIMIT */

struct dns_options {
	const char *const *servers; /* "192.0.2.53" or with ":port"; none: /etc/resolv.conf's */
	size_t server_count;
	bool host_resolver;
	struct pool *pool;      /* for host_resolver */
	struct inbox *inbox;    /* of the stack's thread, for the pool's answers */
	int64_t timeout, tries; /* ms of the first try, number of tries; 0: 3000 and 3 */
};

/* stack: a started one whose thread calls. E_UNSUPPORTED: no datagrams and no streams, or no server is known. */
enum result dns_new(struct dns **d, struct stack *stack, const struct dns_options *o,
		    struct err *err);
#define DNS_SERVER_TEXT 64 /* "[2001:db8::53]:53" with the NUL */
#define DNS_SERVERS_MAX 8

/* The name servers that are asked when no others are given: /etc/resolv.conf's. Returns how many. */
size_t dns_servers(char list[DNS_SERVERS_MAX][DNS_SERVER_TEXT]);

/* Outstanding queries get done with E_CANCELLED first. */
void dns_destroy(struct dns **d);

enum dns_type { DNS_MX, DNS_ADDRESSES };

struct dns_mx {
	uint16_t preference;
	char host[DNS_NAME_MAX]; /* "" is the root: null MX */
};

/* Embedded by the caller, who owns it again from done on. */
struct dns_query {
	enum dns_type type;
	char name[DNS_NAME_MAX];
	bool ipv4, ipv6; /* DNS_ADDRESSES: families wanted */
	void (*done)(struct dns_query *q);
	/* out. OK: the name exists (count may be 0: no such records). E_NOTFOUND: no such domain. E_TIMEOUT, E_NETWORK,
	 * E_CORRUPT, E_LIMIT, E_CANCELLED: not known now, try later. err says it in words, with the server. */
	enum result result;
	struct err err;
	size_t count;
	union {
		struct dns_mx mx[DNS_MX_MAX];
		char addresses[DNS_ADDRESSES_MAX]
			      [48]; /* IP text, families interleaved as they came */
	} answer;
	struct dns_op *internal;        /* dns's own while it runs */
	struct dns_query *next_refused; /* likewise */
};

/* done is always called, never from within this call. */
void dns_ask(struct dns *d, struct dns_query *q);
/* Forgets a query: done will not be called. */
void dns_forget(struct dns *d, struct dns_query *q);

#endif
