/* A look at a mail server before its name goes into the settings: connection, greeting, verified TLS, and logging in by a password.
 * By libcurl over the host's TCP/IP; no mail is sent. Blocks, at most SMTP_TRY_MS. */
#ifndef SMTPGATE_AUTH_SMTP_TRY_H
#define SMTPGATE_AUTH_SMTP_TRY_H

#include "base/result.h"

#define SMTP_TRY_MS 20000

struct smtp_try {
	const char *host;     /* "name:port", "[v6]:port"; 465 is TLS from the first byte */
	const char *ca;       /* NULL: the system's */
	const char *user;     /* NULL: nobody logs in */
	const char *password; /* never shown */
};

/* OK, or err says what failed: E_DENIED (certificate, user, password), E_TIMEOUT, E_NETWORK, E_NOMEM. */
enum result smtp_try(const struct smtp_try *t, struct err *err);

#endif
