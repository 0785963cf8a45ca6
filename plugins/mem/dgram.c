/* Datagrams of the in-memory transport: copied to every handle that hears the address, lost where its queue is full. */
#include "internal.h"

#include <string.h>

static bool taken(struct sgt_stack *s, const struct mem_address *at)
{
	for (struct sgt_stack *o = s->net->stacks; o; o = o->next)
		for (struct sgt_dgram *d = o->dgrams; d; d = d->next)
			if (mem_overlap(s, at, o, &d->at))
				return true;
	return false;
}

static enum sgt_result bind_at(struct sgt_stack *s, struct mem_address *at, struct sgt_error *error)
{
	bool any = strcmp(at->host, "*") == 0 || strcmp(at->host, "::") == 0;
	if (!any && !mem_stack_owns(s, at->host))
		return mem_error(error, SGT_BAD_ADDRESS, "%s is no address of %s", at->host,
				 s->name);
	bool chosen = at->port != 0;
	for (unsigned tries = 0; tries < 32768; tries++) {
		if (!chosen)
			at->port = mem_net_port(s->net);
		if (!taken(s, at))
			return SGT_OK;
		if (chosen)
			break;
	}
	return mem_error(error, SGT_IN_USE, "datagram port %u is in use", at->port);
}

enum sgt_result mem_dgram_open(struct sgt_stack *s, const char *local, void *user,
			       struct sgt_dgram **dgram, struct sgt_error *error)
{
	struct mem_address at;
	enum sgt_result r = mem_address_read(local, 0, &at, error);
	if (r != SGT_OK)
		return r;
	struct sgt_dgram *d = s->host->alloc(s->host->ctx, NULL, sizeof *d);
	if (!d)
		return mem_error(error, SGT_NOMEM, NULL);
	pthread_mutex_lock(&s->net->lock);
	if (mem_net_fails(s->net, MEM_DGRAM_OPEN, error))
		r = error->result;
	else
		r = bind_at(s, &at, error);
	if (r == SGT_OK) {
		*d = (struct sgt_dgram){.stack = s, .at = at, .user = user, .next = s->dgrams};
		d->last = &d->first;
		s->dgrams = d;
		*dgram = d;
	}
	pthread_mutex_unlock(&s->net->lock);
	if (r != SGT_OK)
		s->host->alloc(s->host->ctx, d, 0);
	return r;
}

static void dgram_ready(struct sgt_dgram *d)
{
	struct sgt_stack *s = d->stack;
	if (d->ready || !d->first)
		return;
	d->ready = true;
	d->next_ready = NULL;
	*s->last_dgram = d;
	s->last_dgram = &d->next_ready;
	pthread_cond_signal(&s->ready);
}

static void arrive(struct sgt_dgram *d, const char *from, const void *data, size_t len)
{
	struct sgt_stack *s = d->stack;
	struct mem_packet *p = NULL;
	if (d->waiting < MEM_PACKETS)
		p = s->host->alloc(s->host->ctx, NULL, sizeof *p + len);
	if (!p)
		return; /* lost, as datagrams may be */
	p->next = NULL;
	p->len = len;
	memcpy(p->from, from, sizeof p->from);
	if (len)
		memcpy(p->bytes, data, len);
	*d->last = p;
	d->last = &p->next;
	d->waiting++;
	s->counters.bytes_in += len;
	dgram_ready(d);
}

enum sgt_result mem_dgram_send(struct sgt_dgram *d, const char *to, const void *data, size_t len)
{
	struct mem_address at, from = d->at;
	struct sgt_error error;
	char from_text[SGT_ADDRESS_MAX];
	if (mem_address_read(to, 0, &at, &error) != SGT_OK)
		return SGT_BAD_ADDRESS;
	if (len > MEM_PACKET_MAX)
		return SGT_LIMIT;
	struct mem_net *net = d->stack->net;
	enum sgt_result r = SGT_OK;
	pthread_mutex_lock(&net->lock);
	if (strcmp(from.host, "*") == 0 || strcmp(from.host, "::") == 0)
		strcpy(from.host, mem_stack_towards(d->stack, at.host));
	mem_address_print(&from, from_text);
	if (mem_net_fails(net, MEM_DGRAM_SEND, &error)) {
		r = error.result;
	} else if (mem_net_fault(net, &at) == MEM_FINE) {
		d->stack->counters.bytes_out += len;
		for (struct sgt_stack *s = net->stacks; s; s = s->next)
			for (struct sgt_dgram *o = s->dgrams; o; o = o->next)
				if (mem_stack_hears(s, &o->at, at.host, at.port))
					arrive(o, from_text, data, len);
	}
	pthread_mutex_unlock(&net->lock);
	return r;
}

struct mem_packet *mem_dgram_take(struct sgt_dgram *d)
{
	struct mem_packet *p = d->first;
	d->first = p->next;
	if (!d->first)
		d->last = &d->first;
	d->waiting--;
	dgram_ready(d);
	return p;
}

static void leave_queue(struct sgt_stack *s, struct sgt_dgram *d)
{
	struct sgt_dgram **link = &s->first_dgram;
	while (*link && *link != d)
		link = &(*link)->next_ready;
	if (!*link)
		return;
	*link = d->next_ready;
	if (!*link)
		s->last_dgram = link;
}

void mem_dgram_close(struct sgt_dgram *d)
{
	struct sgt_stack *s = d->stack;
	pthread_mutex_lock(&s->net->lock);
	struct sgt_dgram **link = &s->dgrams;
	while (*link != d)
		link = &(*link)->next;
	*link = d->next;
	leave_queue(s, d);
	pthread_mutex_unlock(&s->net->lock);
	for (struct mem_packet *p = d->first, *next; p; p = next) {
		next = p->next;
		s->host->alloc(s->host->ctx, p, 0);
	}
	s->host->alloc(s->host->ctx, d, 0);
}
