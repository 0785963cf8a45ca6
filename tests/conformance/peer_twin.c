/* The peer that is another stack of the same module, in a rig of its own: it is held against the contract as well. */
#include "conformance/rig.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TWIN_BUFFER 65536u
#define TWIN_PORTS 10000u /* from here on: below those that a kernel gives by itself */
#define TWIN_TRIES 64u

struct peer {
	struct rig rig, hole;
	const struct conformance_bed *bed;
	struct arena hole_arena; /* never run: what comes to it is not answered */
	bool has_hole;
	struct peer_conn *conns;
	struct peer_door *doors;
	struct peer_post *posts;
	unsigned post_count;
};
struct peer_door {
	struct peer *peer;
	struct peer_door *next;
	struct door *door;
};
struct peer_conn {
	struct peer *peer;
	struct peer_conn *next;
	struct end *end;
	unsigned char buffer[TWIN_BUFFER]; /* what is being sent */
};
struct peer_post {
	struct peer *peer;
	struct peer_post *next;
	struct post *post;
	unsigned seen;
};

static struct peer *twin_open(const struct conformance_bed *bed, struct arena *arena)
{
	struct peer *p = calloc(1, sizeof *p);
	if (!p)
		return NULL;
	p->bed = bed;
	if (rig_open(&p->rig, bed, arena, bed->peer_settings))
		return p;
	rig_close(&p->rig);
	free(p);
	return NULL;
}

static void twin_close(struct peer *p)
{
	rig_close(&p->rig);
	if (p->has_hole)
		rig_close(&p->hole);
	while (p->conns) {
		struct peer_conn *c = p->conns;
		p->conns = c->next;
		free(c);
	}
	while (p->doors) {
		struct peer_door *d = p->doors;
		p->doors = d->next;
		free(d);
	}
	while (p->posts) {
		struct peer_post *d = p->posts;
		p->posts = d->next;
		free(d);
	}
	free(p);
}

/* ---- making connections ---- */

static const char *any_port(const char *host, char text[SGT_ADDRESS_MAX])
{
	snprintf(text, SGT_ADDRESS_MAX, "%.120s:0", host);
	return text;
}

static struct peer_door *twin_listen(struct peer *p, const char *host, char out[SGT_ADDRESS_MAX])
{
	char text[SGT_ADDRESS_MAX];
	struct door *door = door_open(&p->rig, any_port(host, text), 0);
	struct peer_door *d = door ? calloc(1, sizeof *d) : NULL;
	if (!d)
		return NULL;
	door->mode = END_HOLD;
	*d = (struct peer_door){.peer = p, .next = p->doors, .door = door};
	p->doors = d;
	memcpy(out, door->address, SGT_ADDRESS_MAX);
	return d;
}

static void twin_unlisten(struct peer_door *d)
{
	door_close(d->door);
}

static struct peer_conn *conn_of(struct peer *p, struct end *end)
{
	struct peer_conn *c = end ? calloc(1, sizeof *c) : NULL;
	if (!c)
		return NULL;
	c->peer = p;
	c->next = p->conns;
	c->end = end;
	p->conns = c;
	return c;
}

static struct peer_conn *twin_accept(struct peer_door *d, int ms)
{
	return conn_of(d->peer, end_accept(d->door, ms));
}

static struct peer_conn *twin_connect(struct peer *p, const char *address, int ms)
{
	struct end *end = end_connect(&p->rig, address);
	if (!end)
		return NULL;
	end->mode = END_HOLD;
	if (end_wait(end, END_OPEN, ms))
		return conn_of(p, end);
	end_close(end);
	return NULL;
}

static bool twin_hole(struct peer *p, const char *host, char out[SGT_ADDRESS_MAX])
{
	char text[SGT_ADDRESS_MAX];
	if (p->has_hole || !rig_open(&p->hole, p->bed, &p->hole_arena, p->bed->peer_settings))
		return false;
	p->has_hole = true;
	struct door *d = door_open(&p->hole, any_port(host, text), 0);
	if (d)
		memcpy(out, d->address, SGT_ADDRESS_MAX);
	return d != NULL;
}

/* ---- bytes ---- */

static bool is_free(const void *ctx)
{
	const struct end *e = ctx;
	return !e->send_busy || e->state != END_OPEN;
}

/* Lends `len` bytes of the buffer in pieces of `chunk`. */
static bool send_pieces(struct peer_conn *c, size_t len, size_t chunk)
{
	struct sgt_bytes pieces[SGT_SEND_PIECES];
	size_t n = 0, at = 0;
	while (at < len) {
		size_t part = chunk && chunk < len - at ? chunk : len - at;
		pieces[n++] = (struct sgt_bytes){.data = c->buffer + at, .len = part};
		at += part;
	}
	if (c->peer->rig.module->send(c->end->conn, pieces, n) != SGT_OK)
		return false;
	c->end->send_busy = true;
	c->end->sending = len;
	return true;
}

static size_t twin_send(struct peer_conn *c, const void *data, size_t len, size_t chunk, int ms)
{
	size_t done = 0, most = TWIN_BUFFER;
	if (chunk && chunk * SGT_SEND_PIECES < most)
		most = chunk * SGT_SEND_PIECES;
	while (done < len) {
		if (!arena_until(c->peer->rig.arena, is_free, c->end, ms) ||
		    c->end->state != END_OPEN)
			break;
		size_t part = len - done < most ? len - done : most;
		memcpy(c->buffer, (const char *)data + done, part);
		if (!send_pieces(c, part, chunk))
			break;
		done += part;
	}
	return done;
}

static bool has_news(const void *ctx)
{
	const struct end *e = ctx;
	return e->received > e->consumed || e->eof || e->state != END_OPEN;
}

static long twin_recv(struct peer_conn *c, void *buf, size_t len, int ms)
{
	struct end *e = c->end;
	if (!arena_until(c->peer->rig.arena, has_news, e, ms))
		return PEER_WAITED;
	if (e->received > e->consumed) { /* also what came before a reset */
		const struct span *s = &e->spans[e->span_first];
		size_t part = s->len < len ? s->len : len;
		memcpy(buf, s->data, part);
		end_consume(e, part);
		return (long)part;
	}
	return e->eof && e->state == END_OPEN ? PEER_EOF : PEER_RESET;
}

static void twin_shutdown(struct peer_conn *c)
{
	end_shutdown(c->end);
}

static void twin_reset(struct peer_conn *c)
{
	end_abort(c->end);
}

static void twin_shut(struct peer_conn *c)
{
	end_close(c->end);
}

/* ---- datagrams ---- */

/* Another number for each process: the tests of other builds may run on the same addresses. */
static unsigned some_port(unsigned nth)
{
	return TWIN_PORTS + ((unsigned)getpid() * 7919u + nth * 131u) % 20000u;
}

/* The contract has no way to ask for the port that a datagram handle got, so it is chosen here, again when it is taken. */
static struct peer_post *twin_post(struct peer *p, const char *host, char out[SGT_ADDRESS_MAX])
{
	struct peer_post *d = calloc(1, sizeof *d);
	if (!d)
		return NULL;
	*d = (struct peer_post){.peer = p, .next = p->posts};
	p->posts = d;
	for (unsigned i = 0; !d->post && i < TWIN_TRIES; i++) {
		snprintf(out, SGT_ADDRESS_MAX, "%.100s:%u", host, some_port(p->post_count++));
		d->post = post_open(&p->rig, out);
	}
	if (!d->post)
		rig_fail(&p->rig, "datagrams: no free port at %s", host);
	return d->post ? d : NULL;
}

static bool twin_post_send(struct peer_post *d, const char *to, const void *data, size_t len)
{
	return d->peer->rig.module->dgram_send(d->post->dgram, to, data, len) == SGT_OK;
}

static bool has_mail(const void *ctx)
{
	const struct peer_post *d = ctx;
	return d->post->count > d->seen;
}

static long twin_post_recv(struct peer_post *d, void *buf, size_t len, char from[SGT_ADDRESS_MAX],
			   int ms)
{
	if (!arena_until(d->peer->rig.arena, has_mail, d, ms))
		return PEER_WAITED;
	d->seen = d->post->count;
	size_t n = d->post->len < len ? d->post->len : len;
	if (n)
		memcpy(buf, d->post->data, n);
	memcpy(from, d->post->peer, SGT_ADDRESS_MAX);
	return (long)n;
}

const struct conformance_peer_ops conformance_peer_twin = {
	.open = twin_open,
	.close = twin_close,
	.listen = twin_listen,
	.unlisten = twin_unlisten,
	.accept = twin_accept,
	.connect = twin_connect,
	.send = twin_send,
	.recv = twin_recv,
	.shutdown = twin_shutdown,
	.reset = twin_reset,
	.shut = twin_shut,
	.hole = twin_hole,
	.post = twin_post,
	.post_send = twin_post_send,
	.post_recv = twin_post_recv,
};
