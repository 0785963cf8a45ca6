/*
 * The checker: every event of a stack under test is held against the contract here, then means what it means to the
 * end. What an end may get in which state stands in one table.
 */
#include "conformance/rig.h"

#include <stdlib.h>
#include <string.h>

#define IN(state) (1u << (state))

static const struct rule {
	const char *name;
	unsigned states; /* of the end, in which the event may come */
} rules[] = {
	[SGT_EV_ACCEPTED] = {"ACCEPTED", 0},
	[SGT_EV_CONNECTED] = {"CONNECTED", IN(END_CONNECTING)},
	[SGT_EV_DATA] = {"DATA", IN(END_OPEN)},
	[SGT_EV_SENT] = {"SENT", IN(END_OPEN)},
	[SGT_EV_PEER_EOF] = {"PEER_EOF", IN(END_OPEN)},
	[SGT_EV_ERROR] = {"ERROR", IN(END_CONNECTING) | IN(END_OPEN)},
	[SGT_EV_CLOSED] = {"CLOSED", IN(END_CLOSING)},
	[SGT_EV_DATAGRAM] = {"DATAGRAM", 0},
	[SGT_EV_DOWN] = {"DOWN", 0},
};
static const char *const states[] = {"connecting", "open", "failed", "closing", "closed"};

unsigned char pattern_at(unsigned seed, size_t i)
{
	return (unsigned char)(i * 131 + (i >> 8) * 29 + (i >> 16) * 7 + seed);
}

void pattern_fill(unsigned char *out, unsigned seed, size_t from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = pattern_at(seed, from + i);
}

bool pattern_is(const unsigned char *data, unsigned seed, size_t from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (data[i] != pattern_at(seed, from + i))
			return false;
	return true;
}

/* ---- one event each ---- */

static void keep_span(struct end *e, const void *data, size_t len)
{
	if (e->span_first == e->span_count)
		e->span_first = e->span_count = 0;
	if (e->span_count == e->span_room) {
		size_t room = e->span_room ? 2 * e->span_room : 16;
		struct span *more = realloc(e->spans, room * sizeof *more);
		if (!more) {
			rig_fail(e->rig, "the suite has no memory");
			return;
		}
		e->spans = more;
		e->span_room = room;
	}
	e->spans[e->span_count++] = (struct span){.data = data, .len = len};
}

/* Sends on what is lent, in pieces of e->chunk, straight from the lent memory. */
static void echo(struct end *e)
{
	struct sgt_bytes pieces[SGT_SEND_PIECES];
	size_t n = 0, len = 0, at = 0;
	if (e->send_busy || e->state != END_OPEN || e->ended)
		return;
	for (size_t i = e->span_first; i < e->span_count && n < SGT_SEND_PIECES;) {
		const struct span *s = &e->spans[i];
		size_t part = s->len - at;
		if (e->chunk && part > e->chunk)
			part = e->chunk;
		pieces[n++] = (struct sgt_bytes){.data = s->data + at, .len = part};
		len += part;
		at += part;
		if (at == s->len) {
			at = 0;
			i++;
		}
	}
	if (!n) {
		if (e->eof)
			end_shutdown(e);
		return;
	}
	enum sgt_result r = e->rig->module->send(e->conn, pieces, n);
	if (r != SGT_OK)
		rig_fail(e->rig, "send in an echo is refused (%d)", r);
	e->send_busy = true;
	e->sending = len;
}

static void consume_by(struct end *e, size_t n, size_t chunk)
{
	while (n) {
		size_t part = chunk && chunk < n ? chunk : n;
		end_consume(e, part);
		n -= part;
	}
}

static void on_data(struct end *e, const struct sgt_event *event)
{
	if (!event->len || !event->data)
		rig_fail(e->rig, "DATA without bytes");
	if (e->eof)
		rig_fail(e->rig, "DATA after PEER_EOF");
	if (e->checked && !pattern_is(event->data, e->seed, e->received, event->len))
		rig_fail(e->rig, "wrong bytes between %zu and %zu", e->received,
			 e->received + event->len);
	e->received += event->len;
	if (e->received - e->consumed > e->rig->module->lend_max)
		rig_fail(e->rig, "%zu bytes are lent, lend_max is %zu", e->received - e->consumed,
			 e->rig->module->lend_max);
	keep_span(e, event->data, event->len);
	if (e->mode == END_TAKE)
		end_consume(e, event->len);
	else if (e->mode == END_ECHO)
		echo(e);
}

static void on_sent(struct end *e, const struct sgt_event *event)
{
	if (!e->send_busy)
		rig_fail(e->rig, "SENT, but nothing was being sent");
	else if (event->len != e->sending)
		rig_fail(e->rig, "SENT of %zu bytes, sent were %zu", event->len, e->sending);
	size_t n = e->sending;
	e->send_busy = false;
	e->sending = 0;
	e->sent += n;
	e->sents++;
	if (e->mode != END_ECHO)
		return;
	consume_by(e, n, e->chunk);
	echo(e);
}

static void on_eof(struct end *e)
{
	if (e->eof)
		rig_fail(e->rig, "PEER_EOF twice");
	e->eof = true;
	if (e->mode == END_ECHO)
		echo(e);
}

static void on_error(struct end *e, const struct sgt_error *error)
{
	e->state = END_FAILED;
	e->errors++;
	if (!error || error->result == SGT_OK || error->result >= SGT_RESULT_COUNT ||
	    !error->text[0]) {
		rig_fail(e->rig, "ERROR without an error");
		return;
	}
	e->error = error->result;
	e->error_number = error->number;
	memcpy(e->error_text, error->text, sizeof e->error_text);
}

static void on_open(struct end *e, const struct sgt_event *event)
{
	e->state = END_OPEN;
	if (!event->peer || !event->peer[0] || !event->local || !event->local[0]) {
		rig_fail(e->rig, "%s without both addresses", rules[event->type].name);
		return;
	}
	snprintf(e->peer, sizeof e->peer, "%s", event->peer);
	snprintf(e->local, sizeof e->local, "%s", event->local);
}

/* ---- what they belong to ---- */

static struct door *find_door(struct rig *rig, const struct sgt_event *event)
{
	for (struct door *d = rig->doors; d; d = d->next)
		if (d == event->user && d->listener && d->listener == event->listener)
			return d;
	return NULL;
}

static struct end *on_accepted(struct rig *rig, const struct sgt_event *event)
{
	struct door *d = find_door(rig, event);
	struct end *e = d ? calloc(1, sizeof *e) : NULL;
	if (!e || !event->conn) {
		rig_fail(rig, "ACCEPTED without a living listener and its user pointer");
		free(e);
		return NULL;
	}
	*e = (struct end){.rig = rig,
			  .conn = event->conn,
			  .door = d,
			  .mode = d->mode,
			  .chunk = d->chunk,
			  .checked = d->checked,
			  .seed = d->seed};
	rig_add_end(rig, e);
	d->accepted++;
	rig->module->set_user(event->conn, e);
	on_open(e, event);
	return e;
}

static void on_datagram(struct rig *rig, const struct sgt_event *event)
{
	struct post *p = rig->posts;
	while (p && (p != event->user || p->dgram != event->dgram))
		p = p->next;
	if (!p || !event->peer) {
		rig_fail(rig, "DATAGRAM without a living handle, its user pointer or its peer");
		return;
	}
	p->count++;
	p->len = event->len;
	if (event->len <= sizeof p->data && event->len)
		memcpy(p->data, event->data, event->len);
	snprintf(p->peer, sizeof p->peer, "%s", event->peer);
}

static bool allowed(struct rig *rig, const struct end *e, const struct sgt_event *event)
{
	const char *name = rules[event->type].name;
	if (e->conn != event->conn)
		rig_fail(rig, "%s has the user pointer of another connection", name);
	else if (!(rules[event->type].states & IN(e->state)))
		rig_fail(rig, "%s for a connection that is %s", name, states[e->state]);
	else
		return true;
	return false;
}

static void on_conn(struct rig *rig, struct end *e, const struct sgt_event *event)
{
	if (!allowed(rig, e, event))
		return;
	switch (event->type) {
	case SGT_EV_CONNECTED:
		on_open(e, event);
		break;
	case SGT_EV_DATA:
		on_data(e, event);
		break;
	case SGT_EV_SENT:
		on_sent(e, event);
		break;
	case SGT_EV_PEER_EOF:
		on_eof(e);
		break;
	case SGT_EV_ERROR:
		on_error(e, event->error);
		break;
	default: /* CLOSED: allowed() let nothing else through */
		e->state = END_CLOSED;
		e->closeds++;
		break;
	}
}

static struct end **bucket_of(struct rig *rig, const void *user)
{
	return &rig->buckets[((uintptr_t)user >> 4) % RIG_BUCKETS];
}

void rig_add_end(struct rig *rig, struct end *e)
{
	struct end **bucket = bucket_of(rig, e);
	e->in_bucket = *bucket;
	*bucket = e;
	e->next = rig->ends;
	rig->ends = e;
}

/* The user pointer may be anything: it is looked up, not followed. */
static struct end *end_of(struct rig *rig, const struct sgt_event *event)
{
	struct end *e = *bucket_of(rig, event->user);
	while (e && e != event->user)
		e = e->in_bucket;
	return event->conn ? e : NULL;
}

void rig_deliver(void *ctx, const struct sgt_event *event)
{
	struct rig *rig = ctx;
	struct end *e = NULL;
	if (!rig->running)
		rig_fail(rig, "%s outside run", rules[event->type].name);
	if (rig->delivering)
		rig_fail(rig, "%s inside of another event", rules[event->type].name);
	rig->delivering = true;
	rig->events++;
	if (event->type == SGT_EV_ACCEPTED)
		e = on_accepted(rig, event);
	else if (event->type == SGT_EV_DATAGRAM)
		on_datagram(rig, event);
	else if (event->type == SGT_EV_DOWN)
		rig->down = true;
	else if (!(e = end_of(rig, event)))
		rig_fail(rig, "%s without a known user pointer", rules[event->type].name);
	else
		on_conn(rig, e, event);
	if (rig->hook)
		rig->hook(rig, e, event, rig->hook_ctx);
	rig->delivering = false;
}
