/*
 * The router: joins transports, SMTP sessions, spool, routing and delivery. Nothing else joins them.
 *
 *	gateway_new -> gateway_prepare -> (the daemon drops rights) -> gateway_start -> ... -> gateway_stop -> gateway_destroy
 *
 * All functions run on the main thread, whose loop the gateway uses; sessions run on the stacks' threads.
 */
#ifndef SMTPGATE_GATEWAY_GATEWAY_H
#define SMTPGATE_GATEWAY_GATEWAY_H

#include "base/loop.h"
#include "base/region.h"
#include "base/result.h"
#include "conf/settings.h"
#include "route/route.h"
#include "spool/spool.h"

#include <smtpgate/transport.h>

#include <stdbool.h>
#include <stdint.h>

struct gateway;

struct gateway_options {
	struct loop *loop;
	const char *version;
	const struct sgt_handed
		*handed; /* from the service manager; must live as long as the gateway */
	size_t handed_count;
	const char *
		state_dir; /* RUNSTATEDIR/smtpgate or the like: for stacks' private sockets; may be NULL */
	bool (*pause)(int64_t ms); /* waits within start_wait; true: a signal asks for the end */
};

/* settings: one reference is taken. */
enum result gateway_new(struct gateway **g, const struct gateway_options *o,
			struct settings *settings, struct err *err);

/* How a start failed: what `run` prints and exits with. */
enum gateway_failure {
	GATEWAY_FAILED_CONFIG, /* 78 */
	GATEWAY_FAILED_SOCKET, /* 123: `block` is the whole text to print */
	GATEWAY_FAILED_BIND,   /* 1: `bind (110)`, err names the holder */
	GATEWAY_FAILED_SPOOL, /* 75 when held by another (E_BUSY), 78 when newer (E_VERSION), else 1 */
	GATEWAY_FAILED_OTHER, /* 1 */
	GATEWAY_STOPPED,      /* 0: a signal came while it waited for a transport */
};
struct gateway_problem {
	enum gateway_failure kind;
	struct err err;
	char block[2048];
};

/* Reads the certificates, loads the plugins, creates, detects and prepares every stack that the settings name; binds. Touches no spool. A
 * required transport that cannot be started fails; any other is logged, is down, and is tried again later. */
enum result gateway_prepare(struct gateway *g, struct gateway_problem *problem);
/* Opens the spool, starts the threads and listens. */
enum result gateway_start(struct gateway *g, struct gateway_problem *problem);
/* Takes a new snapshot: what a reload may change, without dropping a session; or nothing (err: needs restart: KEY). */
enum result gateway_reload(struct gateway *g, struct settings *settings, struct err *err);
/* Stops taking connections, lets sessions finish their message for at most stop_wait, then calls done (main loop). */
void gateway_stop(struct gateway *g, void (*done)(void *ctx), void *ctx);
/* A second stop: ends everything at once; done of gateway_stop follows soon. */
void gateway_stop_now(struct gateway *g);
/* After done (or before start). */
void gateway_destroy(struct gateway **g);

struct settings *gateway_settings(struct gateway *g); /* borrowed: valid until the next reload */
struct spool *gateway_spool(struct gateway *g);
/* Something in the spool changed by the operator's hand (release, retry, flush): look again now. flush also forgets the
 * waits of failed destinations. */
void gateway_kick(struct gateway *g, bool flush);
/* Something was written into the maildrop: look there now. */
void gateway_look(struct gateway *g);
/* The routing world of the current settings (mailboxes looked up on disk), for `smtpgate route`. */
void gateway_world(struct gateway *g, struct route_world *world);

/* ---- status: strings in region or static; a snapshot of this moment ---- */
struct gateway_stack_status {
	const char *name, *code, *vendor, *provider;
	const char *state; /* "up", "down", "starting" */
	const char *error; /* "" when up */
	bool required;
	int64_t since; /* wall ms */
	struct sgt_counters counters;
	unsigned threads;
};
struct gateway_listener_status {
	const char *name, *vendor, *address;                  /* one for each address */
	const char *state;                                    /* "listening", "down" */
	uint64_t sessions, sessions_total, accepted, refused; /* of the listener as a whole */
};
struct gateway_destination_status {
	const char *id;     /* "route default smtp.example.net:587" */
	unsigned active;    /* connections */
	size_t waiting;     /* messages in memory for it */
	int64_t wait_until; /* wall ms of its back-off, 0: none */
	const char *last;   /* words of the last failure, "" */
};
struct gateway_pickup_file {
	const char *name, *reason;
	int64_t since; /* wall ms: when it was written last, by the folder's clock */
};
struct gateway_pickup_status {
	const char *name, *path;
	const char *error; /* of the folder as a whole, "" */
	uint64_t taken;    /* files since the start */
	size_t waiting;    /* files that are not taken, for a reason; the first of them follow */
	size_t bad;        /* set aside, lying in the folder */
	const struct gateway_pickup_file *files;
	size_t file_count;
};
struct gateway_mailbag_status {
	const char *name, *path; /* of the postoffice */
	const char *error;       /* why its mail does not leave, "" */
	uint64_t taken;          /* messages since the start */
};
struct refused_client;
struct gateway_status {
	int64_t started; /* wall ms */
	struct gateway_stack_status *stacks;
	size_t stack_count;
	struct gateway_listener_status *listeners;
	size_t listener_count;
	struct gateway_destination_status *destinations;
	size_t destination_count;
	struct gateway_pickup_status *pickups;
	size_t pickup_count;
	struct gateway_mailbag_status *mailbags; /* of postoffices with `get` */
	size_t mailbag_count;
	struct refused_client *refused; /* clients, latest first: gateway/refused.h */
	size_t refused_count;
	size_t active_messages; /* in memory, being worked on */
	bool stopping;
	const char *unreached; /* why not all can be told of trouble, and what to do; "" */
	uint64_t disk_free;    /* bytes where the spool is */
	struct spool_totals
		known;        /* what the spool said last, once a second; zeros before it has */
	int64_t spool_silent; /* ms that it has not answered for */
	/* bytes that are kept because others send; how often there was no room */
	uint64_t memory_used, memory_peak, memory_most, memory_refused;
};
/* Fills in region; E_NOMEM. */
enum result gateway_status(struct gateway *g, struct region *region, struct gateway_status *out);

#endif
