/* What the files of core/dns share. */
#ifndef SMTPGATE_DNS_INT_H
#define SMTPGATE_DNS_INT_H

#include "base/timers.h"
#include "dns/dns.h"
#include "dns/sockets.h"

struct dns {
	struct stack *stack;
	struct dns_sockets *sockets;
	ares_channel channel; /* NULL with the host's resolver */
	struct pool *pool;
	struct inbox *inbox;
	struct dns_op *ops; /* running and finished ones */
	size_t pending;
	struct dns_query *refused; /* too many at a time, or no memory */
	struct timer soon;         /* hands out finished ones */
	struct timer wait;         /* c-ares' time limits */
};

/* A question under way. It outlives its query when that is forgotten, and its dns when a pool thread has it. */
struct dns_op {
	struct dns_op *next, *prev;
	struct dns *dns;         /* NULL: destroyed */
	struct dns_query *query; /* NULL: forgotten */
	bool finished;           /* query is filled; done is due */
};

/* The query is filled: done follows soon. */
void dns_finish(struct dns_op *op, enum result result, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Takes MX answers out of a DNS message into the query; returns an ARES_ status. */
int dns_take_mx(struct dns_query *q, const unsigned char *message, int n);
/* Adds an address, unless there are too many. */
void dns_take_address(struct dns_query *q, int family, const void *address);
/* Asks the host's resolver in the pool (host.c). */
void dns_host_ask(struct dns_op *op);
void dns_op_free(struct dns_op *op);

#endif
