/* Lookups of one stack: see dns.h. Owns the c-ares channel, its handles and the questions under way. */
#include "dns/dns_int.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define SERVERS_TEXT 1024 /* list of name servers as c-ares reads it */

/* ---- answers ---- */

void dns_op_free(struct dns_op *op)
{
	if (op->dns) {
		if (op->next)
			op->next->prev = op->prev;
		if (op->prev)
			op->prev->next = op->next;
		else
			op->dns->ops = op->next;
		op->dns->pending--;
	}
	free(op);
}

void dns_finish(struct dns_op *op, enum result result, const char *format, ...)
{
	struct dns_query *q = op->query;
	if (!q || !op->dns) {
		dns_op_free(op);
		return;
	}
	va_list ap;
	va_start(ap, format);
	q->result = result;
	q->err = (struct err){.code = result};
	vsnprintf(q->err.text, sizeof q->err.text, format, ap);
	va_end(ap);
	op->finished = true;
	struct stack *s = op->dns->stack;
	timers_set(stack_timers(s), &op->dns->soon, clock_mono(stack_clock(s)));
}

static void hand_out_refused(struct dns *d)
{
	struct dns_query *q = d->refused;
	d->refused = NULL;
	for (struct dns_query *next; q; q = next) {
		next = q->next_refused;
		q->result = E_LIMIT;
		err_set(&q->err, E_LIMIT, "too many names are being looked up to look up %s",
			q->name);
		q->done(q);
	}
}

/* Hands out what has finished. A done may ask again; what finishes meanwhile waits for the next turn. */
static void hand_out(struct timer *t)
{
	struct dns *d = (struct dns *)((char *)t - offsetof(struct dns, soon));
	hand_out_refused(d);
	for (struct dns_op *op = d->ops, *next; op; op = next) {
		next = op->next;
		if (!op->finished)
			continue;
		struct dns_query *q = op->query;
		dns_op_free(op);
		if (q) {
			q->internal = NULL;
			q->done(q);
			next = d->ops; /* done may have forgotten or asked others */
		}
	}
}

static void status_finish(struct dns_op *op, int status)
{
	const struct dns_query *q = op->query;
	const char *name = q ? q->name : "";
	const char *what = q && q->type == DNS_MX ? "mail servers" : "address";
	switch (status) {
	case ARES_SUCCESS:
	case ARES_ENODATA:
		dns_finish(op, OK, "done");
		break;
	case ARES_ENOTFOUND:
	case ARES_EBADNAME:
		dns_finish(op, E_NOTFOUND, "The domain %s does not exist", name);
		break;
	case ARES_ETIMEOUT:
		dns_finish(op, E_TIMEOUT, "no name server answered for the %s of %s", what, name);
		break;
	case ARES_ECONNREFUSED:
		dns_finish(op, E_NETWORK, "no name server takes the question for the %s of %s",
			   what, name);
		break;
	case ARES_ENOMEM:
		dns_finish(op, E_LIMIT, "no memory to look up %s", name);
		break;
	case ARES_ECANCELLED:
	case ARES_EDESTRUCTION:
		dns_finish(op, E_CANCELLED, "the TCP/IP was lost while %s was looked up", name);
		break;
	case ARES_EBADRESP:
	case ARES_EFORMERR:
		dns_finish(op, E_CORRUPT, "the name server's answer for the %s of %s is malformed",
			   what, name);
		break;
	default:
		dns_finish(op, E_NETWORK, "the name server failed for the %s of %s: %s", what, name,
			   ares_strerror(status));
	}
}

int dns_take_mx(struct dns_query *q, const unsigned char *message, int n)
{
	struct ares_mx_reply *list = NULL;
	int status = ares_parse_mx_reply(message, n, &list);
	if (status != ARES_SUCCESS)
		return status;
	for (struct ares_mx_reply *m = list; m; m = m->next) {
		/* The worst goes when there are too many. */
		size_t at = q->count < DNS_MX_MAX ? q->count++ : DNS_MX_MAX;
		if (at == DNS_MX_MAX) {
			at = 0;
			for (size_t i = 1; i < DNS_MX_MAX; i++)
				if (q->answer.mx[i].preference > q->answer.mx[at].preference)
					at = i;
			if (q->answer.mx[at].preference <= m->priority)
				continue;
		}
		q->answer.mx[at].preference = m->priority;
		text_copy(q->answer.mx[at].host, sizeof q->answer.mx[at].host, m->host);
	}
	ares_free_data(list);
	return ARES_SUCCESS;
}

void dns_take_address(struct dns_query *q, int family, const void *address)
{
	if (q->count < DNS_ADDRESSES_MAX &&
	    inet_ntop(family, address, q->answer.addresses[q->count],
		      sizeof q->answer.addresses[0]))
		q->count++;
}

static void mx_answered(void *arg, int status, int timeouts, unsigned char *message, int n)
{
	struct dns_op *op = arg;
	(void)timeouts;
	if (status == ARES_SUCCESS && op->query)
		status = dns_take_mx(op->query, message, n);
	status_finish(op, status);
}

static void addresses_answered(void *arg, int status, int timeouts, struct ares_addrinfo *list)
{
	struct dns_op *op = arg;
	(void)timeouts;
	for (struct ares_addrinfo_node *a = list && op->query ? list->nodes : NULL; a;
	     a = a->ai_next) {
		if (a->ai_family == AF_INET)
			dns_take_address(op->query, AF_INET,
					 &((struct sockaddr_in *)(void *)a->ai_addr)->sin_addr);
		else if (a->ai_family == AF_INET6)
			dns_take_address(op->query, AF_INET6,
					 &((struct sockaddr_in6 *)(void *)a->ai_addr)->sin6_addr);
	}
	if (list)
		ares_freeaddrinfo(list);
	status_finish(op, status);
}

/* ---- questions ---- */

/* Sets the timer to c-ares' next time limit. */
static void rearm(struct dns *d)
{
	struct timeval tv;
	struct timers *ts = stack_timers(d->stack);
	if (ares_timeout(d->channel, NULL, &tv))
		timers_set(ts, &d->wait,
			   clock_mono(stack_clock(d->stack)) + (int64_t)tv.tv_sec * 1000 +
				   tv.tv_usec / 1000 + 1);
	else
		timers_clear(ts, &d->wait);
}

static void wait_over(struct timer *t)
{
	struct dns *d = (struct dns *)((char *)t - offsetof(struct dns, wait));
	ares_process_fd(d->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	rearm(d);
}

static void handle_ready(void *ctx, ares_socket_t handle)
{
	struct dns *d = ctx;
	ares_process_fd(d->channel, handle, handle);
	rearm(d);
}

void dns_ask(struct dns *d, struct dns_query *q)
{
	struct dns_op *op = d->pending < DNS_PENDING_MAX ? calloc(1, sizeof *op) : NULL;
	q->count = 0;
	q->internal = op;
	if (!op) {
		q->next_refused = d->refused;
		d->refused = q;
		timers_set(stack_timers(d->stack), &d->soon, clock_mono(stack_clock(d->stack)));
		return;
	}
	op->dns = d;
	op->query = q;
	op->next = d->ops;
	if (op->next)
		op->next->prev = op;
	d->ops = op;
	d->pending++;
	if (!d->channel) {
		dns_host_ask(op);
		return;
	}
	if (q->type == DNS_MX) {
		ares_query(d->channel, q->name, ns_c_in, ns_t_mx, mx_answered, op);
	} else {
		int family = q->ipv4 && q->ipv6 ? AF_UNSPEC : q->ipv6 ? AF_INET6 : AF_INET;
		const struct ares_addrinfo_hints hints = {.ai_flags = ARES_AI_NOSORT,
							  .ai_family = family};
		ares_getaddrinfo(d->channel, q->name, NULL, &hints, addresses_answered, op);
	}
	rearm(d);
}

void dns_forget(struct dns *d, struct dns_query *q)
{
	for (struct dns_query **at = &d->refused; *at; at = &(*at)->next_refused) {
		if (*at == q) {
			*at = q->next_refused;
			return;
		}
	}
	if (q->internal)
		q->internal->query = NULL;
	q->internal = NULL;
}

/* ---- life ---- */

static enum result set_servers(struct dns *d, const struct dns_options *o, struct err *err)
{
	char list[SERVERS_TEXT] = "";
	size_t n = 0;
	for (size_t i = 0; i < o->server_count; i++) {
		int w = snprintf(list + n, sizeof list - n, "%s%s", i ? "," : "", o->servers[i]);
		if (w < 0 || (size_t)w >= sizeof list - n)
			return err_set(err, E_LIMIT, "too many name servers");
		n += (size_t)w;
	}
	int status = ares_set_servers_ports_csv(d->channel, list);
	if (status != ARES_SUCCESS)
		return err_set(err, E_SYNTAX, "name_server: \"%s\": %s", list,
			       ares_strerror(status));
	return OK;
}

static enum result make_channel(struct dns *d, const struct dns_options *o, struct err *err)
{
	char lookups[] = "b"; /* DNS only: /etc/hosts is the host's, not this network's */
	uint64_t caps = stack_module(d->stack)->caps;
	struct ares_options options = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES |
			 (caps & SGT_CAP_DATAGRAMS ? 0 : ARES_FLAG_USEVC),
		.timeout = o->timeout ? (int)o->timeout : 3000,
		.tries = o->tries ? (int)o->tries : 3,
		.lookups = lookups,
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS;
	if (!(caps & (SGT_CAP_DATAGRAMS | SGT_CAP_CONNECT)))
		return err_set(err, E_UNSUPPORTED,
			       "this TCP/IP carries no questions to a name server");
	int status = ares_init_options(&d->channel, &options, mask);
	if (status != ARES_SUCCESS) {
		d->channel = NULL;
		return err_set(err, E_IO, "the resolver cannot be made: %s", ares_strerror(status));
	}
	dns_sockets_attach(d->sockets, d->channel);
	return o->server_count ? set_servers(d, o, err) : OK;
}

static void library_init(void)
{
	static bool
		done; /* stacks start one after another on threads of their own: see the mutex in dns_new */
	if (!done)
		ares_library_init(ARES_LIB_INIT_ALL);
	done = true;
}

enum result dns_new(struct dns **out, struct stack *s, const struct dns_options *o, struct err *err)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct dns *d = calloc(1, sizeof *d);
	if (!d)
		return err_set(err, E_NOMEM, "no memory for the resolver");
	d->stack = s;
	d->pool = o->pool;
	d->inbox = o->inbox;
	d->soon.fire = hand_out;
	d->wait.fire = wait_over;
	enum result r = OK;
	if (!o->host_resolver) {
		pthread_mutex_lock(&lock);
		library_init();
		pthread_mutex_unlock(&lock);
		d->sockets = dns_sockets_new(s, handle_ready, d);
		r = d->sockets ? make_channel(d, o, err)
			       : err_set(err, E_NOMEM, "no memory for the resolver");
	}
	if (r != OK)
		dns_destroy(&d);
	*out = d;
	return r;
}

void dns_destroy(struct dns **out)
{
	struct dns *d = *out;
	if (!d)
		return;
	*out = NULL; /* who is told that it was lost cannot ask again */
	if (d->channel)
		ares_destroy(d->channel); /* every question finishes as cancelled */
	for (struct dns_op *op = d->ops; op; op = op->next) /* what the pool has */
		if (!op->finished && op->query) {
			op->query->result = E_CANCELLED;
			err_set(&op->query->err, E_CANCELLED,
				"the TCP/IP was lost while %s was looked up", op->query->name);
		}
	hand_out_refused(d);
	while (d->ops) {
		struct dns_op *op = d->ops;
		struct dns_query *q = op->query;
		bool pooled = !d->channel && !op->finished;
		op->query = NULL;
		if (pooled) { /* its thread frees it */
			d->ops = op->next;
			if (op->next)
				op->next->prev = NULL;
			op->dns = NULL;
		} else {
			dns_op_free(op);
		}
		if (q) {
			q->internal = NULL;
			q->done(q);
		}
	}
	timers_clear(stack_timers(d->stack), &d->soon);
	timers_clear(stack_timers(d->stack), &d->wait);
	dns_sockets_destroy(&d->sockets);
	free(d);
}
