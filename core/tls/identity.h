/*
 * Who we are to TLS clients: a certificate with its chain and private key, from PEM files or made by ourselves. Immutable
 * once there. A file that cannot be used is told with its reason: unreadable, no certificate in it, another certificate's
 * key. One that is out of its time is used all the same and noted: clients that do not look still get their mail through.
 */
#ifndef SMTPGATE_TLS_IDENTITY_H
#define SMTPGATE_TLS_IDENTITY_H

#include "base/file.h"
#include "base/result.h"

#include <openssl/x509.h>

#include <stdbool.h>
#include <stdint.h>

struct tls_identity {
	X509 *cert;
	STACK_OF(X509) * chain; /* what stands behind it in the file */
	EVP_PKEY *key;
	char note[512]; /* what is wrong with it that does not keep it from use, "" */
};

/* From PEM files (key may be the same file); now: wall ms. E_NOTFOUND, E_DENIED, E_SYNTAX, E_CONFIG (the key is another's). */
enum result tls_identity_load(struct tls_identity **out, const char *certificate, const char *key,
			      int64_t now, struct err *err);
/*
 * A self-signed one for this name, valid for ten years from yesterday. RSA with 2048 bits, because clients of TLS 1.0
 * know nothing else.
 */
enum result tls_identity_make(struct tls_identity **out, const char *name, int64_t now,
			      struct err *err);
/* Is it a certificate for this name that is in its time now? */
bool tls_identity_fits(const struct tls_identity *i, const char *name, int64_t now);
/* Writes key and certificate into one PEM file with mode 0600. */
enum result tls_identity_save(const struct tls_identity *i, const struct file_ops *ops,
			      const char *path, struct err *err);
void tls_identity_free(struct tls_identity **i);

#endif
