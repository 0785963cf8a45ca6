/* Doors, ends and posts of a rig: the calls a test makes, with what the contract says of their results. */
#include "conformance/rig.h"

#include <stdlib.h>
#include <string.h>

/* ---- doors ---- */

struct door *door_open(struct rig *rig, const char *address, int share)
{
	struct sgt_error error;
	struct sgt_plan plan = {.name = "door", .address = address, .share = share};
	struct door *d = calloc(1, sizeof *d);
	if (!d)
		return NULL;
	d->rig = rig;
	enum sgt_result r = rig->module->listen(rig->stack, &plan, d, &d->listener, &error);
	if (r != SGT_OK) {
		rig_fail(rig, "listen at %s: %s", address, error.text);
		free(d);
		return NULL;
	}
	snprintf(d->address, sizeof d->address, "%s", rig->module->listener_address(d->listener));
	d->next = rig->doors;
	rig->doors = d;
	return d;
}

void door_close(struct door *d)
{
	d->rig->module->unlisten(d->listener);
	d->listener = NULL;
}

/* ---- ends ---- */

struct end *end_connect(struct rig *rig, const char *address)
{
	struct sgt_error error;
	struct end *e = calloc(1, sizeof *e);
	if (!e)
		return NULL;
	e->rig = rig;
	e->state = END_CONNECTING;
	e->fetched = true;
	enum sgt_result r = rig->module->connect(rig->stack, address, NULL, e, &e->conn, &error);
	if (r != SGT_OK) {
		rig_fail(rig, "connect to %s: %s", address, error.text);
		free(e);
		return NULL;
	}
	rig_add_end(rig, e);
	return e;
}

static struct end *waiting_at(const struct door *d)
{
	struct end *found = NULL;
	for (struct end *e = d->rig->ends; e; e = e->next)
		if (e->door == d && !e->fetched)
			found = e; /* the list has the newest first: this one is the oldest */
	return found;
}

static bool someone_waits(const void *ctx)
{
	return waiting_at(ctx) != NULL;
}

struct end *end_accept(struct door *d, int ms)
{
	if (!arena_until(d->rig->arena, someone_waits, d, ms))
		return NULL;
	struct end *e = waiting_at(d);
	e->fetched = true;
	return e;
}

bool end_send(struct end *e, const void *data, size_t len)
{
	struct sgt_bytes piece = {.data = data, .len = len};
	enum sgt_result r = e->rig->module->send(e->conn, &piece, 1);
	if (r != SGT_OK) {
		rig_fail(e->rig, "send is refused (%d) on a connection of state %d", r, e->state);
		return false;
	}
	e->send_busy = true;
	e->sending = len;
	return true;
}

void end_consume(struct end *e, size_t n)
{
	size_t left = n;
	while (left) {
		if (e->span_first == e->span_count) {
			rig_fail(e->rig, "the suite gives back more than was lent");
			return;
		}
		struct span *s = &e->spans[e->span_first];
		size_t part = s->len < left ? s->len : left;
		if (e->checked && !pattern_is(s->data, e->seed, e->consumed, part))
			rig_fail(e->rig, "lent bytes changed before they were given back (at %zu)",
				 e->consumed);
		e->consumed += part;
		s->data += part;
		s->len -= part;
		left -= part;
		if (!s->len)
			e->span_first++;
	}
	e->rig->module->consume(e->conn, n);
}

void end_take(struct end *e)
{
	e->mode = END_TAKE;
	if (e->received > e->consumed)
		end_consume(e, e->received - e->consumed);
}

void end_shutdown(struct end *e)
{
	enum sgt_result r = e->rig->module->shutdown(e->conn);
	e->ended = true;
	if (r != SGT_OK)
		rig_fail(e->rig, "shutdown is refused (%d)", r);
}

/* Lent bytes may be gone from now on. */
static void begin_closing(struct end *e)
{
	e->state = END_CLOSING;
	e->span_first = e->span_count = 0;
}

void end_close(struct end *e)
{
	begin_closing(e);
	e->rig->module->close(e->conn);
}

void end_abort(struct end *e)
{
	begin_closing(e);
	e->rig->module->abort(e->conn);
}

/* ---- waiting ---- */

struct wish {
	const struct end *end;
	enum end_state state;
	size_t n;
};

/* One that has failed will never be open: no reason to wait on. */
static bool has_state(const void *ctx)
{
	const struct wish *w = ctx;
	return w->end->state == w->state || (w->state == END_OPEN && w->end->state > END_OPEN);
}

bool end_wait(struct end *e, enum end_state state, int ms)
{
	struct wish w = {.end = e, .state = state};
	return arena_until(e->rig->arena, has_state, &w, ms) && e->state == state;
}

static bool has_received(const void *ctx)
{
	const struct wish *w = ctx;
	return w->end->received >= w->n;
}

bool end_wait_received(struct end *e, size_t bytes, int ms)
{
	struct wish w = {.end = e, .n = bytes};
	return arena_until(e->rig->arena, has_received, &w, ms);
}

static bool has_sent(const void *ctx)
{
	const struct wish *w = ctx;
	return w->end->sents >= w->n;
}

bool end_wait_sent(struct end *e, unsigned sents, int ms)
{
	struct wish w = {.end = e, .n = sents};
	return arena_until(e->rig->arena, has_sent, &w, ms);
}

static bool has_eof(const void *ctx)
{
	const struct wish *w = ctx;
	return w->end->eof;
}

bool end_wait_eof(struct end *e, int ms)
{
	struct wish w = {.end = e};
	return arena_until(e->rig->arena, has_eof, &w, ms);
}

/* ---- posts ---- */

struct post *post_open(struct rig *rig, const char *address)
{
	struct sgt_error error;
	struct post *p = calloc(1, sizeof *p);
	if (!p)
		return NULL;
	p->rig = rig;
	enum sgt_result r = rig->module->dgram_open(rig->stack, address, p, &p->dgram, &error);
	if (r != SGT_OK) {
		if (r != SGT_IN_USE)
			rig_fail(rig, "datagrams at %s: %s", address, error.text);
		free(p);
		return NULL;
	}
	p->next = rig->posts;
	rig->posts = p;
	return p;
}
