/* What the files of the xln module share: its stack, and what a connection is. */
#ifndef SMTPGATE_XLN_H
#define SMTPGATE_XLN_H

#include "support/error.h"
#include "support/ports.h"
#include "xln/xln_intake.h"
#include "xln/xln_ring.h"

#include <stddef.h>
#include <sys/queue.h>
#include <sys/uio.h>

#define XLN_LEND_MAX 65536u /* bytes lent at most on a connection */
#define XLN_BLOCK 65536u    /* bytes that one read takes at most */

struct sgt_stack {
	const struct sgt_host *host;
	char *name; /* of its section */
	unsigned entries;
	bool sqpoll;
	size_t buffers;
	struct socket_maker maker;
	struct sock_ports ports;
	/* From start to stop. */
	struct xln_ring ring;
	struct lend_pool pool;
	struct xln_intake intake;
	struct xln_op wake; /* reads the event descriptor */
	int wake_fd;
	uint64_t wake_count;
	struct sgt_counters counters;
	LIST_HEAD(, sgt_conn) conns;
	LIST_HEAD(, sgt_listener) listeners;
	LIST_HEAD(, sgt_dgram) dgrams;
	STAILQ_HEAD(xln_ready, sgt_conn) ready;
	TAILQ_HEAD(, xln_linger) lingering; /* oldest first */
	unsigned linger_count;
	uint64_t accept_again_ms; /* when accepting goes on, or is known to go well; 0: it does */
	bool limit_told;          /* "no more connections" is in the log */
	bool starving;            /* a connection waits for receive memory */
	bool stopping;            /* nothing is delivered any more */
};

/*
 * A connection's life:
 *
 *	CONNECTING --(the kernel says so: CONNECTED)--> OPEN <-- accept (ACCEPTED)
 *	CONNECTING, OPEN --xln_conn_fail--> FAILED   (what was received is delivered, then ERROR, once)
 *	any --xln_close, xln_abort--> CLOSING --(no op is live: CLOSED)--> freed
 *
 * In CLOSING the kernel is asked to give its requests up; the socket is closed when it has, because
 * each of them keeps the socket open.
 *
 * Receiving: a multishot request while the core consumes; a single one, of no more bytes than may be
 * lent, once half of the bound is lent or the pool is spent; none when nothing may be lent. Where
 * nothing receives, `watch` waits for the connection's loss.
 */
enum xln_state { XLN_CONNECTING, XLN_OPEN, XLN_FAILED, XLN_CLOSING };

/* NONE -> GOING (with the kernel) -> TAKEN (all; SENT is due) -> NONE when SENT is delivered. */
enum xln_send { XLN_SEND_NONE, XLN_SEND_GOING, XLN_SEND_TAKEN };

struct sgt_conn {
	struct xln_op recv, send, watch; /* send: also connect */
	struct sgt_stack *stack;
	LIST_ENTRY(sgt_conn) all;
	STAILQ_ENTRY(sgt_conn) ready;
	void *user;
	struct lend lend;
	struct ipaddr peer;
	int fd;
	enum xln_state state;
	enum xln_send send_state;
	bool queued;    /* in the ready queue */
	bool pausing;   /* the multishot request is being given up */
	bool watched;   /* watch has told something: it is not set again */
	bool send_due;  /* there was no entry for the send */
	bool fin;       /* the peer's end stands behind what is kept */
	bool eof;       /* PEER_EOF was delivered */
	bool end_due;   /* shutdown was called, a send is still going */
	bool ended;     /* shutdown was called */
	bool error_due; /* FAILED, ERROR not delivered yet */
	bool reset;     /* CLOSING by abort */
	bool gently;    /* CLOSING: what was sent still has to arrive */
	enum error_phase phase;
	int errnum;
	size_t send_len;
	size_t piece, piece_count;
	struct iovec pieces[SGT_SEND_PIECES]; /* what is left of the send */
	struct msghdr message;
};

/* ---- xln.c ---- */
extern const struct sgt_key xln_keys[];
enum { XLN_KEY_ENTRIES, XLN_KEY_SQPOLL, XLN_KEY_BUFFERS, XLN_KEY_NAME_SERVER };

/* ---- xln_create.c ---- */
enum sgt_result xln_create(const struct sgt_host *host, const struct sgt_create *with,
			   struct sgt_stack **stack, struct sgt_error *error);
void xln_destroy(struct sgt_stack *stack);
/* The host's, with realloc's contract; size 0 frees. */
void *xln_alloc(struct sgt_stack *s, void *old, size_t size);
void xln_log(struct sgt_stack *s, enum sgt_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- xln_detect.c ---- */
/* What the machine says; tests put another in the place. */
struct xln_kernel {
	int (*open)(struct xln_ring *r, unsigned entries, bool sqpoll); /* xln_ring_open */
	int (*disabled)(void);         /* sysctl kernel.io_uring_disabled; -1: there is none */
	bool (*filtered)(void);        /* does a seccomp filter watch this process? */
	void (*release)(char out[64]); /* "6.1.0-18-amd64" */
};
extern const struct xln_kernel xln_kernel_real;
extern const struct xln_kernel *xln_kernel;
void xln_detect(struct sgt_stack *stack, struct sgt_report *report);
/* Why a ring could not be had, from the -errno of xln_ring_open. */
void xln_explain(const struct sgt_stack *stack, int e, struct sgt_report *report);

/* ---- xln_stack.c ---- */
enum sgt_result xln_start(struct sgt_stack *s, struct sgt_error *error);
enum sgt_result xln_run(struct sgt_stack *s, int timeout_ms, struct sgt_error *error);
void xln_wakeup(struct sgt_stack *s);
void xln_stop(struct sgt_stack *s);
/* Has xln_conn_serve called from xln_run, after the completions. */
void xln_ready_add(struct sgt_conn *c);

/* ---- xln_conn.c ---- */
/* A connection without descriptor, in no list; NULL when memory is short. */
struct sgt_conn *xln_conn_new(struct sgt_stack *s);
/* Gives it a descriptor. */
void xln_conn_adopt(struct sgt_conn *c, int fd, enum xln_state state);
/* Frees it without events; no op of it is live. Closes its descriptor. */
void xln_conn_drop(struct sgt_conn *c);
/* Delivers what is due, and sets the requests that are missing. Frees it when CLOSED is due. */
void xln_conn_serve(struct sgt_conn *c);
/* Marks it as lost; ERROR comes from xln_conn_serve. */
void xln_conn_fail(struct sgt_conn *c, enum error_phase phase, int errnum);
enum sgt_result xln_connect(struct sgt_stack *s, const struct ipaddr *to,
			    const struct ipaddr *source, void *user, struct sgt_conn **conn,
			    struct sgt_error *error);
void xln_set_user(struct sgt_conn *c, void *user);
void xln_close(struct sgt_conn *c);
void xln_abort(struct sgt_conn *c);
void xln_conn_deliver(struct sgt_conn *c, struct sgt_event *event);

/* ---- xln_receive.c ---- */
void xln_received(struct xln_op *op, int res, uint32_t flags); /* of recv */
void xln_watched(struct xln_op *op, int res, uint32_t flags);  /* of watch */
/* Sets or gives up the request to receive, by what may be lent now. */
void xln_receive_set(struct sgt_conn *c);
/* Delivers what is kept, and the peer's end; true when the bound stopped it. */
bool xln_receive_deliver(struct sgt_conn *c);
void xln_consume(struct sgt_conn *c, size_t n);

/* ---- xln_send.c ---- */
void xln_sent(struct xln_op *op, int res, uint32_t flags);
/* Hands what is left of the send to the kernel. */
void xln_send_on(struct sgt_conn *c);
enum sgt_result xln_send(struct sgt_conn *c, const struct sgt_bytes *pieces, size_t count);
enum sgt_result xln_shutdown(struct sgt_conn *c);

/* ---- xln_linger.c ---- */
/* Closes fd so that the peer gets what was sent before. */
void xln_linger_close(struct sgt_stack *s, int fd);
/* Ends those whose time is over; returns ms until the next is, or -1. */
int xln_linger_expire(struct sgt_stack *s);
void xln_linger_stop(struct sgt_stack *s);

/* ---- xln_listener.c ---- */
enum sgt_result xln_listen(struct sgt_stack *s, const struct sgt_plan *plan, void *user,
			   struct sgt_listener **listener, struct sgt_error *error);
const char *xln_listener_address(struct sgt_listener *l);
void xln_unlisten(struct sgt_listener *l);
/* Goes on accepting when the pause is over; returns ms until then, or -1 when there is none. */
int xln_listener_resume(struct sgt_stack *s);
void xln_listener_stop(struct sgt_stack *s);

/* ---- xln_dgram.c ---- */
enum sgt_result xln_dgram_open(struct sgt_stack *s, const struct ipaddr *local, void *user,
			       struct sgt_dgram **dgram, struct sgt_error *error);
enum sgt_result xln_dgram_send(struct sgt_dgram *d, const char *to, const void *data, size_t len);
void xln_dgram_close(struct sgt_dgram *d);
void xln_dgram_stop(struct sgt_stack *s);

#endif
