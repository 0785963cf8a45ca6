/* Connects over a stack without a thread to one SMTP server, waits for its greeting and leaves: the last layer of `probe`. */
#ifndef SMTPGATE_DAEMON_GREET_H
#define SMTPGATE_DAEMON_GREET_H

#include "transport/stack.h"

#include <stdbool.h>

#define GREET_LIMIT_MS 10000 /* for name, connection and greeting together */

struct greeting {
	char words[1200]; /* the greeting's first line, or what failed and why */
	int64_t ms;       /* until the connection stood */
	bool connected;
};

struct greet_target {
	const char *host;                /* "name:port" or "address:port" */
	const char *source;              /* own address to come from, or NULL */
	bool host_resolver;              /* names by the host's resolver */
	const struct sgt_value *servers; /* name servers; NULL or none: those of the machine */
	unsigned port;                   /* instead of host's; 0: host's */
};

/* True when the server greeted with 220, or took the connection on the port of implicit TLS (465). */
bool greet(struct stack *s, const struct greet_target *who, struct greeting *g);

#endif
