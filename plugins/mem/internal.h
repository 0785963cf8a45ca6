/*
 * The inside of the in-memory transport: networks, and what stacks on one of them share.
 *
 * One lock for each network guards everything on it; it is never held while events are delivered. A conn's other end
 * may be in another stack, run by another thread. Things that have an event due stand in their stack's queues.
 */
#ifndef SMTPGATE_PLUGINS_MEM_INTERNAL_H
#define SMTPGATE_PLUGINS_MEM_INTERNAL_H

#include "mem.h"

#include <pthread.h>
#include <stdbool.h>

#define MEM_HOST_MAX 104
#define MEM_NAME_MAX 64
#define MEM_LEND_MAX 65536
#define MEM_PACKETS 64 /* datagrams waiting at a handle; more are lost */
#define MEM_PACKET_MAX 65507

struct mem_address {
	char host[MEM_HOST_MAX]; /* lower case, without brackets; "*": every own address */
	unsigned port;
};

struct mem_rule {
	struct mem_rule *next;
	struct mem_address at; /* port 0: all */
	enum mem_fault fault;
};

struct mem_net {
	struct mem_net *next;
	char name[MEM_NAME_MAX];
	pthread_mutex_t lock;
	enum sgt_state state;
	struct sgt_stack *stacks; /* started ones */
	struct mem_rule *rules;
	unsigned port; /* last ephemeral port given */
	unsigned turn; /* which of several sharing listeners comes next */
	struct {
		unsigned long nth;
		enum sgt_result result;
		int hang_ms;
	} calls[MEM_CALLS];
};

struct sgt_stack {
	struct sgt_stack *next; /* on the network, while started */
	const struct sgt_host *host;
	struct mem_net *net;
	char name[MEM_NAME_MAX];
	char (*own)[MEM_HOST_MAX];
	size_t own_count;
	size_t window, conn_max;
	uint64_t connect_wait; /* ms */
	pthread_cond_t ready;
	bool started, woken, down;
	struct sgt_listener *listeners;
	struct sgt_conn *conns;
	struct sgt_dgram *dgrams;
	struct sgt_conn *first_conn, **last_conn; /* have an event due */
	struct sgt_dgram *first_dgram, **last_dgram;
	size_t silent; /* conns whose connect is not answered */
	struct sgt_counters counters;
};

struct sgt_listener {
	struct sgt_listener *next;
	struct sgt_stack *stack;
	struct mem_address at;
	bool share;
	void *user;
	char text[SGT_ADDRESS_MAX];
};

struct sgt_conn {
	struct sgt_conn *next, **link; /* of the stack */
	struct sgt_conn *next_ready;
	struct sgt_stack *stack;
	struct sgt_conn *peer;         /* the other end; NULL: none, or it closed */
	struct sgt_listener *listener; /* whose ACCEPTED is due */
	void *user;
	bool ready;   /* in the stack's queue */
	bool arrived; /* ACCEPTED or CONNECTED is due */
	bool silent;  /* the connect is not answered; until deadline */
	bool open;    /* ACCEPTED or CONNECTED was delivered */
	bool failed;  /* ERROR was delivered */
	bool closing; /* CLOSED is due */
	bool orphan;  /* its listener ended before ACCEPTED: freed unseen */
	bool shut;    /* we called shutdown */
	bool fin;     /* and the peer was told */
	bool eof;     /* the peer's end came; eof_told: and was delivered */
	bool eof_told;
	bool sent; /* SENT is due for sent_len bytes */
	size_t sent_len;
	enum sgt_result error; /* ERROR is due */
	uint64_t deadline;
	struct sgt_bytes
		pieces[SGT_SEND_PIECES]; /* of the send under way, the first cut as it is taken */
	size_t piece_at, piece_count;
	unsigned char *ring;     /* window bytes, made with the first byte */
	size_t head, lent, fill; /* lent, then undelivered: fill bytes from head on */
	char local_text[SGT_ADDRESS_MAX], peer_text[SGT_ADDRESS_MAX];
	struct mem_address local_at, peer_at;
};

struct mem_packet {
	struct mem_packet *next;
	char from[SGT_ADDRESS_MAX];
	size_t len;
	unsigned char bytes[];
};

struct sgt_dgram {
	struct sgt_dgram *next, *next_ready;
	struct sgt_stack *stack;
	struct mem_address at;
	void *user;
	bool ready;
	size_t waiting;
	struct mem_packet *first, **last;
};

/* net.c: networks and addresses. The lock is held where a net is passed, but for mem_net_get. */
struct mem_net *mem_net_get(const char *name); /* NULL: no memory */
enum mem_fault mem_net_fault(struct mem_net *net, const struct mem_address *at);
/* True once the call's turn to fail has come; fills error. */
bool mem_net_fails(struct mem_net *net, enum mem_call call, struct sgt_error *error);
bool mem_net_has_host(struct mem_net *net, const char *host);
bool mem_stack_owns(const struct sgt_stack *s, const char *host);
/* Could `at` (its host may be "*") of this stack receive what is sent to host:port? */
bool mem_stack_hears(const struct sgt_stack *s, const struct mem_address *at, const char *host,
		     unsigned port);
/* The own address to use towards a peer: of its family where there is one. */
const char *mem_stack_towards(const struct sgt_stack *s, const char *host);
/* Could both receive what is sent to one address? */
bool mem_overlap(const struct sgt_stack *a, const struct mem_address *a_at,
		 const struct sgt_stack *b, const struct mem_address *b_at);
unsigned mem_net_port(struct mem_net *net);
enum sgt_result mem_address_read(const char *text, unsigned default_port, struct mem_address *at,
				 struct sgt_error *error);
void mem_address_print(const struct mem_address *at, char out[SGT_ADDRESS_MAX]);
/* Fills error with the result's number and these words (NULL: its own sentence), returns the result. */
enum sgt_result mem_error(struct sgt_error *error, enum sgt_result result, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* conn.c: connections. mem_conn_event makes the next event that is due; false: none. */
bool mem_conn_event(struct sgt_conn *c, struct sgt_event *event, struct sgt_error *error);
bool mem_conn_due(const struct sgt_conn *c);
void mem_conn_wake(struct sgt_conn *c);
/* Takes the other end away: OK is its orderly end, anything else an error there. */
void mem_conn_cut(struct sgt_conn *c, enum sgt_result why);
void mem_conn_free(struct sgt_conn *c);
/* Silent connects whose time is up. */
void mem_conn_expire(struct sgt_stack *s);
enum sgt_result mem_connect(struct sgt_stack *s, const char *address, const char *source,
			    void *user, struct sgt_conn **conn, struct sgt_error *error);
void mem_set_user(struct sgt_conn *c, void *user);
enum sgt_result mem_send(struct sgt_conn *c, const struct sgt_bytes *pieces, size_t count);
void mem_consume(struct sgt_conn *c, size_t n);
enum sgt_result mem_shutdown(struct sgt_conn *c);
void mem_close(struct sgt_conn *c);
void mem_abort(struct sgt_conn *c);

/* listen.c */
enum sgt_result mem_listen(struct sgt_stack *s, const struct sgt_plan *plan, void *user,
			   struct sgt_listener **listener, struct sgt_error *error);
const char *mem_listener_address(struct sgt_listener *l);
void mem_unlisten(struct sgt_listener *l);
struct sgt_listener *mem_listener_find(struct mem_net *net, const struct mem_address *to);

/* dgram.c */
enum sgt_result mem_dgram_open(struct sgt_stack *s, const char *local, void *user,
			       struct sgt_dgram **dgram, struct sgt_error *error);
enum sgt_result mem_dgram_send(struct sgt_dgram *d, const char *to, const void *data, size_t len);
void mem_dgram_close(struct sgt_dgram *d);
/* Takes the first datagram of a ready handle, which the caller frees with host->alloc. */
struct mem_packet *mem_dgram_take(struct sgt_dgram *d);

#endif
