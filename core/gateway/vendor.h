/*
 * A [vendor NAME] in use: its module, its settings and its lanes. A lane is one started stack with its thread and what
 * serves in that thread: listeners with their sessions, names, and outgoing connections.
 *
 *	vendor_prepare (main, once or again) -> vendor_start -> lanes: on_up -> [serving] listeners open -> on_down ...
 *
 * What a lane's thread needs of the settings it gets by a posted task, so a snapshot is never shared unlocked.
 */
#ifndef SMTPGATE_GATEWAY_VENDOR_H
#define SMTPGATE_GATEWAY_VENDOR_H

#include "base/backoff.h"
#include "gateway/internal.h"
#include "transport/report.h"
#include "transport/stack.h"

struct dns;
struct outbound;
struct lane_listener;
struct session;

#define LANES_MAX 64

struct lane {
	struct vendor *vendor;
	unsigned index;
	struct stack *stack;
	_Atomic uintptr_t taken; /* the settings that it was given last, as a number; any thread */
	/* the stack's thread only, from here on */
	struct settings *settings; /* a reference */
	struct dns *dns;           /* while up, and names can be had */
	struct outbound *outbound;
	struct lane_listener *listeners;
	struct session *sessions; /* open ones, a list */
	bool serving, stopping;
	struct timer again; /* opens listeners that could not be opened */
};

struct vendor {
	struct vendor *next;
	struct gateway *g;
	const char *name;               /* of the section; in the first settings' region */
	const struct conf_vendor *conf; /* of the first settings: a vendor's keys need a restart */
	struct settings *settings;      /* keeps conf alive */
	const struct sgt_module *module;
	struct instance *instance;
	struct lane lanes[LANES_MAX];
	unsigned lane_count;
	bool prepared, started;
	struct timer again;        /* [main] tries to prepare what could not be prepared */
	struct backoff retry;      /* its waits */
	char detail[SGT_TEXT_MAX]; /* of the network, as detect found it running; then fixed */
	struct transport_report trouble; /* why it is not prepared; kind of the last failure */
};

/* Makes the entries for all vendors that the settings use. */
enum result vendors_new(struct gateway *g, struct err *err);
void vendors_destroy(struct gateway *g);
/* Loads, creates, detects and prepares; a required one again and again for its start_wait. */
enum result vendors_prepare(struct gateway *g, struct gateway_problem *problem);
/* Starts every lane (no listener is open yet). A required vendor that does not come up: the problem. */
enum result vendors_start(struct gateway *g, struct gateway_problem *problem);
/* Opens the listeners, on each lane as soon as it is up. */
void vendors_serve(struct gateway *g);
/* New settings for each lane. Returns when all have taken them, so that who is told of a reload finds it in force; not later than after 2 s. */
void vendors_reload(struct gateway *g);
/* No new connections; open sessions end after their message. */
void vendors_quiet(struct gateway *g);
/* Drops every connection now; what is at the spool is still stored. */
void vendors_cut(struct gateway *g);
/* Ends the threads; every connection is lost. */
void vendors_stop(struct gateway *g);
struct vendor *vendor_find(struct gateway *g, const char *name);
enum result vendors_status(struct gateway *g, struct region *region, struct gateway_status *out);

/* The lane for outgoing work with this key, or NULL (err says why) when the TCP/IP is down. */
struct lane *vendor_lane(struct vendor *v, const char *key, struct err *err);
/* Wall ms when that lane, being down, may be up again: just after its next try. */
int64_t vendor_back(struct vendor *v, const char *key);

#endif
