/*
 * The cable of win: one port of a network and, at it, all stacks of the process that have the same settings, as the threads of a
 * listener do. To the network they are one host. Each has a libslirp of its own, so a frame must come to the right one:
 *
 *	a segment of a connection, or news by ICMP of one	whose flow it is
 *	any other segment to our address	one of those who listen on that port, chosen by the peer's address and port:
 *						the same for each copy of a SYN, as long as the same ones listen
 *	an answer by ARP or of a neighbour	everybody
 *	all else				the first
 *
 * Whoever reads a frame of another one puts it into that one's inbox and wakes it. Owns the wire, and the inboxes' frames.
 * Flows and ports belong to their stacks; the cable looks only at what never changes in them.
 *
 * Locks: `door` for who prepares, starts or stops, and then `lock`, for all else. Nothing waits with `lock`.
 */
#ifndef SMTPGATE_WIN_CABLE_H
#define SMTPGATE_WIN_CABLE_H

#include "support/wire.h"
#include "win/win_flow.h"

#include <pthread.h>

#define WIN_INBOX_MAX 1024u /* frames; beyond, they are lost, as frames may be */

struct sgt_stack;
struct win_port;

/* What a cable is made from; compared byte by byte. */
struct win_place {
	char url[WIRE_PLACE_MAX + 16];
	uint32_t address, source, mask, gateway;
	uint8_t source6[WIN_IP6_LEN], gateway6[WIN_IP6_LEN]; /* all zero: none */
	unsigned bits6;
};

struct win_letter {
	STAILQ_ENTRY(win_letter) next;
	size_t len;
	uint8_t bytes[];
};

/* A stack's part. */
struct win_member {
	LIST_ENTRY(sgt_stack) entry; /* while started */
	unsigned number;             /* 0 to ..., no two at a cable have the same */
	STAILQ_HEAD(, win_letter) inbox;
	unsigned waiting; /* in the inbox */
};

struct win_cable {
	LIST_ENTRY(win_cable) all;
	unsigned stacks; /* that have it */
	struct win_place place;
	pthread_mutex_t door, lock;
	bool prepared;
	struct wire wire;
	/* from the first start to the last stop */
	bool lost;
	LIST_HEAD(, sgt_stack) started;
	LIST_HEAD(, win_port) ports;
	LIST_HEAD(, win_flow) flows[WIN_FLOW_BUCKETS];
};

/* The cable with these settings, that of another stack if there is one. SGT_BAD_SETTING when the network's name is faulty. */
enum sgt_result win_cable_get(const struct win_place *place, struct win_cable **cable,
			      struct sgt_error *error);
void win_cable_put(struct win_cable **cable);
enum sgt_result win_cable_prepare(struct win_cable *c, struct sgt_error *error);
void win_cable_detect(struct win_cable *c, struct sgt_report *report);

/* The sentence about a network that was lost. */
void win_cable_lost(struct win_cable *c, struct sgt_error *error);

/* The stack is there from now on; the first opens the wire. */
enum sgt_result win_cable_join(struct sgt_stack *stack, struct sgt_error *error);
/* The last closes it. */
void win_cable_leave(struct sgt_stack *stack);

/* A frame of the stack's own; 0: none is there, WIRE_LOST. Hands on what is others', at most `frames`, which it counts down. */
long win_cable_receive(struct sgt_stack *stack, uint8_t *frame, size_t size, unsigned *frames);
/* Does its inbox hold something? */
bool win_cable_waits(struct sgt_stack *stack);
/* 1, 0 when it is full, WIRE_LOST. */
int win_cable_send(struct win_cable *c, const uint8_t *frame, size_t n);

/* From now on the flow is known; false: it goes out, and another stack's has its port. */
bool win_cable_add(struct win_cable *c, struct sgt_stack *stack, struct win_flow *f);
void win_cable_drop(struct win_cable *c, struct win_flow *f);

/* The port is the stack's from now on; false: another listener has it, and not both want to share it. */
bool win_cable_listen(struct win_cable *c, struct win_port *port);
void win_cable_unlisten(struct win_cable *c, struct win_port *port);
/* Does any of the stacks listen on it? */
bool win_cable_listens(struct win_cable *c, unsigned port);

#endif
