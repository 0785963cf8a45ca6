/*
 * What the files of the win module share: its stack.
 *
 *	core <-> support/sockets <-AF_UNIX-> libslirp <-frames-> win_ether.c <-> win_cable.h <-> the network
 *
 * libslirp thinks that it is a host's gateway; here the network is its "guest". It listens on `address`
 * (slirp_add_unix: each connection becomes an AF_UNIX one to a socket of ours) and connects from `source`
 * (slirp_add_hostxfwd: an AF_UNIX socket of its, which connects to one peer). Which connection is which
 * is known from the frames alone: win_flow.h.
 *
 * Everything but the cable, which stacks of equal settings share, runs in the thread that called start. libslirp is called from win_run, listen, connect,
 * abort and stop, never from inside one of its own calls.
 */
#ifndef SMTPGATE_WIN_H
#define SMTPGATE_WIN_H

#include "support/arp.h"
#include "support/error.h"
#include "support/sockets.h"
#include "win/win_cable.h"
#include "win/win_flow.h"
#include "win/win_frame.h"
#include "win/win_hop.h"

#include <poll.h>
#include <signal.h>
#include <slirp/libslirp.h>
#include <sys/un.h>

#define WIN_RESERVE \
	6 /* descriptors kept for libslirp, which aborts the process when it gets none */
#define WIN_ASKING_MAX 16 /* peers behind the gateway that libslirp asks for at once */
#define WIN_SERVERS_MAX 8

/* The gateway of the network, resolved by our own ARP. */
struct win_gateway {
	uint32_t ip; /* 0: none is set */
	bool known;
	uint8_t mac[WIN_MAC_LEN];
	uint64_t asked_ms; /* when it was asked for last, 0: never */
	uint32_t asking[WIN_ASKING_MAX];
	unsigned asking_count;
};

/* The IPv6 that connections may come from. */
struct win_six {
	bool set;
	uint8_t source[WIN_IP6_LEN];
	unsigned bits;                /* of its network */
	uint8_t gateway[WIN_IP6_LEN]; /* all zero: none */
};

/* A listener: libslirp connects to fd's name for each connection to address:port. */
struct win_port {
	LIST_ENTRY(win_port) all;
	LIST_ENTRY(win_port) in_cable;
	struct sgt_stack *stack;
	bool shared;
	struct sgt_listener *listener;
	int fd;
	unsigned port;
	struct sockaddr_un name;
};

struct win_polls {
	struct pollfd *fds;
	unsigned count, room;
	bool stale; /* libslirp was asked anew since */
};

struct sgt_stack {
	struct sock_stack sock;
	struct win_cable *cable;
	char *name;      /* of its section */
	char *state_dir; /* NULL: none */
	uint32_t address, source, mask;
	uint8_t address_mac[WIN_MAC_LEN], source_mac[WIN_MAC_LEN];
	struct win_gateway gateway;
	struct win_six six;
	/* from start to stop */
	struct win_member member; /* at the cable */
	bool joined;
	Slirp *slirp;
	struct win_flows flows;
	struct win_hops hops;
	struct win_polls polls;
	LIST_HEAD(, win_port) ports;
	uint8_t known[65536 / 8]; /* ports that libslirp has been given, a bit each */
	struct win_flow
		*owed; /* its stand-in could not be accepted: nobody else is let in meanwhile */
	bool lost;     /* the network */
	bool again;    /* libslirp has something to send */
	bool orphans;  /* flows in SYN_SENT that the core has left */
	bool scarce;   /* the reserve is not full: nobody is let in or out */
	bool conflict_told;
	uint64_t swept_ms;
	int reserve[WIN_RESERVE];
	int folder_fd;     /* of the 0700 folder, -1 */
	char *folder;      /* its path */
	sigset_t old_mask; /* of the thread */
};

/* ---- win.c ---- */
extern const struct sgt_key win_keys[];
enum {
	WIN_KEY_NETWORK,
	WIN_KEY_ADDRESS,
	WIN_KEY_SOURCE,
	WIN_KEY_GATEWAY,
	WIN_KEY_SOURCE6,
	WIN_KEY_GATEWAY6,
	WIN_KEY_NAME_SERVER
};

/* ---- win_create.c ---- */
enum sgt_result win_create(const struct sgt_host *host, const struct sgt_create *with,
			   struct sgt_stack **stack, struct sgt_error *error);
void win_destroy(struct sgt_stack *stack);
/* "10.1.0.25:25" as an ipaddr. */
void win_ipaddr(struct ipaddr *out, uint32_t ip, unsigned port);
const char *win_print(uint32_t ip, char out[SGT_ADDRESS_MAX]);

/* ---- win_create6.c ---- */
/* Reads source6 and gateway6. */
enum sgt_result win_create6(struct sgt_stack *stack, const struct sgt_value *source,
			    const struct sgt_value *gateway, struct sgt_error *error);

/* ---- win_detect.c ---- */
void win_detect(struct sgt_stack *stack, struct sgt_report *report);

/* ---- win_probe.c ---- */
void win_probe(struct sgt_stack *stack, int limit_ms,
	       void (*fn)(void *ctx, const struct sgt_finding *finding), void *ctx);

/* ---- win_life.c ---- */
enum sgt_result win_start(struct sgt_stack *stack, struct sgt_error *error);
enum sgt_result win_run(struct sgt_stack *stack, int timeout_ms, struct sgt_error *error);
void win_stop(struct sgt_stack *stack);

/* ---- win_slirp.c ---- */
enum sgt_result win_slirp_open(struct sgt_stack *stack, struct sgt_error *error);
void win_slirp_close(struct sgt_stack *stack);
/* Adds libslirp's descriptors to the polls and shortens the wait to what its timers need. */
void win_slirp_fill(struct sgt_stack *stack, int *timeout_ms);
/* Has libslirp do what the polls found; failed: they could not be polled. */
void win_slirp_serve(struct sgt_stack *stack, bool failed);
/* Has it accept what waits at its one door, and do nothing else. */
void win_slirp_accept(struct sgt_stack *stack);
/* Room for one more; its index, or -1 when memory is short. */
int win_polls_add(struct sgt_stack *stack, int fd, short events);

/* ---- win_ether.c ---- */
/* A frame came from the network. */
void win_ether_in(struct sgt_stack *stack, uint8_t *frame, size_t n);
/* libslirp sends one; it may be changed. */
void win_ether_out(struct sgt_stack *stack, uint8_t *frame, size_t n);
/* Answers what libslirp asked about peers behind the gateway; asks for the gateway. */
void win_ether_settle(struct sgt_stack *stack);
/* Tells the network who we are. */
void win_ether_announce(struct sgt_stack *stack);
/* A reset with seq, ack and flags of s, to where the flow's last segment came from. */
void win_ether_send_reset(struct sgt_stack *stack, const struct win_flow *f,
			  const struct win_segment *s);
/* A whole frame; a full queue loses it, as a network may. */
void win_ether_send(struct sgt_stack *stack, const uint8_t *frame, size_t n);
/* To the MAC that `came` came from, from the one that it came to; frame may be came. */
void win_ether_send_back(struct sgt_stack *stack, const uint8_t *came, uint8_t *frame, size_t n);
/* libslirp learns where `ip` is. */
void win_ether_tell(struct sgt_stack *stack, uint32_t ip, const uint8_t *mac);
/* Another host has our address: said once. */
void win_ether_conflict(struct sgt_stack *stack, const char *ip, const uint8_t *mac);
void win_ether_mac_of(uint8_t mac[WIN_MAC_LEN], uint32_t ip);

/* ---- win_six.c ---- */
void win_six_in(struct sgt_stack *stack, uint8_t *frame, size_t n);
/* A segment of libslirp's that belongs to a flow with a hop. */
void win_six_out(struct sgt_stack *stack, const struct win_flow *f, uint8_t *frame, size_t n);
/* libslirp asks where an alias is; false: that is none. */
bool win_six_asked(struct sgt_stack *stack, uint32_t alias);
void win_six_announce(struct sgt_stack *stack);
/* On the network itself, not behind the gateway? */
bool win_six_is_near(const struct sgt_stack *stack, const uint8_t ip[WIN_IP6_LEN]);
/* The hop to a peer; NULL: there are as many as there may be. */
struct win_hop *win_six_hop(struct sgt_stack *stack, const uint8_t ip[WIN_IP6_LEN]);
void win_six_ipaddr(struct ipaddr *out, const uint8_t ip[WIN_IP6_LEN], unsigned port);
const char *win_six_print(const uint8_t ip[WIN_IP6_LEN], char out[SGT_ADDRESS_MAX]);

/* ---- win_track.c ---- */
/* A segment for us came. It goes to libslirp when a flow or an open port is there for it (or is lost, when
 * a bound is reached); false: there is none. */
bool win_track_in(struct sgt_stack *stack, uint8_t *frame, size_t n, struct win_segment *s);
/* A segment of libslirp's: its flow, or NULL when it must not go out. Gives it its ports on the network. */
const struct win_flow *win_track_out(struct sgt_stack *stack, struct win_segment *s);
/* A listener ends: connections to it that are not made yet end as well. */
void win_track_unlisten(struct sgt_stack *stack, unsigned port);
/* A segment of ours came back: there is no way. */
void win_track_returned(struct sgt_stack *stack, const struct win_returned *r);
/* Takes the stand-in that could not be accepted before, forgets what is over. */
void win_track_sweep(struct sgt_stack *stack);
/* Ends a flow in libslirp at once, frees it; tells the peer by a reset if it should know. */
void win_track_kill(struct sgt_stack *stack, struct win_flow *f);
/* Tells all peers that the stack ends. */
void win_track_stop(struct sgt_stack *stack);
/* For struct sock_ways. */
int win_track_lost(void *ctx, void *own, int fd, bool ended);
void win_track_gone(void *ctx, void *own, bool aborted);

/* ---- win_listen.c ---- */
/* Are these addresses ones that win_listen would take? */
enum sgt_result win_listen_check(const struct sgt_stack *stack, const struct sgt_plan *plans,
				 size_t count, struct sgt_error *error);
enum sgt_result win_listen(struct sgt_stack *stack, const struct sgt_plan *plan, void *user,
			   struct sgt_listener **listener, struct sgt_error *error);
void win_listen_ended(void *ctx, int fd);
struct win_port *win_port_find(const struct sgt_stack *stack, unsigned port);

/* ---- win_connect.c ---- */
enum sgt_result win_connect(struct sgt_stack *stack, const char *address, const char *source,
			    void *user, struct sgt_conn **conn, struct sgt_error *error);

/* ---- win_folder.c ---- */
/* Makes the 0700 folder for our sockets. */
enum sgt_result win_folder_open(struct sgt_stack *stack, struct sgt_error *error);
void win_folder_close(struct sgt_stack *stack);
/* A name in it: short, wherever the folder is. */
void win_folder_name(const struct sgt_stack *stack, const char *kind, unsigned number,
		     struct sockaddr_un *name);
/* Removes a socket by its name. */
void win_folder_remove(const struct sgt_stack *stack, const struct sockaddr_un *name);
/* Descriptors for libslirp: sets them free just before it needs some; takes them back, or the stack is
 * scarce of them until it can. */
void win_reserve_lend(struct sgt_stack *stack);
void win_reserve_take(struct sgt_stack *stack);

#endif
