/*
 * What a TLS client offered in its hello (RFC 8446 4.1.2), for the log of a handshake that came to nothing: an operator who knows
 * that a scanner speaks TLS 1.0 and nothing else knows which line admits it.
 */
#ifndef SMTPGATE_TLS_HELLO_H
#define SMTPGATE_TLS_HELLO_H

#include <openssl/ssl.h>

#include <stddef.h>

/* In the callback for a client's hello only. "versions TLSv1.0; suites AES128-SHA 0x0005 and 3 more". Returns out. */
const char *tls_hello_describe(SSL *ssl, char *out, size_t n);

#endif
