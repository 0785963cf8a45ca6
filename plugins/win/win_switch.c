/* Whose a frame is, among the stacks of one cable: see win_cable.h. */
#include "win/win.h"

#include <stdlib.h>
#include <string.h>

/* ---- flows and ports ---- */

static unsigned bucket_of(unsigned port, unsigned peer_port)
{
	return (port ^ peer_port) % WIN_FLOW_BUCKETS;
}

/* One that goes out, by IPv4 or IPv6: no two have the same port. */
static struct win_flow *flow_out(const struct win_cable *c, unsigned port)
{
	struct win_flow *f;
	LIST_FOREACH(f, &c->flows[bucket_of(port, 0)], in_cable)
	if (f->out && f->port == port)
		return f;
	return NULL;
}

/* That a segment from the network belongs to. */
static struct win_flow *flow_of(const struct win_cable *c, const struct win_segment *s)
{
	struct win_flow *f;
	if (s->to == c->place.source)
		return flow_out(c, s->to_port);
	LIST_FOREACH(f, &c->flows[bucket_of(s->to_port, s->from_port)], in_cable)
	if (!f->out && f->port == s->to_port && f->peer == s->from && f->peer_port == s->from_port)
		return f;
	return NULL;
}

bool win_cable_add(struct win_cable *c, struct sgt_stack *stack, struct win_flow *f)
{
	f->stack = stack;
	pthread_mutex_lock(&c->lock);
	bool ok = !f->out || !flow_out(c, f->port);
	if (ok)
		LIST_INSERT_HEAD(&c->flows[bucket_of(f->port, f->out ? 0 : f->peer_port)], f,
				 in_cable);
	pthread_mutex_unlock(&c->lock);
	return ok;
}

void win_cable_drop(struct win_cable *c, struct win_flow *f)
{
	pthread_mutex_lock(&c->lock);
	LIST_REMOVE(f, in_cable);
	pthread_mutex_unlock(&c->lock);
}

bool win_cable_listen(struct win_cable *c, struct win_port *port)
{
	const struct win_port *p;
	bool ok = true;
	pthread_mutex_lock(&c->lock);
	LIST_FOREACH(p, &c->ports, in_cable)
	if (p->port == port->port)
		ok = ok && p->stack != port->stack && p->shared && port->shared;
	if (ok)
		LIST_INSERT_HEAD(&c->ports, port, in_cable);
	pthread_mutex_unlock(&c->lock);
	return ok;
}

void win_cable_unlisten(struct win_cable *c, struct win_port *port)
{
	pthread_mutex_lock(&c->lock);
	LIST_REMOVE(port, in_cable);
	pthread_mutex_unlock(&c->lock);
}

static unsigned count_at(const struct win_cable *c, unsigned port)
{
	const struct win_port *p;
	unsigned n = 0;
	LIST_FOREACH(p, &c->ports, in_cable)
	n += p->port == port;
	return n;
}

bool win_cable_listens(struct win_cable *c, unsigned port)
{
	pthread_mutex_lock(&c->lock);
	bool some = count_at(c, port) > 0;
	pthread_mutex_unlock(&c->lock);
	return some;
}

/* ---- whose it is ---- */

/* Who listens there, always the same for one connection; NULL: nobody. */
static struct sgt_stack *listener_for(const struct win_cable *c, const struct win_segment *s)
{
	const struct win_port *p;
	unsigned n = count_at(c, s->to_port);
	uint32_t mixed =
		(s->from ^ s->from_port << 16 ^ s->from_port) * 2654435761u; /* Knuth 6.4 */
	unsigned nth = n ? (mixed >> 16) % n : 0;
	if (!n || s->to != c->place.address)
		return NULL;
	LIST_FOREACH(p, &c->ports, in_cable)
	if (p->port == s->to_port && !nth--)
		return p->stack;
	return NULL;
}

static struct sgt_stack *first_of(const struct win_cable *c)
{
	return LIST_FIRST(&c->started);
}

static struct sgt_stack *stack_of(const struct win_cable *c, const struct win_flow *f)
{
	return f ? f->stack : first_of(c);
}

static struct sgt_stack *owner4(const struct win_cable *c, uint8_t *frame, size_t n)
{
	struct win_segment s;
	struct win_returned r;
	if (win_frame_segment(frame, n, &s)) {
		const struct win_flow *f = flow_of(c, &s);
		struct sgt_stack *owner = f ? f->stack : listener_for(c, &s);
		return owner ? owner : first_of(c);
	}
	return win_frame_returned(frame, n, c->place.source, &r)
		       ? stack_of(c, flow_out(c, r.from_port))
		       : first_of(c);
}

static struct sgt_stack *owner6(const struct win_cable *c, uint8_t *frame, size_t n)
{
	struct win_packet6 p;
	struct win_neighbour about;
	struct win_returned6 r;
	unsigned from, to;
	if (!win_packet6_read(frame, n, &p))
		return first_of(c);
	if (win_packet6_ports(&p, &from, &to))
		return stack_of(c, flow_out(c, to));
	if (!win_icmp6_is_good(&p))
		return first_of(c);
	if (win_icmp6_neighbour(&p, &about))
		return about.type == WIN_ADVERT ? NULL : first_of(c);
	return win_icmp6_returned(&p, c->place.source6, &r) ? stack_of(c, flow_out(c, r.from_port))
							    : first_of(c);
}

/* NULL: everybody's. */
static struct sgt_stack *owner_of(const struct win_cable *c, uint8_t *frame, size_t n)
{
	struct arp arp;
	if (arp_read(frame, n, &arp))
		/* who tells where he is tells everybody; a question is answered once */
		return arp.op == ARP_REQUEST && arp.sender != arp.target ? first_of(c) : NULL;
	if (n > WIN_FRAME_MAX)
		return first_of(c);
	return win_frame_kind(frame, n) == WIN_KIND_IPV6 ? owner6(c, frame, n)
							 : owner4(c, frame, n);
}

/* ---- inboxes ---- */

static void put(struct sgt_stack *to, const uint8_t *frame, size_t n)
{
	struct win_letter *l = to->member.waiting < WIN_INBOX_MAX ? malloc(sizeof *l + n) : NULL;
	if (!l)
		return;
	l->len = n;
	memcpy(l->bytes, frame, n);
	STAILQ_INSERT_TAIL(&to->member.inbox, l, next);
	if (!to->member.waiting++)
		sock_wakeup(&to->sock);
}

static size_t take(struct sgt_stack *stack, uint8_t *frame, size_t size)
{
	struct win_letter *l = STAILQ_FIRST(&stack->member.inbox);
	size_t n = l && l->len <= size ? l->len : 0;
	if (!l)
		return 0;
	STAILQ_REMOVE_HEAD(&stack->member.inbox, next);
	stack->member.waiting--;
	memcpy(frame, l->bytes, n);
	free(l);
	return n;
}

/* True: it is (also) for this one. */
static bool hand_on(struct sgt_stack *stack, uint8_t *frame, size_t n)
{
	struct win_cable *c = stack->cable;
	struct sgt_stack *owner = owner_of(c, frame, n), *s;
	if (owner && owner != stack)
		put(owner, frame, n);
	LIST_FOREACH(s, &c->started, member.entry)
	if (!owner && s != stack)
		put(s, frame, n);
	return !owner || owner == stack;
}

/* With the lock. All who share it are to see that, also who has nothing to read. */
static void lose(struct win_cable *c)
{
	struct sgt_stack *s;
	c->lost = true;
	LIST_FOREACH(s, &c->started, member.entry)
	sock_wakeup(&s->sock);
}

/* With the lock. */
static long receive(struct sgt_stack *stack, uint8_t *frame, size_t size, unsigned *frames)
{
	struct win_cable *c = stack->cable;
	bool alone = !LIST_NEXT(LIST_FIRST(&c->started), member.entry);
	size_t own = take(stack, frame, size);
	if (own)
		return (long)own;
	if (c->lost)
		return WIRE_LOST;
	for (; *frames; --*frames) {
		long n = wire_recv(&c->wire, frame, size);
		if (n < 0)
			lose(c);
		if (n <= 0 || alone || hand_on(stack, frame, (size_t)n))
			return n;
	}
	return 0;
}

long win_cable_receive(struct sgt_stack *stack, uint8_t *frame, size_t size, unsigned *frames)
{
	pthread_mutex_lock(&stack->cable->lock);
	long n = receive(stack, frame, size, frames);
	pthread_mutex_unlock(&stack->cable->lock);
	return n;
}

bool win_cable_waits(struct sgt_stack *stack)
{
	pthread_mutex_lock(&stack->cable->lock);
	bool waits = stack->member.waiting > 0 || stack->cable->lost;
	pthread_mutex_unlock(&stack->cable->lock);
	return waits;
}

int win_cable_send(struct win_cable *c, const uint8_t *frame, size_t n)
{
	pthread_mutex_lock(&c->lock);
	int sent = wire_send(&c->wire, frame, n);
	if (sent < 0)
		lose(c);
	pthread_mutex_unlock(&c->lock);
	return sent;
}
