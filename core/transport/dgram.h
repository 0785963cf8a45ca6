/* Datagrams over a stack: what name service travels by. In the stack's thread only. */
#ifndef SMTPGATE_TRANSPORT_DGRAM_H
#define SMTPGATE_TRANSPORT_DGRAM_H

#include "transport/stack.h"

struct dgram;

struct dgram_ops {
	/* bytes are valid during the call only; dgram_close is allowed in it. */
	void (*on_datagram)(void *ctx, struct dgram *d, const char *peer, const void *bytes,
			    size_t n);
	/* The stack was lost: d is gone when this returns. May be NULL. */
	void (*on_lost)(void *ctx, struct dgram *d, const struct sgt_error *why);
};

/* local: "*:0", "[::]:0" or an own address. SGT_UNSUPPORTED without SGT_CAP_DATAGRAMS. */
enum sgt_result dgram_open(struct dgram **d, struct stack *s, const char *local,
			   const struct dgram_ops *ops, void *ctx, struct sgt_error *error);
/* to: as stack_address wrote it. Takes a copy. */
enum sgt_result dgram_send(struct dgram *d, const char *to, const void *bytes, size_t n);
/* No callback follows. */
void dgram_close(struct dgram **d);

#endif
