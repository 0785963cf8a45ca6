/*
 * A stack of completions over nonblocking kernel sockets and epoll: all of a transport but its
 * settings, detect and prepare. lmn uses it with the host's sockets; a module whose sockets are
 * made elsewhere gives its own `open`.
 *
 * Owns the poller, all connections, datagram handles and listeners from start to stop. Everything
 * runs on the thread that called sock_start; sock_wakeup from any thread.
 *
 * Where events come from: the poller calls the watches of listeners, datagram handles and
 * connections. What cannot be delivered there (because a call outside run caused it, or to be fair
 * to others) waits in the ready queue, which sock_run serves after the batch. CLOSED is always
 * delivered from there, so no connection is freed during a batch.
 *
 * Stand-ins: a module whose TCP is not the kernel's hands over stream sockets that lead to it, each
 * standing for a connection (sock_stand_in, sock_accept). Bytes, half closes and flow control are the
 * descriptor's; what it cannot say (addresses, CONNECTED, resets) the module does.
 */
#ifndef SMTPGATE_SUPPORT_SOCKETS_H
#define SMTPGATE_SUPPORT_SOCKETS_H

#include "support/epoll.h"
#include "support/ipaddr.h"
#include "support/lend.h"
#include "support/prefix.h"
#include "support/socket.h"
#include "smtpgate/transport.h"

#include <stdbool.h>
#include <sys/queue.h>

#define sock_init SUPPORT(sock_init)
#define sock_start SUPPORT(sock_start)
#define sock_run SUPPORT(sock_run)
#define sock_stop SUPPORT(sock_stop)
#define sock_wakeup SUPPORT(sock_wakeup)
#define sock_listen SUPPORT(sock_listen)
#define sock_listener_address SUPPORT(sock_listener_address)
#define sock_unlisten SUPPORT(sock_unlisten)
#define sock_connect SUPPORT(sock_connect)
#define sock_patience SUPPORT(sock_patience)
#define sock_stand_in SUPPORT(sock_stand_in)
#define sock_connected SUPPORT(sock_connected)
#define sock_failed SUPPORT(sock_failed)
#define sock_descriptor SUPPORT(sock_descriptor)
#define sock_listen_at SUPPORT(sock_listen_at)
#define sock_accept SUPPORT(sock_accept)
#define sock_address SUPPORT(sock_address)
#define sock_connect_to SUPPORT(sock_connect_to)
#define sock_dgram_at SUPPORT(sock_dgram_at)
#define sock_set_user SUPPORT(sock_set_user)
#define sock_send SUPPORT(sock_send)
#define sock_consume SUPPORT(sock_consume)
#define sock_shutdown SUPPORT(sock_shutdown)
#define sock_close SUPPORT(sock_close)
#define sock_abort SUPPORT(sock_abort)
#define sock_dgram_open SUPPORT(sock_dgram_open)
#define sock_dgram_send SUPPORT(sock_dgram_send)
#define sock_dgram_close SUPPORT(sock_dgram_close)
#define sock_alloc SUPPORT(sock_alloc)
#define sock_log SUPPORT(sock_log)

#define SOCK_LEND_MAX 65536u              /* bytes lent at most on a connection */
#define SOCK_POOL_MAX (32u * 1024 * 1024) /* bytes of receive memory lent at most by a stack */

/* Where sockets come from and where listening ones go. */
struct sock_ways {
	/* A nonblocking, close-on-exec socket of the family and type, or -errno. */
	int (*open)(void *ctx, int family, int type);
	/* A listener ended; its descriptor is the module's again, to close or to keep. */
	void (*ended)(void *ctx, int fd);
	/* Stand-ins only; `own` is what the module gave. lost: the other side of the descriptor sends no
	 * more, or is gone; returns 0 when the peer ended plainly, else the errno that it means. ended: we
	 * ended our direction before. */
	int (*lost)(void *ctx, void *own, int fd, bool ended);
	/* The core closes or aborts it; nothing of `own` is asked for afterwards. */
	void (*gone)(void *ctx, void *own, bool aborted);
};

/* The ends of a connection, as its own network knows them. */
struct sock_ends {
	struct ipaddr peer, local;
};

struct sock_stack {
	const struct sgt_host *host;
	const struct sock_ways *ways;
	void *ways_ctx;
	struct socket_maker maker; /* the ways' */
	struct poller poller;
	struct lend_pool pool;
	struct sgt_counters counters;
	LIST_HEAD(, sgt_conn) conns;
	LIST_HEAD(, sgt_listener) listeners;
	LIST_HEAD(, sgt_dgram) dgrams;
	STAILQ_HEAD(sock_ready, sgt_conn) ready;
	TAILQ_HEAD(, sock_linger) lingering; /* oldest first */
	unsigned linger_count;
	struct sock_grave *graves; /* handles that died during a batch */
	void *datagram;            /* SOCK_DATAGRAM_MAX bytes, from the first dgram_open on */
	uint64_t accept_again_ms;  /* when accepting goes on; 0: it does not pause */
	bool limit_told;           /* "out of descriptors" is in the log */
	bool starving;             /* a connection waits for receive memory */
};

void sock_init(struct sock_stack *s, const struct sgt_host *host, const struct sock_ways *ways,
	       void *ways_ctx);
enum sgt_result sock_start(struct sock_stack *s, struct sgt_error *error);
enum sgt_result sock_run(struct sock_stack *s, int timeout_ms, struct sgt_error *error);
/* How long a wait outside of sock_run may last, at most timeout_ms; poller.epoll_fd cuts it short. */
int sock_patience(struct sock_stack *s, int timeout_ms);
void sock_stop(struct sock_stack *s);
void sock_wakeup(struct sock_stack *s);

/* Takes a listening descriptor until ways->ended gives it back (not on failure). */
enum sgt_result sock_listen(struct sock_stack *s, int fd, void *user,
			    struct sgt_listener **listener, struct sgt_error *error);

/* source NULL: the kernel's choice. The rest is as in the ABI, to stand in the module's table. */
enum sgt_result sock_connect(struct sock_stack *s, const struct ipaddr *to,
			     const struct ipaddr *source, void *user, struct sgt_conn **conn,
			     struct sgt_error *error);
enum sgt_result sock_dgram_open(struct sock_stack *s, const struct ipaddr *local, void *user,
				struct sgt_dgram **dgram, struct sgt_error *error);

/* Takes fd (not on failure) for a connection to peer that is being made. Then, from within run, one of
 * sock_connected and sock_failed (errno), unless gone comes first. */
enum sgt_result sock_stand_in(struct sock_stack *s, int fd, const struct ipaddr *peer, void *own,
			      void *user, struct sgt_conn **conn, struct sgt_error *error);
void sock_connected(struct sgt_conn *conn, const struct ipaddr *local);
void sock_failed(struct sgt_conn *conn, int errnum);
/* Its descriptor, -1 once it is closed: to look at. */
int sock_descriptor(const struct sgt_conn *conn);
/* Takes a listening descriptor that nobody watches: the module calls sock_accept, from within run,
 * when a stand-in waits there. */
enum sgt_result sock_listen_at(struct sock_stack *s, int fd, const char *address, void *user,
			       struct sgt_listener **listener, struct sgt_error *error);
/* Accepts one and delivers ACCEPTED (*conn is set before): 0, or the errno of accept4 and others. The
 * listener may be dead afterwards. */
int sock_accept(struct sgt_listener *listener, const struct sock_ends *ends, void *own,
		struct sgt_conn **conn);

const char *sock_listener_address(struct sgt_listener *listener);
void sock_unlisten(struct sgt_listener *listener);
void sock_set_user(struct sgt_conn *conn, void *user);
enum sgt_result sock_send(struct sgt_conn *conn, const struct sgt_bytes *pieces, size_t count);
void sock_consume(struct sgt_conn *conn, size_t n);
enum sgt_result sock_shutdown(struct sgt_conn *conn);
void sock_close(struct sgt_conn *conn);
void sock_abort(struct sgt_conn *conn);
enum sgt_result sock_dgram_send(struct sgt_dgram *dgram, const char *to, const void *data,
				size_t len);
void sock_dgram_close(struct sgt_dgram *dgram);

/* The same by texts, for a module's table. standard: where connections of its family come from when
 * source is NULL, or NULL. */
enum sgt_result sock_address(const char *text, unsigned default_port, char out[SGT_ADDRESS_MAX],
			     struct sgt_error *error);
enum sgt_result sock_connect_to(struct sock_stack *s, const char *to, const char *source,
				const struct ipaddr *standard, void *user, struct sgt_conn **conn,
				struct sgt_error *error);
enum sgt_result sock_dgram_at(struct sock_stack *s, const char *local, void *user,
			      struct sgt_dgram **dgram, struct sgt_error *error);

/* The host's, with realloc's contract; size 0 frees. */
void *sock_alloc(struct sock_stack *s, void *old, size_t size);
void sock_log(struct sock_stack *s, enum sgt_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
