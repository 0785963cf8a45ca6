/*
 * Routing: a pure decision for one recipient at one moment. Local domains of postoffices first, always; then the routes in
 * file order. No I/O: whether a mailbox exists is asked through a callback.
 */
#ifndef SMTPGATE_ROUTE_ROUTE_H
#define SMTPGATE_ROUTE_ROUTE_H

#include "conf/settings.h"
#include "mail/address.h"

#include <stdbool.h>

enum route_kind {
	ROUTE_LOCAL,   /* postoffice + mailbox; with a route by LMTP */
	ROUTE_SMART,   /* route with smart hosts */
	ROUTE_MX,      /* route by MX of the domain */
	ROUTE_HOLD,    /* reason says why: do = hold, or no route */
	ROUTE_DISCARD, /* taken and thrown away, visibly: counts as removed */
	ROUTE_REFUSE,  /* code, status, reason */
};

struct route_decision {
	enum route_kind kind;
	const struct conf_postoffice *postoffice; /* LOCAL */
	char mailbox[256];                        /* LOCAL: as it is named on disk */
	const struct conf_route *
		route; /* SMART, MX, HOLD, DISCARD, REFUSE; NULL when none matched; LOCAL: the way by LMTP */
	char address[MAIL_ADDRESS_MAX +
		     1];  /* the recipient to write on: with origin when it came without a domain */
	char domain[256]; /* MX: to be looked up; literal "[192.0.2.1]" stays in brackets */
	int code;         /* REFUSE: 550 ... */
	char status[16];
	char reason[256]; /* HOLD, REFUSE: words */
	char rule
		[128]; /* for people and queue show: "postoffice COMPANY/HQ", "route default", "no route" */
};

/* What routing needs of the world. */
struct route_world {
	const struct settings *settings;
	/* Finds a mailbox of a postoffice without case and writes its name on disk; false: none. */
	bool (*mailbox)(void *ctx, const struct conf_postoffice *p, const char *name, char *on_disk,
			size_t n);
	void *ctx;
	/* Is its share away, so that nobody knows its mailboxes, and `mailbox` finds any? NULL: never. */
	bool (*away)(void *ctx, const struct conf_postoffice *p);
};

/* Where from: for rules that ask. client NULL or "": none (local). */
struct route_from {
	const char *reverse_path, *client, *listener;
	const char *user; /* who is logged in; NULL: nobody */
};

/*
 * Decides for a forward-path ("user@domain", "postmaster"). A name without domain gets [gateway] origin. Local domain:
 * the mailbox is the local part (case ignored, quotes removed); postmaster and admin always exist (they go to the
 * postoffice's `admin` mailbox when there is no mailbox of the name). Percent, bang and source-route forms are never
 * taken apart: `a%b@local` is the mailbox "a%b".
 */
void route_decide(const struct route_world *w, const struct route_from *from,
		  const char *forward_path, struct route_decision *d);

/*
 * May this client send to this recipient (at RCPT)? Local domains: accept_from. Everything else: relay_from, or a user who is
 * logged in. Decides first and
 * turns what may not be into ROUTE_REFUSE: 550 5.7.1 relaying denied, 550 5.1.1 no such mailbox, 550 5.1.2 ...
 * A literal of our own address counts as not local. client: IP text; unparsable (no IP network): matches `all` only.
 */
void route_admit(const struct route_world *w, const struct conf_listen *listen,
		 const struct route_from *from, const char *forward_path, struct route_decision *d);

/* Is this a folder of the postoffice's own, which is no mailbox: of its mailbag, or with its logs? */
bool route_own_folder(const struct conf_postoffice *p, const char *name);
/* Turns a decision by a route into one by the route's fallback, whose match, sender and the like do not count. False: it has
 * none, and the decision is as it was. */
bool route_fall_back(const struct settings *s, struct route_decision *d);

/* Wait before attempt number `attempts`+1 in ms (attempts >= 1): the schedule's entry, the last one repeating, with
 * up to 10 % jitter from `random`. */
int64_t route_retry_wait(const struct conf_times *schedule, unsigned attempts, uint64_t random);
/* The longest wait that any schedule of the settings makes, ms. */
int64_t route_retry_longest(const struct settings *s);

#endif
