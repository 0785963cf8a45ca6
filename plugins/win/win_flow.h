/*
 * The connections of a stack as its frames show them.
 *
 * libslirp keeps TCP's state but tells nobody: who the peer is, that a connection was made, refused or
 * reset stands only in the segments that pass. Every connection has a flow here, from its first SYN
 * until nothing of it can come any more.
 *
 *	connect --> SYN_SENT --(SYN and ACK in)--> OPEN <--(a stand-in waits)-- HALF <-- SYN in
 *
 * Outgoing flows have a port of their own, `port`, that is one for all of the stack: it is where they
 * come from on the network, and the port of the peer that libslirp is told. Between it and the network
 * both ports are exchanged:
 *
 *	network    source:port   <-> peer:peer_port
 *	libslirp   source:inner  <-> peer:port
 *
 * So segments belong to exactly one flow, however many go to one peer, and the order in which libslirp
 * takes connections does not matter.
 *
 * Bounds: WIN_FLOWS_MAX; WIN_HALF_MAX that were not made yet, for as long as libslirp keeps them.
 */
#ifndef SMTPGATE_WIN_FLOW_H
#define SMTPGATE_WIN_FLOW_H

#include "win/win_hop.h"

#include "support/sockets.h"

#define WIN_FLOWS_MAX 16384u
#define WIN_HALF_MAX 512u
#define WIN_FLOW_BUCKETS 1024u
#define WIN_PORT_FIRST 32768u /* of what goes out */
#define WIN_PORT_COUNT 28232u /* up to 60999, as a Linux host */

enum win_phase { WIN_SYN_SENT, WIN_HALF, WIN_OPEN };

struct win_flow {
	LIST_ENTRY(win_flow) bucket;
	LIST_ENTRY(win_flow) in_cable;
	struct sgt_stack *stack; /* whose it is, to the cable */
	struct sgt_conn *conn;   /* NULL: none yet, or the core is done with it */
	enum win_phase phase;
	bool out;
	uint32_t peer;
	unsigned peer_port;
	struct win_hop *hop;        /* of IPv6: peer is its alias; else NULL */
	uint8_t peer6[WIN_IP6_LEN]; /* then the peer */
	uint8_t mac[WIN_MAC_LEN];   /* where its last segment came from */
	unsigned port;              /* ours on the network */
	unsigned inner;             /* of an outgoing one: libslirp's; 0 until it has chosen */
	bool fin_in, fin_out, reset;
	bool sent;         /* snd_max is known */
	uint32_t snd_max;  /* behind the last byte that libslirp sent */
	uint32_t rcv_next; /* what it acknowledged last */
	uint64_t seen_ms;  /* the last segment */
	uint64_t left_ms;  /* since when the core is done with it; 0: it is not */
};

struct win_flows {
	LIST_HEAD(, win_flow) buckets[WIN_FLOW_BUCKETS];
	unsigned count, half;
	unsigned next_port; /* of the next outgoing one, below WIN_PORT_COUNT */
};

void win_flows_init(struct win_flows *flows, unsigned first_port);
struct win_flow *win_flow_out(const struct win_flows *flows, unsigned port);
struct win_flow *win_flow_in(const struct win_flows *flows, uint32_t peer, unsigned peer_port,
			     unsigned port);
/* Makes one; port 0: an outgoing one that gets a free port. NULL: a bound is reached or memory is short. */
struct win_flow *win_flow_add(struct win_flows *flows, const struct sgt_host *host, uint32_t peer,
			      unsigned peer_port, unsigned port);
void win_flow_free(struct win_flows *flows, const struct sgt_host *host, struct win_flow *f);
/* A peer uses its port again while libslirp still waits for the last segments of the old connection. */
void win_flow_begin_again(struct win_flows *flows, struct win_flow *f);
void win_flow_opened(struct win_flows *flows, struct win_flow *f);
/* A segment of libslirp's went out. */
void win_flow_sent(struct win_flow *f, const struct win_segment *s);
/* Has it go to peer6 by hop. */
void win_flow_set_hop(struct win_flow *f, struct win_hop *hop, const uint8_t peer6[WIN_IP6_LEN]);
/* Can anything still come that somebody waits for? now_ms: monotonic. */
bool win_flow_is_over(const struct win_flow *f, uint64_t now_ms);
/* What the network should be told when the stack ends: does the peer believe in a connection? */
bool win_flow_is_alive(const struct win_flow *f);

#endif
