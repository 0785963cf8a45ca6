/*
 * What the files of the ftp module share.
 *
 * lwIP is there once in a process, all of it static, and knows no threads; but it has any number of network interfaces. So
 * each host that we are on some network is a face: a wire and an interface of lwIP's. A stack has one; stacks of the same
 * settings, as the threads of a listener are, have the same one, and share its listeners. Connections, listeners and
 * datagram handles of lwIP's are bound to the interface of their face: two faces see nothing of each other but by the wire.
 *
 * All of lwIP, the faces and what hangs on them is touched under one lock (ftp_lock), which whoever waits or delivers an event
 * lets go of. Whichever stack runs has lwIP's timers run for all; what becomes due for another one wakes that one.
 *
 * lwIP calls back in the middle of its own work, where little is allowed. So a callback only notes what happened and puts
 * its connection into the ready queue; ftp_run serves that queue after lwIP has returned, and there alone events are
 * delivered. Every function of the contract therefore runs outside of lwIP.
 */
#ifndef SMTPGATE_FTP_H
#define SMTPGATE_FTP_H

#include "ftp/lwip.h"
#include "support/error.h"
#include "support/ipaddr.h"
#include "support/lend.h"
#include "support/wire.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/queue.h>

#define FTP_LEND_MAX 65536u              /* bytes lent on a connection; lwIP's window is one less */
#define FTP_POOL_MAX (32u * 1024 * 1024) /* bytes of receive memory lent by the stack */
#define FTP_HALF_OPEN 256u               /* connections whose handshake is not over */
#define FTP_ORPHANS 1024u                /* closed by us, not yet taken by their peers */
#define FTP_TIME_WAIT 1024u              /* remembered after their end */
#define FTP_FRAMES 256                   /* taken in one run before connections are served */
#define FTP_QUEUE 256u                   /* frames that wait for room on the wire */
#define FTP_PACKETS 64u                  /* datagrams that wait at a handle */
#define FTP_IP6_MAX 4                    /* own IPv6 addresses beside the link's */
#define FTP_PROBE_MS 100                 /* how long start waits for another owner of our address */

enum ftp_key {
	FTP_KEY_NETWORK,
	FTP_KEY_ADDRESS,
	FTP_KEY_GATEWAY,
	FTP_KEY_NAME_SERVER,
	FTP_KEY_MAC,
	FTP_KEY_MTU,
	FTP_KEY_HOSTNAME,
};
extern const struct sgt_key ftp_keys[];

/* A frame that waits for room on the wire. */
struct ftp_frame {
	STAILQ_ENTRY(ftp_frame) next;
	size_t len;
	unsigned char bytes[];
};

STAILQ_HEAD(ftp_queue, sgt_conn);

/* What a face is made from; compared byte by byte. */
struct ftp_settings {
	char url[WIRE_PLACE_MAX + 16], name[WIRE_NAME_MAX + 1];
	bool has_ip4, has_gateway;
	ip4_addr_t ip4, mask, gateway;
	ip6_addr_t ip6[FTP_IP6_MAX];
	size_t ip6_count;
	uint8_t mac[6];
	unsigned mtu;
};

/* A host that we are. Lives from the first create with its settings to the last destroy. */
struct ftp_face {
	LIST_ENTRY(ftp_face) all;
	unsigned stacks; /* that have it */
	struct ftp_settings set;
	pthread_mutex_t door; /* who prepares, starts or stops; taken before the lock */
	bool prepared;
	bool asked; /* just before this start: nobody else has our address */
	struct wire wire;
	/* from the first start to the last stop */
	LIST_HEAD(, sgt_stack) started;
	bool lost;
	bool looped; /* lwIP has packets from us to us */
	struct netif netif;
	uint64_t conflict_ms; /* when somebody else claimed our address, last told; 0: never */
	uint64_t defended_ms; /* and when we last claimed it again */
	LIST_HEAD(, ftp_port) ports;
	STAILQ_HEAD(, ftp_frame) frames;
	size_t frame_count;
};

struct sgt_stack {
	const struct sgt_host *host;
	struct ftp_face *face;
	LIST_ENTRY(sgt_stack) of_face; /* while started */
	bool starving;                 /* a connection waits for receive memory */
	int event_fd;
	struct lend_pool pool;
	struct sgt_counters counters;
	LIST_HEAD(, sgt_conn) conns;
	LIST_HEAD(, sgt_listener) listeners;
	LIST_HEAD(, sgt_dgram) dgrams;
	struct ftp_queue ready;
	STAILQ_HEAD(, sgt_dgram) ready_dgrams;
};

/* CONNECTING and OPEN as the contract has them; FAILED: ERROR is due or told; CLOSING: CLOSED is due. */
enum ftp_state { FTP_CONNECTING, FTP_OPEN, FTP_FAILED, FTP_CLOSING };

struct sgt_conn {
	LIST_ENTRY(sgt_conn) all;
	STAILQ_ENTRY(sgt_conn) next_ready;
	struct sgt_stack *stack;
	struct sgt_listener *listener; /* whose ACCEPTED is due */
	struct tcp_pcb *pcb;           /* NULL: lwIP is done with it */
	void *user;
	enum ftp_state state;
	bool queued;  /* in the ready queue */
	bool arrived; /* ACCEPTED or CONNECTED is due */
	bool counted; /* among the open ones */
	bool orphan;  /* its listener ended before ACCEPTED: freed unseen */
	bool sending, sent_due;
	bool shut, fin;     /* shutdown was asked for; and lwIP has it */
	bool eof, eof_told; /* the peer's end came; and was delivered */
	bool failed_told;
	enum sgt_result error;
	struct pbuf *rx; /* arrived, not yet lent */
	struct lend lend;
	struct sgt_bytes pieces[SGT_SEND_PIECES];
	size_t piece, piece_count, sent_len;
	struct ipaddr peer;
};

/* A listening port of a face, and who takes its connections, in turn. */
struct ftp_port {
	LIST_ENTRY(ftp_port) all;
	struct tcp_pcb *pcb;
	struct ipaddr at;
	bool shared;
	TAILQ_HEAD(, sgt_listener) takers; /* never empty; the first is next */
};

struct sgt_listener {
	LIST_ENTRY(sgt_listener) all;
	TAILQ_ENTRY(sgt_listener) of_port;
	struct sgt_stack *stack;
	struct ftp_port *port;
	void *user;
	char text[SGT_ADDRESS_MAX];
};

/* ---- ftp_create.c ---- */
enum sgt_result ftp_create(const struct sgt_host *host, const struct sgt_create *with,
			   struct sgt_stack **stack, struct sgt_error *error);
void ftp_destroy(struct sgt_stack *s);

/* ---- ftp_run.c ---- */
enum sgt_result ftp_start(struct sgt_stack *s, struct sgt_error *error);
enum sgt_result ftp_run(struct sgt_stack *s, int timeout_ms, struct sgt_error *error);
void ftp_wakeup(struct sgt_stack *s);
void ftp_stop(struct sgt_stack *s);

/* ---- ftp_face.c: hosts that we are; all but get, put and prepare under the lock ---- */
/* The face with these settings, that of another stack if there is one. */
enum sgt_result ftp_face_get(const struct ftp_settings *set, struct ftp_face **face,
			     struct sgt_error *error);
void ftp_face_put(struct ftp_face **face);
/* What needs the rights that are dropped later; and is our address free? Before anything else was touched. */
enum sgt_result ftp_face_prepare(struct ftp_face *f, struct sgt_error *error);
/* The stack is there from now on; the first brings the face up, and asks for the address as well, but for the first time
 * after prepare. Both take the lock themselves. */
enum sgt_result ftp_face_join(struct sgt_stack *s, struct sgt_error *error);
void ftp_face_leave(struct sgt_stack *s);
/* Packets from us to us, of every face. */
void ftp_face_loop(void);
bool ftp_owns(const struct ftp_face *f, const ip_addr_t *ip);

/* ---- ftp_netif.c: lwIP's network interface on the wire ---- */
enum sgt_result ftp_netif_up(struct ftp_face *f, struct sgt_error *error);
void ftp_netif_down(struct ftp_face *f);
/* Takes what has arrived, at most FTP_FRAMES. */
void ftp_netif_input(struct sgt_stack *s);
/* Sends what waited for room. */
void ftp_netif_flush(struct ftp_face *f);

/* ---- ftp_filter.c ---- */
/* Should lwIP never see this frame? Tells a conflict of addresses. */
bool ftp_unwanted(struct sgt_stack *s, const unsigned char *frame, size_t len);

/* ---- ftp_arp.c: asking who has an address, without a stack ---- */
/* Asks on an open wire, by a probe that claims nothing (RFC 5227); true with the owner's MAC when it answers in time. */
bool ftp_arp_ask(struct wire *w, const uint8_t mac[6], const ip4_addr_t *target, int wait_ms,
		 uint8_t owner[6]);
void ftp_mac_format(const uint8_t mac[6], char out[18]);

/* ---- ftp_probe.c ---- */
void ftp_probe(struct sgt_stack *s, int limit_ms,
	       void (*fn)(void *ctx, const struct sgt_finding *finding), void *ctx);

/* ---- ftp_global.c: what lwIP has once in a process ---- */
void ftp_lock(struct sgt_stack *s);
void ftp_unlock(void);
/* Tells a stack that something is due, unless it is the one that has the lock. */
void ftp_notify(struct sgt_stack *s);
/* The first stack of all starts. */
void ftp_begin(const struct sgt_host *host);

/* ---- ftp_orphan.c: connections of lwIP's that nobody has a handle of ---- */
/* Has lwIP bring it to its end, by a reset at once when it is not made yet. */
void ftp_orphan(struct tcp_pcb *pcb);
/* Handshakes under way at a face. */
unsigned ftp_half_open(const struct ftp_face *f);
/* Ends the oldest orphans of a face beyond their bounds. Not from inside lwIP. */
void ftp_trim(const struct ftp_face *f);
/* Ends all connections that lwIP has there. */
void ftp_trim_all(const struct ftp_face *f);
/* Has one of them bytes that its peer has not acknowledged? */
bool ftp_draining(const struct ftp_face *f);

/* ---- ftp_conn.c ---- */
struct sgt_conn *ftp_conn_new(struct sgt_stack *s, struct tcp_pcb *pcb, enum ftp_state state);
void ftp_conn_ready(struct sgt_conn *c);
/* Delivers what is due, with the lock; may free it. */
void ftp_conn_serve(struct sgt_conn *c);
void ftp_conn_free(struct sgt_conn *c);
enum sgt_result ftp_connect(struct sgt_stack *s, const char *to, const char *source, void *user,
			    struct sgt_conn **conn, struct sgt_error *error);
void ftp_set_user(struct sgt_conn *c, void *user);
void ftp_close(struct sgt_conn *c);
void ftp_abort(struct sgt_conn *c);

/* ---- ftp_bytes.c ---- */
/* lwIP's callbacks for bytes and ends. */
void ftp_bytes_watch(struct sgt_conn *c);
/* lwIP goes on with the connection by itself, or has ended it. */
void ftp_bytes_detach(struct sgt_conn *c);
void ftp_bytes_deliver(struct sgt_conn *c);
enum sgt_result ftp_send(struct sgt_conn *c, const struct sgt_bytes *pieces, size_t count);
void ftp_consume(struct sgt_conn *c, size_t n);
enum sgt_result ftp_shutdown(struct sgt_conn *c);

/* ---- ftp_listen.c ---- */
enum sgt_result ftp_listen(struct sgt_stack *s, const struct sgt_plan *plan, void *user,
			   struct sgt_listener **listener, struct sgt_error *error);
const char *ftp_listener_address(struct sgt_listener *l);
void ftp_unlisten(struct sgt_listener *l);

/* ---- ftp_dgram.c ---- */
enum sgt_result ftp_dgram_open(struct sgt_stack *s, const char *local, void *user,
			       struct sgt_dgram **dgram, struct sgt_error *error);
enum sgt_result ftp_dgram_send(struct sgt_dgram *d, const char *to, const void *data, size_t len);
void ftp_dgram_close(struct sgt_dgram *d);
struct sgt_stack *ftp_dgram_stack(const struct sgt_dgram *d);
/* Delivers a datagram of the first handle that has one; false: none has. */
bool ftp_dgram_serve(struct sgt_stack *s);

/* ---- ftp_address.c: addresses as lwIP has them, and as text ---- */
void ftp_ip_from(ip_addr_t *out, const struct ipaddr *a);
void ftp_ip_to(struct ipaddr *out, const ip_addr_t *ip, unsigned port);
/* Is it the own address of a listener or datagram handle, or one of the wild ones? */
enum sgt_result ftp_own_check(const struct ftp_face *f, const struct ipaddr *a,
			      struct sgt_error *error);

/* ---- common ---- */
void *ftp_alloc(const struct sgt_stack *s, void *old, size_t size);
void ftp_log(const struct sgt_stack *s, enum sgt_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Lets go of the lock meanwhile. */
void ftp_deliver(struct sgt_stack *s, const struct sgt_event *event);

#endif
