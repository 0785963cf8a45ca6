/*
 * Access tokens by OAuth 2 (RFC 6749), for SASL: from a secret or a certificate of the application (client credentials, RFC 7523),
 * or from a refresh token that a device code (RFC 8628) or the operator brought. Blocks for at most OAUTH_LIMIT_MS a call: for
 * threads of the pool and commands. No token, secret or code of a person is ever in a text for people.
 */
#ifndef SMTPGATE_AUTH_OAUTH_H
#define SMTPGATE_AUTH_OAUTH_H

#include "auth/token_file.h"
#include "base/clock.h"
#include "base/file.h"
#include "conf/settings.h"

#include <stdatomic.h>
#include <stdbool.h>

#define OAUTH_LIMIT_MS 20000 /* one answer of a token server */
#define OAUTH_MARGIN_MS \
	300000 /* so long before its end a token is fetched anew; a quarter of its life where that is less */

struct oauth {
	const struct conf_oauth *conf;
	const char *secret; /* of the application; NULL: none */
	const struct clock *clock;
	const struct file_ops *files;
	const atomic_bool *stop; /* may be NULL */
};

/*
 * A token that is good now: the one that is kept, or a new one, which is kept then. *access: malloc'd, a secret; *fresh_until: wall ms from which
 * a new one is to be asked for.
 * refused: a kept one that a server did not take, or NULL. A new one that cannot be kept is given all the same; *unkept says so then
 * (filled, code OK else). Where fetching fails and the kept one is still good, it is given.
 * E_STATE: nobody has logged in yet, or it has ended for good; E_REFUSED: the provider says no, in words; E_NETWORK, E_TIMEOUT,
 * E_DENIED, E_SYNTAX (no JSON, or nothing in it), E_CANCELLED, E_NOMEM.
 */
enum result oauth_token(const struct oauth *o, const char *refused, char **access,
			int64_t *fresh_until, struct err *unkept, struct err *err);
/* Fetches in any case. kept: what was there (may be empty); filled anew. Writes nothing. */
enum result oauth_fetch(const struct oauth *o, struct tokens_kept *kept, struct err *err);

/* A device code, RFC 8628. */
struct oauth_device {
	char url[512], code[64]; /* for people: where to go, what to type */
	char *secret;            /* malloc'd: what is asked with */
	int64_t ends;            /* wall ms */
	int64_t wait;            /* ms between two questions */
};
enum result oauth_device_begin(const struct oauth *o, struct oauth_device *d, struct err *err);
/* One question. E_BUSY: not yet, wait d->wait (it may have grown); OK: kept is filled. */
enum result oauth_device_ask(const struct oauth *o, struct oauth_device *d,
			     struct tokens_kept *kept, struct err *err);
void oauth_device_clear(struct oauth_device *d);

/* ms before its end at which an access token is fetched anew. */
int64_t oauth_margin(const struct tokens_kept *t);
/* Can the token be kept no longer than this without a person? 0: nothing is known. wall ms: the end of the certificate of the
 * application, or of the refresh token. *what names it. */
int64_t oauth_ends(const struct oauth *o, const struct tokens_kept *kept, const char **what);

#endif
