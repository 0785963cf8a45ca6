/*
 * Does a name server answer? One question to one server over a stack without a thread: a layer of `probe`. By datagrams where the
 * stack has them, else by TCP, as the gateway itself asks.
 */
#ifndef SMTPGATE_DAEMON_INQUIRE_H
#define SMTPGATE_DAEMON_INQUIRE_H

#include "base/result.h"
#include "transport/stack.h"

#include <stdbool.h>

#define INQUIRE_LIMIT_MS 12000 /* two tries, of 3 s and 6 s */

/* Asks `server` ("192.0.2.53", "[2001:db8::53]:53") for the mail exchangers of a name (mx) or its addresses. True when it
 * answered, also that there is no such name; else err says what happened instead. */
bool inquire(struct stack *s, const char *server, const char *name, bool mx, struct err *err);

#endif
