/* Certificates as a test wants them: issuer, name and times at will; and two TLS sessions that talk to each other in memory. */
#ifndef SMTPGATE_TESTS_PKI_H
#define SMTPGATE_TESTS_PKI_H

#include "tls/identity.h"
#include "tls/tls.h"

#define PKI_NOW 1795600000000 /* 2026-11-25: the time of the tests */
#define PKI_DAY 86400000

/* A certificate for `name` (DNS), valid for these days from PKI_NOW; issuer NULL: self-signed; ca: may sign others. Aborts on
 * failure. Freed with tls_identity_free. */
struct tls_identity *pki_make(const char *name, const struct tls_identity *issuer, bool ca,
			      int from_day, int to_day);
/* Writes PEM files: the certificate alone, the key alone. */
void pki_write(const char *path, const struct tls_identity *i, bool cert, bool key);

struct pki_pair {
	struct tls *client, *server;
	size_t chunk; /* bytes handed over at a time; 0: all */
	char got_client[65536], got_server[65536];
	size_t n_client, n_server;
};
void pki_pair_new(struct pki_pair *p, struct tls_context *client, struct tls_context *server,
		  const char *name, int64_t now);
/* Hands bytes over until neither has anything to say. */
void pki_pair_run(struct pki_pair *p);
void pki_pair_free(struct pki_pair *p);

#endif
