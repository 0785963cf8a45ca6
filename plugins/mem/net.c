/* In-memory networks, their addresses and their faults: see internal.h, mem.h. A network lives as long as the process. */
#include "internal.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t nets_lock = PTHREAD_MUTEX_INITIALIZER;
static struct mem_net *nets;

struct mem_net *mem_net_get(const char *name)
{
	struct mem_net *n;
	pthread_mutex_lock(&nets_lock);
	for (n = nets; n && strcmp(n->name, name) != 0; n = n->next)
		;
	if (!n && (n = calloc(1, sizeof *n))) {
		snprintf(n->name, sizeof n->name, "%s", name);
		pthread_mutex_init(&n->lock, NULL);
		n->port = 32767;
		n->next = nets;
		nets = n;
	}
	pthread_mutex_unlock(&nets_lock);
	return n;
}

enum sgt_result mem_error(struct sgt_error *error, enum sgt_result result, const char *format, ...)
{
	static const struct {
		int number;
		const char *sentence;
	} table[] = {
#define ROW(name, number, word, sentence) {number, sentence},
		SGT_RESULT_LIST(ROW)
#undef ROW
	};
	va_list ap;
	*error = (struct sgt_error){.result = result, .number = table[result].number};
	va_start(ap, format);
	if (format)
		vsnprintf(error->text, sizeof error->text, format, ap);
	else
		snprintf(error->text, sizeof error->text, "%s", table[result].sentence);
	va_end(ap);
	return result;
}

/* ---- addresses ---- */

static bool word_ok(const char *host)
{
	return *host && strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-_*") == strlen(host) &&
	       (!strchr(host, '*') || strcmp(host, "*") == 0);
}

static bool host_read(const char *text, size_t n, char host[MEM_HOST_MAX])
{
	struct in6_addr v6;
	if (n >= MEM_HOST_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		host[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] | 0x20) : text[i];
	host[n] = '\0';
	if (!memchr(host, ':', n))
		return word_ok(host);
	return inet_pton(AF_INET6, host, &v6) == 1 && inet_ntop(AF_INET6, &v6, host, MEM_HOST_MAX);
}

static bool port_read(const char *text, unsigned *port)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);
	*port = (unsigned)n;
	return *text >= '0' && *text <= '9' && !*end && n <= 65535;
}

enum sgt_result mem_address_read(const char *text, unsigned default_port, struct mem_address *at,
				 struct sgt_error *error)
{
	const char *port = strrchr(text, ':'), *end = port, *close = strchr(text, ']');
	bool fits = true;
	if (*text == '[' && close) {
		end = close;
		port = close[1] == ':' ? close + 1 : NULL;
		fits = !close[1] || port;
		text++;
	} else if (port && strchr(text, ':') != port) {
		port = end = NULL; /* IPv6 without brackets, so without port */
	}
	if (!end)
		end = text + strlen(text);
	at->port = default_port;
	fits = fits && host_read(text, (size_t)(end - text), at->host);
	if (port)
		fits = fits && port_read(port + 1, &at->port);
	else
		fits = fits && default_port;
	if (fits)
		return SGT_OK;
	return mem_error(error, SGT_BAD_ADDRESS, "\"%s\" is not an address of this network", text);
}

void mem_address_print(const struct mem_address *at, char out[SGT_ADDRESS_MAX])
{
	const char *format = strchr(at->host, ':') ? "[%s]:%u" : "%s:%u";
	snprintf(out, SGT_ADDRESS_MAX, format, at->host, at->port);
}

bool mem_stack_owns(const struct sgt_stack *s, const char *host)
{
	for (size_t i = 0; i < s->own_count; i++)
		if (strcmp(s->own[i], host) == 0)
			return true;
	return false;
}

bool mem_stack_hears(const struct sgt_stack *s, const struct mem_address *at, const char *host,
		     unsigned port)
{
	if (at->port != port)
		return false;
	bool any = strcmp(at->host, "*") == 0 || strcmp(at->host, "::") == 0;
	return any ? mem_stack_owns(s, host) : strcmp(at->host, host) == 0;
}

bool mem_overlap(const struct sgt_stack *a, const struct mem_address *a_at,
		 const struct sgt_stack *b, const struct mem_address *b_at)
{
	for (size_t i = 0; i < a->own_count; i++)
		if (mem_stack_hears(a, a_at, a->own[i], a_at->port) &&
		    mem_stack_hears(b, b_at, a->own[i], a_at->port))
			return true;
	return false;
}

const char *mem_stack_towards(const struct sgt_stack *s, const char *host)
{
	bool v6 = strchr(host, ':') != NULL;
	for (size_t i = 0; i < s->own_count; i++)
		if ((strchr(s->own[i], ':') != NULL) == v6)
			return s->own[i];
	return s->own[0];
}

bool mem_net_has_host(struct mem_net *net, const char *host)
{
	for (struct sgt_stack *s = net->stacks; s; s = s->next)
		if (mem_stack_owns(s, host))
			return true;
	return false;
}

unsigned mem_net_port(struct mem_net *net)
{
	net->port = net->port >= 65535 ? 32768 : net->port + 1;
	return net->port;
}

/* ---- faults ---- */

enum mem_fault mem_net_fault(struct mem_net *net, const struct mem_address *at)
{
	for (struct mem_rule *r = net->rules; r; r = r->next)
		if (strcmp(r->at.host, at->host) == 0 && (!r->at.port || r->at.port == at->port))
			return r->fault;
	return MEM_FINE;
}

bool mem_net_fails(struct mem_net *net, enum mem_call call, struct sgt_error *error)
{
	if (!net->calls[call].nth || --net->calls[call].nth)
		return false;
	mem_error(error, net->calls[call].result, NULL);
	return true;
}

/* "HOST" or "HOST:PORT" of a test; a port of 0 means all. */
static void place_read(const char *address, struct mem_address *at)
{
	struct sgt_error error;
	if (mem_address_read(address, 1, at, &error) != SGT_OK)
		abort(); /* the test's own mistake */
	char whole[SGT_ADDRESS_MAX];
	mem_address_print(at, whole);
	if (strcmp(whole, address) != 0)
		at->port = 0;
}

static struct mem_net *net_locked(const char *network)
{
	struct mem_net *net = mem_net_get(network);
	if (!net)
		abort();
	pthread_mutex_lock(&net->lock);
	return net;
}

void mem_state(const char *network, enum sgt_state state)
{
	struct mem_net *net = net_locked(network);
	net->state = state;
	for (struct sgt_stack *s = net->stacks; s && state != SGT_RUNNING; s = s->next) {
		s->down = true;
		pthread_cond_signal(&s->ready);
	}
	pthread_mutex_unlock(&net->lock);
}

void mem_fault(const char *network, const char *address, enum mem_fault fault)
{
	struct mem_address at;
	place_read(address, &at);
	struct mem_net *net = net_locked(network);
	struct mem_rule *r = net->rules;
	while (r && (strcmp(r->at.host, at.host) != 0 || r->at.port != at.port))
		r = r->next;
	if (!r) {
		r = calloc(1, sizeof *r);
		if (!r)
			abort();
		r->at = at;
		r->next = net->rules;
		net->rules = r;
	}
	r->fault = fault;
	pthread_mutex_unlock(&net->lock);
}

static bool at_place(const struct mem_address *end, const struct mem_address *place)
{
	return strcmp(end->host, place->host) == 0 && (!place->port || place->port == end->port);
}

size_t mem_reset(const char *network, const char *address)
{
	struct mem_address at;
	size_t count = 0;
	place_read(address, &at);
	struct mem_net *net = net_locked(network);
	for (struct sgt_stack *s = net->stacks; s; s = s->next) {
		for (struct sgt_conn *c = s->conns; c; c = c->next) {
			if (!c->peer || !at_place(&c->local_at, &at))
				continue;
			c->error = SGT_RESET;
			mem_conn_wake(c);
			mem_conn_cut(c, SGT_RESET);
			count++;
		}
	}
	pthread_mutex_unlock(&net->lock);
	return count;
}

void mem_fail(const char *network, enum mem_call call, unsigned long nth, enum sgt_result result)
{
	struct mem_net *net = net_locked(network);
	net->calls[call].nth = nth;
	net->calls[call].result = result;
	pthread_mutex_unlock(&net->lock);
}

void mem_hang(const char *network, enum mem_call call, int ms)
{
	struct mem_net *net = net_locked(network);
	net->calls[call].hang_ms = ms;
	pthread_mutex_unlock(&net->lock);
}
