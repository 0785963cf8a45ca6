/* Flows: see win_flow.h. */
#include "win/win_flow.h"

#include <string.h>

/* libslirp gives up a connection that is not made after 75 s (TCPTV_KEEP_INIT). */
#define HALF_MS 80000u
/* It waits for 10 s after both ends have ended (TIME-WAIT). */
#define ENDED_MS 15000u
/* What the core has left: how long the peer may be silent, and how long it may take in all. */
#define SILENT_MS 60000u
#define LEFT_MS 600000u

void win_flows_init(struct win_flows *flows, unsigned first_port)
{
	memset(flows, 0, sizeof *flows);
	flows->next_port = first_port % WIN_PORT_COUNT;
}

static unsigned bucket_out(unsigned port)
{
	return port % WIN_FLOW_BUCKETS;
}

static unsigned bucket_in(uint32_t peer, unsigned peer_port, unsigned port)
{
	uint32_t mixed = (peer ^ peer_port << 16 ^ port) * 2654435761u; /* Knuth 6.4 */
	return mixed >> 16 & (WIN_FLOW_BUCKETS - 1);
}

struct win_flow *win_flow_out(const struct win_flows *flows, unsigned port)
{
	struct win_flow *f;
	LIST_FOREACH(f, &flows->buckets[bucket_out(port)], bucket)
	if (f->out && f->port == port)
		return f;
	return NULL;
}

struct win_flow *win_flow_in(const struct win_flows *flows, uint32_t peer, unsigned peer_port,
			     unsigned port)
{
	struct win_flow *f;
	LIST_FOREACH(f, &flows->buckets[bucket_in(peer, peer_port, port)], bucket)
	if (!f->out && f->peer == peer && f->peer_port == peer_port && f->port == port)
		return f;
	return NULL;
}

/* 0: all are taken. In turn, so that a port rests before it comes again. */
static unsigned free_port(struct win_flows *flows)
{
	for (unsigned i = 0; i < WIN_PORT_COUNT; i++) {
		unsigned port = WIN_PORT_FIRST + flows->next_port;
		flows->next_port = (flows->next_port + 1) % WIN_PORT_COUNT;
		if (!win_flow_out(flows, port))
			return port;
	}
	return 0;
}

struct win_flow *win_flow_add(struct win_flows *flows, const struct sgt_host *host, uint32_t peer,
			      unsigned peer_port, unsigned port)
{
	bool out = !port;
	if (flows->count >= WIN_FLOWS_MAX || (!out && flows->half >= WIN_HALF_MAX))
		return NULL;
	if (out && !(port = free_port(flows)))
		return NULL;
	struct win_flow *f = host->alloc(host->ctx, NULL, sizeof *f);
	if (!f)
		return NULL;
	*f = (struct win_flow){.phase = out ? WIN_SYN_SENT : WIN_HALF,
			       .out = out,
			       .peer = peer,
			       .peer_port = peer_port,
			       .port = port,
			       .seen_ms = host->now_ms(host->ctx)};
	unsigned b = out ? bucket_out(port) : bucket_in(peer, peer_port, port);
	LIST_INSERT_HEAD(&flows->buckets[b], f, bucket);
	flows->count++;
	flows->half += !out;
	return f;
}

void win_flow_free(struct win_flows *flows, const struct sgt_host *host, struct win_flow *f)
{
	flows->count--;
	flows->half -= f->phase == WIN_HALF;
	if (f->hop)
		f->hop->flows--;
	LIST_REMOVE(f, bucket);
	host->alloc(host->ctx, f, 0);
}

void win_flow_begin_again(struct win_flows *flows, struct win_flow *f)
{
	flows->half += f->phase != WIN_HALF;
	f->phase = WIN_HALF;
	f->fin_in = f->fin_out = f->reset = f->sent = false;
	f->left_ms = 0;
}

void win_flow_opened(struct win_flows *flows, struct win_flow *f)
{
	flows->half -= f->phase == WIN_HALF;
	f->phase = WIN_OPEN;
}

void win_flow_sent(struct win_flow *f, const struct win_segment *s)
{
	bool syn = s->flags & WIN_SYN, fin = s->flags & WIN_FIN;
	uint32_t end = s->seq + (uint32_t)s->payload + syn + fin;
	if (!f->sent || (int32_t)(end - f->snd_max) > 0)
		f->snd_max = end;
	if (s->flags & WIN_ACK)
		f->rcv_next = s->ack;
	f->sent = true;
	f->fin_out = f->fin_out || fin;
	f->reset = f->reset || s->flags & WIN_RST;
}

void win_flow_set_hop(struct win_flow *f, struct win_hop *hop, const uint8_t peer6[WIN_IP6_LEN])
{
	hop->flows++;
	f->hop = hop;
	memcpy(f->peer6, peer6, WIN_IP6_LEN);
}

bool win_flow_is_over(const struct win_flow *f, uint64_t now_ms)
{
	uint64_t silent = now_ms - f->seen_ms;
	if (f->phase == WIN_HALF)
		return silent >= HALF_MS || f->reset;
	if (!f->left_ms)
		return false;
	if (f->reset || (f->fin_in && f->fin_out))
		return silent >= ENDED_MS;
	return silent >= SILENT_MS || now_ms - f->left_ms >= LEFT_MS;
}

bool win_flow_is_alive(const struct win_flow *f)
{
	return f->phase == WIN_OPEN && !f->reset && !(f->fin_in && f->fin_out);
}
