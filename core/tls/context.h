/*
 * What many TLS sessions share: versions, suites, certificate or CAs. Counted, immutable, usable from every thread.
 *
 * The standard is TLS 1.2 and OpenSSL's level 2 or above. A floor of 1.0 or 1.1 lowers the level to 0 in that context alone: those
 * versions sign with SHA-1, which no higher level allows. SSL 3, RC4 and 3DES are in no Debian OpenSSL.
 */
#ifndef SMTPGATE_TLS_CONTEXT_H
#define SMTPGATE_TLS_CONTEXT_H

#include "base/result.h"
#include "tls/identity.h"

#include <stdbool.h>
#include <stddef.h>

enum tls_version { TLS_1_0, TLS_1_1, TLS_1_2, TLS_1_3 };
#define TLS_VERSIONS 4

#define TLS_CACHE \
	1024 /* sessions that a server context remembers; clients of TLS 1.3 keep theirs in tickets */

struct tls_context;

enum result tls_context_server(struct tls_context **out, const struct tls_identity *identity,
			       enum tls_version min, struct err *err);

struct tls_client_config {
	enum tls_version min;
	bool verify;    /* certificate and name must be right; pins: or the key be one of these */
	const char *ca; /* PEM file or folder (c_rehash) of CAs; NULL: the system's */
	const char *const
		*pins; /* 64 hex digits each; with any, they decide instead of CA and name */
	size_t pin_count;
};
/* E_NOTFOUND, E_DENIED, E_SYNTAX: the CA file, named. */
enum result tls_context_client(struct tls_context **out, const struct tls_client_config *config,
			       struct err *err);
/* NULL is fine. */
struct tls_context *tls_context_ref(struct tls_context *c);
void tls_context_unref(struct tls_context **c);

#endif
