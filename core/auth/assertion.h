/* A signed statement that we are the application (RFC 7523 section 3), made with its certificate's key. */
#ifndef SMTPGATE_AUTH_ASSERTION_H
#define SMTPGATE_AUTH_ASSERTION_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/result.h"

#include <stdint.h>

/* Appends the JWT to `out`. path: PEM with certificate and RSA key, mode as a secret's. E_CONFIG: it cannot be used. */
enum result assertion_make(const char *path, const char *client_id, const char *audience,
			   const struct clock *clock, struct buf *out, struct err *err);
/* When the certificate ends, wall ms; 0: it cannot be read. */
int64_t assertion_ends(const char *path);

#endif
