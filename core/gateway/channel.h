/*
 * A channel: a connection with or without TLS on it. Sessions and links speak through it, so that neither they nor the SMTP
 * engines know of ciphertext.
 *
 *	PLAIN --channel_secure--> SHAKING --handshake done, on_secure--> SECURE
 *	   SHAKING, SECURE: fault, refusal, time -> on_insecure; the user closes or aborts
 *
 * Otherwise it is as a conn (transport/conn.h): the same callbacks, the same one on_closed after one channel_close or
 * channel_abort, the same flow control: who does not consume plaintext stops the taking of ciphertext, and what was
 * decrypted already is at most one record. In the stack's thread only.
 */
#ifndef SMTPGATE_GATEWAY_CHANNEL_H
#define SMTPGATE_GATEWAY_CHANNEL_H

#include "base/buf.h"
#include "tls/tls.h"
#include "transport/conn.h"

struct channel;

#define CHANNEL_SHAKE_MS 30000 /* for a whole handshake, however its bytes trickle */

struct channel_ops {
	/* As those of struct conn_ops; NULL members are skipped, but for on_data and on_closed. */
	size_t (*on_data)(void *ctx, struct channel *c, const char *bytes, size_t n);
	void (*on_sent)(void *ctx, struct channel *c);
	void (*on_eof)(void *ctx, struct channel *c);
	void (*on_timeout)(void *ctx, struct channel *c);
	void (*on_error)(void *ctx, struct channel *c, const struct sgt_error *error);
	void (*on_closed)(void *ctx, struct channel *c);
	/* The handshake is done. */
	void (*on_secure)(void *ctx, struct channel *c);
	/* TLS failed, in words; once. Nothing more is read or written; the user ends the channel. */
	void (*on_insecure)(void *ctx, struct channel *c, const char *why);
};

/* Takes an open connection over (conn_take). NULL: no memory, the connection is untouched. */
struct channel *channel_new(struct conn *conn, const struct channel_ops *ops, void *ctx);
/*
 * Begins TLS as server or client: what was written before goes out in the clear, all that is read from now on is TLS.
 * Bytes that come before our last clear ones were given to the network are an injection: on_insecure. on_secure or
 * on_insecure follows. Any result but OK (E_NOMEM, E_SYNTAX: the name): nothing was begun.
 */
enum result channel_secure(struct channel *c, const struct tls_config *config, bool server);
/* The TLS session, or NULL: for its story and what a client offered. */
const struct tls *channel_tls(const struct channel *c);
bool channel_is_secure(const struct channel *c);

/* E_STATE while shaking. Else as conn_write_buf. */
enum result channel_write_buf(struct channel *c, struct buf *b);
size_t channel_output_pending(const struct channel *c);
void channel_resume(struct channel *c);
/* Does nothing while shaking, which has its own limit. */
void channel_set_timeout(struct channel *c, int64_t ms);
void channel_close(struct channel *c);
void channel_abort(struct channel *c);
const char *channel_peer(const struct channel *c);

#endif
