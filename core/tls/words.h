/*
 * What OpenSSL reports, in words that an operator can act on. Owns nothing; every function empties what it has read of the
 * thread's error queue, so that an old error is never told for a new one.
 */
#ifndef SMTPGATE_TLS_WORDS_H
#define SMTPGATE_TLS_WORDS_H

#include <openssl/x509.h>

#include <stddef.h>
#include <stdint.h>

#define TLS_WORDS_MAX 512

/* The first error of this thread's queue, and empties it; "of an unknown cause" when there is none. Returns out. */
const char *tls_words_error(char *out, size_t n);
/*
 * Why a certificate was not accepted (code: X509_V_ERR_*, RFC 5280 section 6): expired, not yet valid (and whether our own clock is to
 * blame), of another name, self-signed, from an unknown CA. name: the host that was wanted, or NULL; now: wall ms. cert
 * may be NULL. Returns out.
 */
const char *tls_words_verify(long code, X509 *cert, const char *name, int64_t now, char *out,
			     size_t n);
/*
 * Whether the certificate is out of its time now: writes why and returns out, else NULL.
 */
const char *tls_words_time(const X509 *cert, int64_t now, char *out, size_t n);
/* SHA-256 of the certificate's public key (SubjectPublicKeyInfo) as 64 hex digits, for tls_pin; "" when it has none. */
const char *tls_words_pin(X509 *cert, char out[65]);

#endif
