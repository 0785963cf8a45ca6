/*
 * The host's resolver, for `resolver = host`: getaddrinfo and res_nquery in a thread of the pool, as the host itself
 * would ask (/etc/hosts, resolv.conf, its own time limits). Part of dns_int.h.
 */
#include "dns/dns_int.h"

#include "base/text.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define ANSWER_MAX 65535

struct host_job {
	struct job job;
	struct dns_op *op;
	struct dns_query
		found; /* filled by the thread: a copy, for the query may be forgotten meanwhile */
};

static void fail(struct dns_query *q, enum result result, const char *why)
{
	q->result = err_set(&q->err, result, "%s", why);
}

static void addresses(struct dns_query *q)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG},
			*list = NULL;
	hints.ai_family = q->ipv4 && q->ipv6 ? AF_UNSPEC : q->ipv6 ? AF_INET6 : AF_INET;
	int e = getaddrinfo(q->name, NULL, &hints, &list);
	for (struct addrinfo *a = e ? NULL : list; a; a = a->ai_next) {
		if (a->ai_family == AF_INET)
			dns_take_address(q, AF_INET,
					 &((struct sockaddr_in *)(void *)a->ai_addr)->sin_addr);
		else if (a->ai_family == AF_INET6)
			dns_take_address(q, AF_INET6,
					 &((struct sockaddr_in6 *)(void *)a->ai_addr)->sin6_addr);
	}
	if (!e)
		freeaddrinfo(list);
	else if (e == EAI_NONAME)
		fail(q, E_NOTFOUND, "the host's resolver knows no such name");
	else if (e != EAI_NODATA && e != EAI_ADDRFAMILY)
		fail(q, E_NETWORK, gai_strerror(e));
}

static void exchangers(struct dns_query *q)
{
	struct __res_state state;
	unsigned char *answer = malloc(ANSWER_MAX);
	memset(&state, 0, sizeof state);
	if (!answer || res_ninit(&state) != 0) {
		free(answer);
		fail(q, E_NETWORK, "the host's resolver cannot be started");
		return;
	}
	int n = res_nquery(&state, q->name, ns_c_in, ns_t_mx, answer, ANSWER_MAX);
	if (n > 0) {
		int status = dns_take_mx(q, answer, n < ANSWER_MAX ? n : ANSWER_MAX);
		if (status != ARES_SUCCESS && status != ARES_ENODATA)
			fail(q, E_CORRUPT, ares_strerror(status));
	} else if (state.res_h_errno == HOST_NOT_FOUND) {
		fail(q, E_NOTFOUND, "the host's resolver knows no such domain");
	} else if (state.res_h_errno != NO_DATA) {
		fail(q, E_NETWORK, hstrerror(state.res_h_errno));
	}
	res_nclose(&state);
	free(answer);
}

static void work(struct job *job)
{
	struct dns_query *q = &((struct host_job *)job)->found;
	if (q->type == DNS_MX)
		exchangers(q);
	else
		addresses(q);
}

static void done(struct job *job)
{
	struct host_job *h = (struct host_job *)job;
	struct dns_op *op = h->op;
	if (op->dns && op->query) {
		op->query->count = h->found.count;
		op->query->answer = h->found.answer;
		dns_finish(op, h->found.result, "%s: %s", h->found.name,
			   h->found.result == OK ? "found" : h->found.err.text);
	} else {
		dns_op_free(op);
	}
	free(h);
}

void dns_host_ask(struct dns_op *op)
{
	struct host_job *h = calloc(1, sizeof *h);
	if (!h) {
		dns_finish(op, E_LIMIT, "no memory to look up %s", op->query->name);
		return;
	}
	h->op = op;
	h->found = *op->query;
	h->found.result = OK;
	h->job = (struct job){.answer_to = op->dns->inbox, .work = work, .done = done};
	if (pool_run(op->dns->pool, &h->job) != OK) {
		free(h);
		dns_finish(op, E_LIMIT, "too many names are being looked up to look up %s",
			   op->query->name);
	}
}
