/* What the files of the socket stack share among themselves; its users include sockets.h. */
#ifndef SMTPGATE_SUPPORT_SOCKETS_INT_H
#define SMTPGATE_SUPPORT_SOCKETS_INT_H

#include "support/error.h"
#include "support/sockets.h"

#define sock_ready_add SUPPORT(sock_ready_add)
#define sock_bury SUPPORT(sock_bury)
#define conn_new SUPPORT(conn_new)
#define conn_adopt SUPPORT(conn_adopt)
#define conn_begin SUPPORT(conn_begin)
#define conn_drop SUPPORT(conn_drop)
#define conn_serve SUPPORT(conn_serve)
#define conn_fail SUPPORT(conn_fail)
#define conn_lost SUPPORT(conn_lost)
#define transfer_read SUPPORT(transfer_read)
#define transfer_flush SUPPORT(transfer_flush)
#define linger_close SUPPORT(linger_close)
#define linger_expire SUPPORT(linger_expire)
#define linger_stop SUPPORT(linger_stop)
#define listener_resume SUPPORT(listener_resume)
#define listener_stop SUPPORT(listener_stop)
#define dgram_stop SUPPORT(dgram_stop)

#define SOCK_DATAGRAM_MAX 65536u

/*
 * A connection's life:
 *
 *	CONNECTING --(the kernel says so: CONNECTED)--> OPEN <-- accept (ACCEPTED)
 *	CONNECTING, OPEN --conn_fail--> FAILED          (what was received is still delivered, then
 *ERROR, once) any --sock_close, sock_abort--> CLOSING --(from the ready queue: CLOSED)--> freed
 *
 * In CLOSING the descriptor is gone (closed, or lingering on its own) and nothing but CLOSED is
 *delivered.
 */
enum conn_state { CONN_CONNECTING, CONN_OPEN, CONN_FAILED, CONN_CLOSING };

/* NONE -> GOING (the kernel took a part) -> TAKEN (all; SENT is due) -> NONE when SENT is
 * delivered. */
enum conn_send { SEND_NONE, SEND_GOING, SEND_TAKEN };

struct sgt_conn {
	struct watch watch; /* first: the poller hands it back */
	struct sock_stack *stack;
	LIST_ENTRY(sgt_conn) all;
	STAILQ_ENTRY(sgt_conn) ready;
	void *user;
	struct lend lend;
	struct ipaddr peer;
	char *file; /* owned: the peer's address, where it is none of IP; else NULL */
	void *own;  /* the module's, of a stand-in; else NULL */
	enum conn_state state;
	enum conn_send send;
	/* Edges are kept as these: epoll tells each but once. */
	bool readable, writable;
	bool fin;       /* the peer's end or an error stands behind what is to be read */
	bool faulty;    /* the kernel told of an error that nothing has fetched yet */
	bool queued;    /* in the ready queue */
	bool eof;       /* PEER_EOF was delivered */
	bool end_due;   /* shutdown was called, a send is still going */
	bool ended;     /* shutdown was called */
	bool error_due; /* FAILED, ERROR not delivered yet */
	enum error_phase phase;
	int errnum;
	size_t send_len;
	size_t piece, piece_count;
	struct sgt_bytes pieces[SGT_SEND_PIECES]; /* what is left of the send */
};

/* A dead handle that a batch may still point to. */
struct sock_grave {
	struct sock_grave *next;
	void *handle;
};

/* Has conn_serve called from sock_run, after the batch. */
void sock_ready_add(struct sgt_conn *c);
/* Frees a listener or datagram handle, now or after the batch. Its first members are a watch that
 * was removed and a struct sock_grave. */
void sock_bury(struct sock_stack *s, void *handle, struct sock_grave *grave);

/* A connection without descriptor, in no list; NULL when memory is short. */
struct sgt_conn *conn_new(struct sock_stack *s);
/* Gives it a descriptor and has it watched; on failure an errno, and both stay the caller's. */
int conn_adopt(struct sgt_conn *c, int fd, enum conn_state state);
/* Connects fd and gives it to c; takes both, also on failure. */
enum sgt_result conn_begin(struct sgt_conn *c, int fd, const struct sockaddr *to, socklen_t n,
			   struct sgt_conn **conn, struct sgt_error *error);
/* Frees it without events; closes its descriptor if it was adopted. */
void conn_drop(struct sgt_conn *c);
/* Delivers all that is due on it. Frees it when that is CLOSED. */
void conn_serve(struct sgt_conn *c);
/* Marks it as lost; ERROR comes from conn_serve. */
void conn_fail(struct sgt_conn *c, enum error_phase phase, int errnum);
/* conn_fail with what the module of a stand-in says it means; false: it was the peer's plain end. */
bool conn_lost(struct sgt_conn *c);

/* Reads and delivers; true when there may be more and only fairness ended it. */
bool transfer_read(struct sgt_conn *c);
/* Writes what is left of the send, as far as the kernel takes it. */
void transfer_flush(struct sgt_conn *c);

/* Closes fd so that the peer gets what was sent before: see linger.c. */
void linger_close(struct sock_stack *s, int fd);
/* Closes those whose time is over; returns ms until the next is, or -1. */
int linger_expire(struct sock_stack *s);
void linger_stop(struct sock_stack *s);

/* Goes on accepting when the pause is over; returns ms until then, or -1 when there is none. */
int listener_resume(struct sock_stack *s);
void listener_stop(struct sock_stack *s);
void dgram_stop(struct sock_stack *s);

#endif
