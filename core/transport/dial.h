/*
 * Connects to one host by whichever of its addresses answers first (RFC 8305): families alternate,
 * beginning with that of the first address; a new attempt begins when the last one failed or
 * `stagger_ms` after it; the first connection wins, the others are aborted. Works over any
 * transport: an address that the transport cannot reach counts as failed.
 */
#ifndef SMTPGATE_TRANSPORT_DIAL_H
#define SMTPGATE_TRANSPORT_DIAL_H

#include "transport/conn.h"

struct dial;

struct dial_target {
	const char *host;             /* for sentences: "mx.example.net" */
	const char *const *addresses; /* in the caller's order: "192.0.2.1", "2001:db8::1", with or
					 without port; copied */
	size_t count;
	unsigned port;      /* for addresses without one */
	const char *source; /* own address to come from, or NULL; addresses of another family are
			       then left out */
	int64_t limit_ms;   /* for the whole; 0: 30 s */
	int64_t stagger_ms; /* 0: 250 ms */
};

struct dial_failure {
	enum sgt_result
		result; /* of the last address that failed; SGT_TIMEOUT when the time ran out */
	int number;     /* 121 ... */
	/* "no connection to mx.example.net: 192.0.2.1:25: the peer refuses connections on this
	 * port; ..." */
	char text[1024];
};

/* A dial whose stack is lost fails; before stack_stop they must be cancelled (on_down is the place).
 * Exactly one of them is called, unless dial_cancel comes first; never from inside dial_start. The
 * dial is gone then. */
struct dial_ops {
	/* Take c with conn_take before returning; it is OPEN. */
	void (*on_connected)(void *ctx, struct conn *c);
	void (*on_failed)(void *ctx, const struct dial_failure *failure);
};

/* OK, E_NOMEM, E_RANGE (no addresses) or E_STATE (the stack is not up). */
enum result dial_start(struct dial **d, struct stack *s, const struct dial_target *target,
		       const struct dial_ops *ops, void *ctx);
/* Aborts all attempts; no callback follows. NULL is fine. */
void dial_cancel(struct dial **d);

#endif
