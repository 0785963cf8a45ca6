/* The inside of a TLS session, shared by tls.c and context.c, which joins it to OpenSSL's callbacks. */
#ifndef SMTPGATE_TLS_INTERNAL_H
#define SMTPGATE_TLS_INTERNAL_H

#include "tls/pipe.h"
#include "tls/tls.h"

#include <openssl/ssl.h>

#define TLS_RENEGOTIATIONS 3 /* refusals of a new handshake within a session, then it is dropped */

struct tls {
	SSL *ssl;
	struct tls_context *context;
	struct tls_pipe pipe;
	enum tls_state state;
	unsigned renegotiations; /* that were refused */
	char *offer;             /* owned; the client's hello, until open */
	char *name;              /* owned; the host wanted, or NULL */
	int64_t now;
	char story[TLS_STORY_MAX];
	char *why; /* owned; NULL: nothing to tell */
};

/* The SSL_CTX of a context. */
SSL_CTX *tls_context_of(struct tls_context *c);

#endif
