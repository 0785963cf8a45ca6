/*
 * One TLS session without I/O: ciphertext and plaintext go in and out by calls, OpenSSL never sees a descriptor, so it runs over
 * any transport.
 *
 *	SHAKING --handshake done--> OPEN --peer's close_notify--> CLOSED
 *	   any: fault, refusal by either side --> FAILED (tls_why); the output may hold an alert to be sent
 *
 * What the network gave is lent, not copied: tls_lend, then tls_read until it says 0, then tls_lent tells what was not
 * needed. OpenSSL takes no more than the record at hand, so who stops reading stops the peer. Renegotiation is refused;
 * a peer that insists is dropped. An idle session keeps no buffers.
 */
#ifndef SMTPGATE_TLS_TLS_H
#define SMTPGATE_TLS_TLS_H

#include "base/buf.h"
#include "tls/context.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define TLS_STORY_MAX 96
#define TLS_OFFER_MAX 512
#define TLS_RECORD 16384 /* bytes of plaintext in one record: room for tls_read */

enum tls_state { TLS_SHAKING, TLS_OPEN, TLS_CLOSED, TLS_FAILED };

struct tls;

struct tls_config {
	struct tls_context *context; /* a reference is taken */
	const char *
		name; /* client: the host, for SNI, and to be verified; an IP is verified as such. Copied */
	int64_t now; /* wall ms: the time that certificates are judged by */
};

/* A client's first flight is in the output at once. */
enum result tls_client_new(struct tls **t, const struct tls_config *config);
enum result tls_server_new(struct tls **t, const struct tls_config *config);
void tls_destroy(struct tls **t);

/* Lends ciphertext; it must stay until the next tls_lend. */
void tls_lend(struct tls *t, const char *bytes, size_t n);
/* Bytes lent and not taken. */
size_t tls_lent(const struct tls *t);
/* Plaintext: bytes, or 0: nothing now (look at the state). Goes on with the handshake. n at least TLS_RECORD. */
size_t tls_read(struct tls *t, char *to, size_t n);
/* Encrypts all bytes into the output. E_STATE: not open; E_NOMEM. */
enum result tls_write(struct tls *t, const void *bytes, size_t n);
/* Says close_notify, when open. */
void tls_close(struct tls *t);
/* Ciphertext to be sent; the caller consumes it. */
struct buf *tls_output(struct tls *t);

enum tls_state tls_state(const struct tls *t);
/* Why it failed, in words; "" otherwise. */
const char *tls_why(const struct tls *t);
/* "TLSv1.3 TLS_AES_256_GCM_SHA384" once open. */
const char *tls_story(const struct tls *t);
/* Server, while shaking or failed: what the client offered, "versions TLSv1.0; suites AES128-SHA DES-CBC3-SHA and 3 more"; "" before
 * its hello. */
const char *tls_offer(const struct tls *t);

#endif
