/*
 * One event on its way to people: the mail and the JSON of it, and sending both. In a thread of the pool: it writes into the
 * maildrop and runs a program.
 */
#ifndef SMTPGATE_GATEWAY_TELLING_H
#define SMTPGATE_GATEWAY_TELLING_H

#include "base/buf.h"
#include "base/clock.h"
#include "conf/settings.h"

#include <stdatomic.h>

#define TELLING_TEXT 1024

struct telling {
	const struct settings *settings;
	const struct clock *clock;
	const atomic_bool *stop;
	const char *event; /* "route_down", "heartbeat" */
	const char *to;    /* who gets the mail; NULL: nobody */
	bool command;      /* it is run too */
	char about[256], text[TELLING_TEXT], remedy[512];
	unsigned untold; /* events before it that were not told */
	int64_t at;      /* wall ms */
};

/* A whole message, with header. E_NOMEM. */
enum result telling_mail(const struct telling *t, struct buf *out);
/* One object on one line. E_NOMEM. */
enum result telling_json(const struct telling *t, struct buf *out);
/* Does both; what fails is logged. */
void telling_send(const struct telling *t);

#endif
