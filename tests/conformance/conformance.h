/*
 * The conformance suite: what every transport must do, by its contract in smtpgate/transport.h.
 *
 * A bed says which module is tried, with which settings, on which addresses, and who its peer is: a peer of kernel
 * sockets (for a module whose network the kernel shares), or another stack of the same module. Each test makes
 * stacks of its own, drives them on the calling thread, and checks every event against the contract on the way.
 *
 * Needs libc and the public header alone: it is a library, so that a program and a Check suite can wrap it.
 */
#ifndef SMTPGATE_CONFORMANCE_H
#define SMTPGATE_CONFORMANCE_H

#include "smtpgate/transport.h"

#include <stdbool.h>
#include <stdio.h>

struct conformance_setting {
	const char *name; /* NULL ends the list */
	const char *text; /* as it would stand in the ini */
};

struct conformance_peer_ops;

struct conformance_bed {
	const char *name;
	const struct sgt_module *module;
	const struct conformance_setting *settings; /* or NULL: defaults */
	const char *host;       /* own address of the stack, without port: "127.0.0.1" */
	const char *host6;      /* likewise IPv6, "[::1]"; NULL: there is none in this bed */
	const char *peer_host;  /* the peer's */
	const char *peer_host6; /* NULL: it has none */
	const char *dead;       /* HOST:PORT that never answers; NULL: the peer makes one */
	const struct conformance_peer_ops *peer;
	const struct conformance_setting
		*peer_settings; /* of a peer that is a stack of the same module */
	int netns; /* descriptor of the network namespace of kernel peers' sockets; 0: ours */
	/* Bytes that the network itself has counted so far, both ways; NULL: nobody counts there. */
	uint64_t (*crossed)(const struct conformance_bed *bed);
	size_t bulk;        /* bytes of the echo tests */
	size_t network_max; /* bytes that the network may hold for a reader that does not read */
	size_t memory_max; /* bytes a stack may allocate for one connection whose peer does not read */
	size_t idle_max;   /* bytes a stack may allocate for an idle session */
	unsigned sessions; /* at once, in the largest test */
};

enum conformance_verdict { CONFORMANCE_OK, CONFORMANCE_FAIL, CONFORMANCE_EXEMPT };

#define CONFORMANCE_TEXT_MAX 512

size_t conformance_count(void);
const char *conformance_name(size_t index);
/* Runs one test; why: the reason of FAIL or EXEMPT, else empty. */
enum conformance_verdict conformance_run(const struct conformance_bed *bed, size_t index,
					 char why[CONFORMANCE_TEXT_MAX]);

/* ---- peers ---- */

struct arena;     /* what must run while a peer waits: see rig.h */
struct peer;      /* each kind of peer defines its own */
struct peer_door; /* a listener of it */
struct peer_conn;
struct peer_post; /* a datagram handle of it */

/* What recv returns beside the count of bytes. */
#define PEER_EOF 0
#define PEER_WAITED (-1) /* the time is over */
#define PEER_RESET (-2)

/* Blocking calls with time limits. While they wait, the stacks of the arena run. NULL or false: it failed. */
struct conformance_peer_ops {
	struct peer *(*open)(const struct conformance_bed *bed, struct arena *arena);
	void (*close)(struct peer *peer); /* with all that it still has open */
	/* Listens at host with a free port; writes the address. */
	struct peer_door *(*listen)(struct peer *peer, const char *host, char out[SGT_ADDRESS_MAX]);
	void (*unlisten)(struct peer_door *door);
	struct peer_conn *(*accept)(struct peer_door *door, int ms);
	struct peer_conn *(*connect)(struct peer *peer, const char *address, int ms);
	/* In pieces of `chunk` bytes (0: as large as it goes). Gives up after `ms` without progress; returns the bytes
	 * taken. */
	size_t (*send)(struct peer_conn *conn, const void *data, size_t len, size_t chunk, int ms);
	long (*recv)(struct peer_conn *conn, void *buf, size_t len, int ms);
	void (*shutdown)(struct peer_conn *conn);
	void (*reset)(struct peer_conn *conn);
	void (*shut)(struct peer_conn *conn); /* closes it */
	/* Writes an address where connects are never answered. NULL: the bed names one. */
	bool (*hole)(struct peer *peer, const char *host, char out[SGT_ADDRESS_MAX]);
	struct peer_post *(*post)(struct peer *peer, const char *host, char out[SGT_ADDRESS_MAX]);
	bool (*post_send)(struct peer_post *post, const char *to, const void *data, size_t len);
	long (*post_recv)(struct peer_post *post, void *buf, size_t len, char from[SGT_ADDRESS_MAX],
			  int ms);
};

/* The kernel's sockets. */
extern const struct conformance_peer_ops conformance_peer_kernel;
/* Another stack of the same module, with bed.peer_settings. */
extern const struct conformance_peer_ops conformance_peer_twin;

#endif
