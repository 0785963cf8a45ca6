/* The inside of a connection, shared by conn.c, conn_input.c and conn_output.c. */
#ifndef SMTPGATE_TRANSPORT_CONN_INTERNAL_H
#define SMTPGATE_TRANSPORT_CONN_INTERNAL_H

#include "transport/stack_internal.h"

enum conn_state {
	CONN_OPENING,
	CONN_OPEN,
	CONN_FLUSHING,  /* closed by its user, output still leaves */
	CONN_LINGERING, /* our end is sent, the peer's is awaited */
	CONN_FAILED,    /* on_error was told */
	CONN_CLOSING,   /* the handle was given back, CLOSED is to come */
	CONN_GONE,      /* no handle; on_closed is due */
};

/* Bytes that the module lent and that were not consumed yet. */
struct conn_piece {
	const char *bytes;
	size_t n;
};

struct conn {
	struct conn *next, **link; /* all of the stack */
	struct conn *next_work;
	struct stack *stack;
	struct sgt_conn *sgt;
	const struct conn_ops *ops;
	void *ctx;
	enum conn_state state;
	enum sgt_result broken; /* a fault of ours that on_error has to tell */
	bool queued;            /* in the work queue */
	bool blocked;           /* on_data left something */
	bool resumed;           /* conn_resume came: offer again */
	bool offering;          /* on_data is being called */
	bool eof, eof_told;     /* the peer's end came; and was told */
	bool shut, fin;         /* our end is wanted; and was sent */
	bool sending;           /* lent is with the module */
	struct timer timer;     /* the user's, and after conn_close the end's */
	struct buf fill, lent;  /* output being gathered, output being sent */
	size_t limit;
	struct conn_piece
		*pieces; /* input not consumed: pieces[piece_at .. piece_at + piece_count) */
	size_t piece_at, piece_count, piece_cap;
	char peer[SGT_ADDRESS_MAX], local[SGT_ADDRESS_MAX];
};

/* conn.c */
void conn_due(struct conn *c);
void conn_release(struct conn *c, bool orderly);
void conn_fail(struct conn *c, const struct sgt_error *error);
void conn_break(struct conn *c, enum sgt_result why);
bool conn_set_end(struct conn *c, int64_t ms);

/* conn_input.c */
void conn_data(struct conn *c, const char *bytes, size_t n);
void conn_eof(struct conn *c);
void conn_offer(struct conn *c);
void conn_drop_input(struct conn *c);

/* conn_output.c */
void conn_sent(struct conn *c);
void conn_flush(struct conn *c);

#endif
