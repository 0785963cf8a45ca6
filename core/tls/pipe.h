/*
 * The two ends by which OpenSSL reads and writes: reading comes out of bytes that are lent, writing goes into a buffer. A BIO
 * of our own, because those of OpenSSL copy what is lent and keep memory for an idle session.
 */
#ifndef SMTPGATE_TLS_PIPE_H
#define SMTPGATE_TLS_PIPE_H

#include "base/buf.h"

#include <openssl/bio.h>

struct tls_pipe {
	const char *bytes; /* lent */
	size_t n;
	struct buf out;
};

/* A BIO on the pipe, which must outlive it; NULL: no memory. */
BIO *tls_pipe_bio(struct tls_pipe *pipe);

#endif
