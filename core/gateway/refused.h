/*
 * Clients that were refused lately, for `smtpgate status`: a bounded table of all listeners, filled by the threads of sessions.
 * What would admit a client is worked out when it is asked for, from the settings of then (refused_lines.c).
 */
#ifndef SMTPGATE_GATEWAY_REFUSED_H
#define SMTPGATE_GATEWAY_REFUSED_H

#include "base/buf.h"
#include "base/region.h"
#include "base/result.h"
#include "conf/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct refused;

/* Which setting refused it. */
enum refused_rule {
	REFUSED_ACCEPT,      /* accept_from */
	REFUSED_RELAY,       /* relay_from */
	REFUSED_PROXY,       /* proxy_from: a header that must not come, or none that must */
	REFUSED_FULL,        /* max_connections */
	REFUSED_CLIENT_FULL, /* max_connections_client */
	REFUSED_RATE,
	REFUSED_RECIPIENTS, /* max_recipients */
	REFUSED_SIZE,       /* max_size */
	REFUSED_NO_LOGIN,   /* auth = required */
	REFUSED_LOGIN,      /* a wrong name or password */
	REFUSED_SENDER,     /* sender_login */
	REFUSED_CLEAR,      /* a login in the clear */
	REFUSED_STARTTLS,   /* tls = required */
	REFUSED_TLS,        /* the handshake came to nothing */
	REFUSED_TLS_1_0,    /* the same, and it speaks no later version */
	REFUSED_TLS_1_1,
	REFUSED_HELO,
	REFUSED_BRACKETS,
	REFUSED_NEWLINE
};

#define REFUSED_MAX 64         /* clients kept: of more the one that was refused longest ago goes */
#define REFUSED_KEEP 86400000  /* ms after its last refusal that a client is kept */
#define REFUSED_REASON_MAX 160 /* bytes of a reason kept */

struct refused_client {
	const char *client, *listener, *reason; /* of the last refusal */
	enum refused_rule rule;
	uint64_t count;
	int64_t first, last;         /* wall ms */
	const char *section, *lines; /* of refused_lines, "" before refused_admit */
	bool settled;                /* likewise: what it was refused for is taken by now */
};

/* NULL when memory is short. */
struct refused *refused_new(void);
void refused_destroy(struct refused **r);
/* client: its address as text; now: wall ms. Any thread. */
void refused_note(struct refused *r, const char *client, const char *listener,
		  enum refused_rule rule, const char *reason, int64_t now);
/* Those of the last REFUSED_KEEP ms, latest first, in region; E_NOMEM. */
enum result refused_list(struct refused *r, int64_t now, struct region *region,
			 struct refused_client **list, size_t *count);
/* "no TLS version in common" and what the client offered (tls/hello.h): the rule. */
enum refused_rule refused_tls_rule(const char *why, const char *offer);

/*
 * The ini lines that would admit it: the name of a section that is there or is to be made, and the lines to have in it, each with
 * its end. Nothing is appended to either when no line does: *lines is empty. c->settled is said as well: the settings have them, or
 * it is about a limit that may have been another when it was refused, before `since`, when the settings were read (wall ms). E_NOMEM.
 */
enum result refused_lines(const struct settings *s, int64_t since, struct refused_client *c,
			  struct buf *section, struct buf *lines);
/* Fills in section, lines and settled of each of the list, in region; E_NOMEM. */
enum result refused_admit(const struct settings *s, int64_t since, struct region *region,
			  struct refused_client *list, size_t count);

#endif
