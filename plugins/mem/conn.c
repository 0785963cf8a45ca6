/*
 * Connections of the in-memory transport. Bytes go from the sender's pieces straight into the ring of the other end;
 * what does not fit waits there until the other end consumes.
 */
#include "internal.h"

#include <assert.h>
#include <string.h>

static void lock(struct sgt_stack *s)
{
	pthread_mutex_lock(&s->net->lock);
}

static void unlock(struct sgt_stack *s)
{
	pthread_mutex_unlock(&s->net->lock);
}

bool mem_conn_due(const struct sgt_conn *c)
{
	if (c->closing)
		return true;
	if (c->failed)
		return false;
	return c->arrived || c->error || c->fill > c->lent || c->sent || (c->eof && !c->eof_told);
}

void mem_conn_wake(struct sgt_conn *c)
{
	struct sgt_stack *s = c->stack;
	if (c->ready || !mem_conn_due(c))
		return;
	c->ready = true;
	c->next_ready = NULL;
	*s->last_conn = c;
	s->last_conn = &c->next_ready;
	pthread_cond_signal(&s->ready);
}

static struct sgt_conn *conn_new(struct sgt_stack *s)
{
	struct sgt_conn *c = NULL;
	if (s->counters.open < s->conn_max)
		c = s->host->alloc(s->host->ctx, NULL, sizeof *c);
	if (!c)
		return NULL;
	*c = (struct sgt_conn){.stack = s, .next = s->conns, .link = &s->conns};
	if (c->next)
		c->next->link = &c->next;
	s->conns = c;
	s->counters.open++;
	return c;
}

void mem_conn_free(struct sgt_conn *c)
{
	struct sgt_stack *s = c->stack;
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	if (c->silent)
		s->silent--;
	s->counters.open--;
	s->host->alloc(s->host->ctx, c->ring, 0);
	s->host->alloc(s->host->ctx, c, 0);
}

void mem_conn_cut(struct sgt_conn *c, enum sgt_result why)
{
	struct sgt_conn *p = c->peer;
	c->peer = NULL;
	if (!p)
		return;
	p->peer = NULL;
	if (why == SGT_OK && p->piece_at == p->piece_count)
		p->eof = true;
	else
		p->error = why == SGT_OK ? SGT_RESET : why; /* what it was sending cannot arrive */
	mem_conn_wake(p);
}

/* ---- bytes ---- */

/* Copies what fits of one piece into the ring; returns how much. */
static size_t ring_put(struct sgt_conn *to, const struct sgt_bytes *piece)
{
	size_t window = to->stack->window, tail = (to->head + to->fill) % window;
	size_t n = window - to->fill, flat = window - tail;
	if (n > flat)
		n = flat;
	if (n > piece->len)
		n = piece->len;
	if (n)
		memcpy(to->ring + tail, piece->data, n);
	to->fill += n;
	return n;
}

static bool ring_ready(struct sgt_conn *c)
{
	struct sgt_stack *s = c->stack;
	if (!c->ring)
		c->ring = s->host->alloc(s->host->ctx, NULL, s->window);
	return c->ring;
}

/* Moves as much of the send under way as the other end has room for; then SENT, then the end if it was asked for. */
static void pump(struct sgt_conn *c)
{
	struct sgt_conn *p = c->peer;
	if (!p)
		return;
	if (c->piece_at < c->piece_count && !ring_ready(p)) {
		c->error = p->error = SGT_RESET;
		mem_conn_wake(c);
		mem_conn_cut(c, SGT_RESET);
		return;
	}
	while (c->piece_at < c->piece_count) {
		struct sgt_bytes *piece = &c->pieces[c->piece_at];
		size_t n = ring_put(p, piece);
		piece->data = (const char *)piece->data + n;
		piece->len -= n;
		c->sent_len += n;
		c->stack->counters.bytes_out += n;
		p->stack->counters.bytes_in += n;
		if (!piece->len)
			c->piece_at++;
		else if (!n)
			break;
	}
	if (c->piece_count && c->piece_at == c->piece_count) {
		c->piece_at = c->piece_count = 0;
		c->sent = true;
		mem_conn_wake(c);
	}
	if (c->shut && !c->fin && !c->piece_count)
		c->fin = p->eof = true;
	mem_conn_wake(p);
}

static bool data_event(struct sgt_conn *c, struct sgt_event *event)
{
	size_t window = c->stack->window, at = (c->head + c->lent) % window;
	size_t n = c->fill - c->lent;
	if (n > window - at)
		n = window - at;
	event->type = SGT_EV_DATA;
	event->data = c->ring + at;
	event->len = n;
	c->lent += n;
	return true;
}

static bool arrived_event(struct sgt_conn *c, struct sgt_event *event)
{
	event->type = c->listener ? SGT_EV_ACCEPTED : SGT_EV_CONNECTED;
	event->listener = c->listener;
	if (c->listener)
		event->user = c->listener->user;
	event->peer = c->peer_text;
	event->local = c->local_text;
	c->listener = NULL;
	c->arrived = false;
	c->open = true;
	return true;
}

bool mem_conn_event(struct sgt_conn *c, struct sgt_event *event, struct sgt_error *error)
{
	if (!mem_conn_due(c))
		return false;
	*event = (struct sgt_event){.conn = c, .user = c->user};
	if (c->closing) {
		event->type = SGT_EV_CLOSED;
	} else if (c->arrived) {
		return arrived_event(c, event);
	} else if (c->error) {
		event->type = SGT_EV_ERROR;
		event->error = error;
		mem_error(error, c->error, NULL);
		c->failed = true;
	} else if (c->fill > c->lent) {
		return data_event(c, event);
	} else if (c->sent) {
		event->type = SGT_EV_SENT;
		event->len = c->sent_len;
		c->sent = false;
		c->sent_len = 0;
	} else {
		event->type = SGT_EV_PEER_EOF;
		c->eof_told = true;
	}
	return true;
}

/* ---- making one ---- */

static void answer(struct sgt_conn *c, enum sgt_result error)
{
	c->arrived = !error;
	c->error = error;
	if (error)
		c->stack->counters.failed++;
	else
		c->stack->counters.connected++;
	mem_conn_wake(c);
}

void mem_conn_expire(struct sgt_stack *s)
{
	uint64_t now = s->silent ? s->host->now_ms(s->host->ctx) : 0;
	for (struct sgt_conn *c = s->conns; s->silent && c; c = c->next) {
		if (!c->silent || c->closing || c->deadline > now)
			continue;
		c->silent = false;
		s->silent--;
		answer(c, SGT_TIMEOUT);
	}
}

/* The accepted end of c in the listener's stack. */
static enum sgt_result meet(struct sgt_conn *c, struct sgt_listener *l)
{
	struct sgt_conn *p = conn_new(l->stack);
	if (!p)
		return SGT_REFUSED;
	p->listener = l;
	p->peer = c;
	c->peer = p;
	p->local_at = c->peer_at;
	p->peer_at = c->local_at;
	memcpy(p->local_text, c->peer_text, sizeof p->local_text);
	memcpy(p->peer_text, c->local_text, sizeof p->peer_text);
	p->arrived = true;
	l->stack->counters.accepted++;
	mem_conn_wake(p);
	return SGT_OK;
}

static void reach(struct sgt_conn *c)
{
	struct sgt_stack *s = c->stack;
	enum mem_fault fault = mem_net_fault(s->net, &c->peer_at);
	struct sgt_listener *l = mem_listener_find(s->net, &c->peer_at);
	if (fault == MEM_SILENT) {
		c->silent = true;
		c->deadline = s->host->now_ms(s->host->ctx) + s->connect_wait;
		s->silent++;
	} else if (fault == MEM_UNREACHABLE || !mem_net_has_host(s->net, c->peer_at.host)) {
		answer(c, SGT_UNREACHABLE);
	} else if (fault == MEM_REFUSE || !l) {
		answer(c, SGT_REFUSED);
	} else {
		answer(c, meet(c, l));
	}
}

static enum sgt_result source_of(struct sgt_stack *s, const char *source, struct sgt_conn *c,
				 struct sgt_error *error)
{
	const char *host = source ? source : mem_stack_towards(s, c->peer_at.host);
	if (!mem_stack_owns(s, host))
		return mem_error(error, SGT_BAD_ADDRESS, "%s is no address of %s", host, s->name);
	memcpy(c->local_at.host, host, strlen(host) + 1);
	c->local_at.port = mem_net_port(s->net);
	mem_address_print(&c->local_at, c->local_text);
	mem_address_print(&c->peer_at, c->peer_text);
	return SGT_OK;
}

enum sgt_result mem_connect(struct sgt_stack *s, const char *address, const char *source,
			    void *user, struct sgt_conn **conn, struct sgt_error *error)
{
	struct mem_address at;
	enum sgt_result r = mem_address_read(address, 0, &at, error);
	if (r != SGT_OK)
		return r;
	lock(s);
	struct sgt_conn *c = NULL;
	if (mem_net_fails(s->net, MEM_CONNECT, error))
		r = error->result;
	else if (!(c = conn_new(s)))
		r = mem_error(error, SGT_LIMIT, NULL);
	if (c) {
		c->user = user;
		c->peer_at = at;
		r = source_of(s, source, c, error);
		if (r == SGT_OK)
			reach(c);
		else
			mem_conn_free(c);
	}
	if (r == SGT_OK)
		*conn = c;
	unlock(s);
	return r;
}

/* ---- what its user does ---- */

void mem_set_user(struct sgt_conn *c, void *user)
{
	lock(c->stack);
	c->user = user;
	unlock(c->stack);
}

static enum sgt_result send_now(struct sgt_conn *c, const struct sgt_bytes *pieces, size_t count)
{
	struct sgt_error error;
	if (c->closing)
		return SGT_CLOSED_HANDLE;
	if (!c->open || c->failed || c->shut || count > SGT_SEND_PIECES)
		return SGT_STATE;
	if (c->piece_count || c->sent)
		return SGT_BUSY;
	if (mem_net_fails(c->stack->net, MEM_SEND, &error))
		return error.result;
	if (!c->peer && !c->error) {
		c->error = SGT_RESET; /* the peer closed both ways */
		mem_conn_wake(c);
	}
	memcpy(c->pieces, pieces, count * sizeof *pieces);
	c->piece_at = 0;
	c->piece_count = count;
	pump(c);
	return SGT_OK;
}

enum sgt_result mem_send(struct sgt_conn *c, const struct sgt_bytes *pieces, size_t count)
{
	lock(c->stack);
	enum sgt_result r = count ? send_now(c, pieces, count) : SGT_STATE;
	unlock(c->stack);
	return r;
}

void mem_consume(struct sgt_conn *c, size_t n)
{
	lock(c->stack);
	assert(n <= c->lent);
	c->lent -= n;
	c->fill -= n;
	c->head = c->fill ? (c->head + n) % c->stack->window : 0;
	if (c->peer)
		pump(c->peer);
	unlock(c->stack);
}

enum sgt_result mem_shutdown(struct sgt_conn *c)
{
	lock(c->stack);
	enum sgt_result r = SGT_STATE;
	if (c->open && !c->shut && !c->closing && !c->failed) {
		c->shut = true;
		r = SGT_OK;
		pump(c);
	}
	unlock(c->stack);
	return r;
}

static void end(struct sgt_conn *c, bool orderly)
{
	lock(c->stack);
	if (!c->closing) {
		orderly = orderly && c->piece_at == c->piece_count;
		c->closing = true;
		mem_conn_cut(c, orderly ? SGT_OK : SGT_RESET);
		mem_conn_wake(c);
	}
	unlock(c->stack);
}

void mem_close(struct sgt_conn *c)
{
	end(c, true);
}

void mem_abort(struct sgt_conn *c)
{
	end(c, false);
}
