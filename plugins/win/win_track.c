/*
 * Following the connections of a stack by their segments: who is let in, when a connection is made,
 * refused or reset, and how one is ended that libslirp would keep. See win_flow.h.
 */
#include "win/win.h"

#include <errno.h>
#include <string.h>

#define SWEEP_MS 1000u

static uint64_t now(const struct sgt_stack *stack)
{
	return stack->sock.host->now_ms(stack->sock.host->ctx);
}

static bool polls_as(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};
	return poll(&p, 1, 0) == 1 && p.revents & events;
}

/* ---- letting in ---- */

static void forget(struct sgt_stack *stack, struct win_flow *f)
{
	if (stack->owed == f)
		stack->owed = NULL;
	win_cable_drop(stack->cable, f);
	win_flow_free(&stack->flows, stack->sock.host, f);
}

/* libslirp has connected to the listener for this flow: ACCEPTED. */
static void let_in(struct sgt_stack *stack, struct win_flow *f)
{
	struct win_port *port = win_port_find(stack, f->port);
	struct sock_ends ends;
	if (!port || !polls_as(port->fd, POLLIN)) {
		if (stack->owed == f)
			win_track_kill(stack, f); /* the listener ended, or the stand-in did */
		return;
	}
	win_ipaddr(&ends.peer, f->peer, f->peer_port);
	win_ipaddr(&ends.local, stack->address, f->port);
	win_flow_opened(&stack->flows, f);
	if (sock_accept(port->listener, &ends, f, &f->conn) == 0) {
		if (stack->owed == f)
			stack->owed = NULL;
		return;
	}
	stack->owed = f;
}

/* A flow for a first SYN to an open port. */
static struct win_flow *begin_half(struct sgt_stack *stack, const struct win_segment *s)
{
	struct win_flow *f =
		win_flow_add(&stack->flows, stack->sock.host, s->from, s->from_port, s->to_port);
	if (f)
		win_cable_add(stack->cable, stack, f);
	return f;
}

static bool is_first_syn(const struct win_segment *s)
{
	return (s->flags & (WIN_SYN | WIN_ACK | WIN_RST | WIN_FIN)) == WIN_SYN;
}

/* ---- segments that come ---- */

/* libslirp has taken a segment of a flow that is being made. */
static void see_making(struct sgt_stack *stack, struct win_flow *f, const struct win_segment *s)
{
	struct ipaddr local;
	bool ours = s->flags & WIN_ACK && f->sent && s->ack == f->snd_max;
	if (f->phase == WIN_HALF && s->flags & WIN_RST) {
		forget(stack, f);
	} else if (f->phase == WIN_HALF && s->flags & WIN_ACK) {
		let_in(stack, f);
	} else if (f->phase == WIN_SYN_SENT && ours && s->flags & WIN_RST) {
		f->reset = true;
		if (f->conn)
			sock_failed(f->conn, ECONNREFUSED);
	} else if (f->phase == WIN_SYN_SENT && ours && s->flags & WIN_SYN) {
		win_flow_opened(&stack->flows, f);
		if (f->hop)
			win_six_ipaddr(&local, stack->six.source, f->port);
		else
			win_ipaddr(&local, stack->source, f->port);
		if (f->conn)
			sock_connected(f->conn, &local);
	}
}

static struct win_flow *flow_of(struct sgt_stack *stack, const struct win_segment *s)
{
	if (s->to == stack->address)
		return win_flow_in(&stack->flows, s->from, s->from_port, s->to_port);
	struct win_flow *f = win_flow_out(&stack->flows, s->to_port);
	return f && f->peer == s->from && f->peer_port == s->from_port && f->inner ? f : NULL;
}

static bool take(struct sgt_stack *stack, struct win_flow *f, uint8_t *frame, size_t n,
		 struct win_segment *s)
{
	bool making = f->phase == WIN_HALF && s->flags & WIN_ACK;
	f->seen_ms = now(stack);
	memcpy(f->mac, frame + WIN_MAC_LEN, WIN_MAC_LEN);
	if (f->out)
		win_frame_set_ports(s, f->port, f->inner);
	if (making)
		win_reserve_lend(stack);
	slirp_input(stack->slirp, frame, (int)n);
	f->fin_in = f->fin_in || s->flags & WIN_FIN;
	if (f->phase != WIN_OPEN)
		see_making(stack, f, s);
	else if (s->flags & WIN_RST)
		f->reset = f->reset || !f->conn || polls_as(sock_descriptor(f->conn), POLLHUP);
	if (making)
		win_reserve_take(stack);
	return true;
}

bool win_track_in(struct sgt_stack *stack, uint8_t *frame, size_t n, struct win_segment *s)
{
	struct win_flow *f = flow_of(stack, s);
	if (f && !f->out && !f->conn && f->phase == WIN_OPEN && is_first_syn(s))
		win_flow_begin_again(&stack->flows, f);
	if (f)
		return stack->owed && f->phase == WIN_HALF ? true : take(stack, f, frame, n, s);
	if (s->to != stack->address || !is_first_syn(s) || !win_port_find(stack, s->to_port))
		return false;
	f = stack->owed || stack->scarce ? NULL : begin_half(stack, s);
	return f ? take(stack, f, frame, n, s) : true;
}

/* ---- segments that go ---- */

const struct win_flow *win_track_out(struct sgt_stack *stack, struct win_segment *s)
{
	struct win_flow *f;
	if (s->from == stack->address) {
		f = win_flow_in(&stack->flows, s->to, s->to_port, s->from_port);
	} else {
		f = win_flow_out(&stack->flows, s->to_port);
		if (f && (f->peer != s->to || (f->inner && f->inner != s->from_port)))
			f = NULL;
	}
	if (!f)
		return NULL;
	win_flow_sent(f, s);
	f->seen_ms = now(stack);
	if (!f->out)
		return f;
	f->inner = s->from_port;
	if (f->phase == WIN_SYN_SENT && !f->conn) {
		stack->orphans = true;
		return NULL;
	}
	win_frame_set_ports(s, f->port, f->peer_port);
	return f;
}

void win_track_returned(struct sgt_stack *stack, const struct win_returned *r)
{
	struct win_flow *f = win_flow_out(&stack->flows, r->from_port);
	if (f && f->peer == r->to && f->peer_port == r->to_port && f->phase == WIN_SYN_SENT &&
	    f->conn)
		sock_failed(f->conn, EHOSTUNREACH);
}

/* ---- ends ---- */

void win_track_unlisten(struct sgt_stack *stack, unsigned port)
{
	struct win_flow *f, *next;
	for (unsigned i = 0; i < WIN_FLOW_BUCKETS; i++)
		for (f = LIST_FIRST(&stack->flows.buckets[i]); f; f = next) {
			next = LIST_NEXT(f, bucket);
			if (!f->out && f->port == port &&
			    (f->phase == WIN_HALF || f == stack->owed))
				win_track_kill(stack, f);
		}
}

static struct win_segment reset_of(const struct sgt_stack *stack, const struct win_flow *f)
{
	return (struct win_segment){.from = f->out ? stack->source : stack->address,
				    .to = f->peer,
				    .from_port = f->port,
				    .to_port = f->peer_port,
				    .seq = f->snd_max,
				    .ack = f->rcv_next,
				    .flags = WIN_RST | WIN_ACK};
}

void win_track_kill(struct sgt_stack *stack, struct win_flow *f)
{
	uint8_t frame[WIN_RESET_LEN];
	struct win_segment ours = reset_of(stack, f);
	struct win_segment theirs = {.from = ours.to,
				     .to = ours.from,
				     .from_port = f->out ? f->port : f->peer_port,
				     .to_port = f->out ? f->inner : f->port,
				     .seq = f->rcv_next,
				     .ack = f->snd_max,
				     .flags = WIN_RST | WIN_ACK};
	if (win_flow_is_alive(f) && !stack->lost)
		win_ether_send_reset(stack, f, &ours);
	bool known = f->sent;
	forget(stack, f); /* first: what libslirp says to it is for nobody */
	if (known) {
		win_frame_make_reset(frame, &theirs);
		slirp_input(stack->slirp, frame, (int)sizeof frame);
	}
}

int win_track_lost(void *ctx, void *own, int fd, bool ended)
{
	const struct win_flow *f = own;
	(void)ctx;
	if (f->reset)
		return f->phase == WIN_SYN_SENT ? ECONNREFUSED : ECONNRESET;
	if (f->phase == WIN_SYN_SENT)
		return ETIMEDOUT;
	if (!polls_as(fd, POLLHUP) || (ended && f->fin_in))
		return 0;
	return ETIMEDOUT; /* libslirp has given it up */
}

void win_track_gone(void *ctx, void *own, bool aborted)
{
	struct sgt_stack *stack = ctx;
	struct win_flow *f = own;
	f->conn = NULL;
	f->left_ms = now(stack);
	if (f->phase == WIN_SYN_SENT)
		stack->orphans = true;
	else if (aborted)
		win_track_kill(stack, f);
}

static void sweep_all(struct sgt_stack *stack)
{
	struct win_flow *f, *next;
	uint64_t at = now(stack);
	for (unsigned i = 0; i < WIN_FLOW_BUCKETS; i++) {
		for (f = LIST_FIRST(&stack->flows.buckets[i]); f; f = next) {
			next = LIST_NEXT(f, bucket);
			bool orphan =
				!f->conn && f->left_ms && f->phase == WIN_SYN_SENT && f->inner;
			if (f != stack->owed && (orphan || win_flow_is_over(f, at)))
				win_track_kill(stack, f);
		}
	}
}

void win_track_sweep(struct sgt_stack *stack)
{
	uint64_t at = now(stack);
	if (stack->scarce)
		win_reserve_take(stack);
	if (stack->owed)
		let_in(stack, stack->owed);
	if (!stack->orphans && at - stack->swept_ms < SWEEP_MS)
		return;
	stack->orphans = false;
	stack->swept_ms = at;
	if (stack->flows.count)
		sweep_all(stack);
}

void win_track_stop(struct sgt_stack *stack)
{
	for (unsigned i = 0; i < WIN_FLOW_BUCKETS; i++)
		while (!LIST_EMPTY(&stack->flows.buckets[i]))
			win_track_kill(stack, LIST_FIRST(&stack->flows.buckets[i]));
}
