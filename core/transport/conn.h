/*
 * A connection as its users see it: an output queue, input with flow control, one timer, an orderly
 *end.
 *
 *	OPENING --on_connected--> OPEN --conn_close--> FLUSHING --output sent, our end sent-->
 *LINGERING --peer's end--> CLOSING OPENING, OPEN --on_error--> FAILED --conn_close--> CLOSING
 *--on_closed--> gone any but CLOSING --conn_abort--> CLOSING
 *
 * - Each connection ends with exactly one on_closed, after exactly one conn_close or conn_abort by
 *its user; more calls of them do nothing. After the first no callback but on_closed comes, and
 *never from inside the call.
 * - on_error comes at most once; conn_close or conn_abort must still follow. A lost stack is an
 *error too.
 * - An accepted connection is OPEN and has no on_connected.
 * - FLUSHING lasts CONN_FLUSH_MS at most, LINGERING CONN_LINGER_MS (so that a reply is not
 *overtaken by the reset that unread bytes would cause); input is thrown away meanwhile.
 *
 * In the stack's thread only. Callbacks may call every function here.
 */
#ifndef SMTPGATE_TRANSPORT_CONN_H
#define SMTPGATE_TRANSPORT_CONN_H

#include "base/buf.h"
#include "base/result.h"
#include "transport/stack.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conn;

#define CONN_FLUSH_MS 30000 /* after conn_close: for the queued output to leave */
#define CONN_LINGER_MS 2000 /* then: for the peer to end its side */

/* NULL members are skipped, but for on_data and on_closed. */
struct conn_ops {
	void (*on_connected)(void *ctx,
			     struct conn *c); /* conn_peer and conn_local are known now */
	/* Bytes that stay valid during the call. Returns how many were consumed: when not all, the
	 * rest (and all that comes after) is offered again after conn_resume, and the peer is made
	 * to wait meanwhile. */
	size_t (*on_data)(void *ctx, struct conn *c, const char *bytes, size_t n);
	/* Output was taken by the network; see conn_output_pending. */
	void (*on_sent)(void *ctx, struct conn *c);
	/* The peer sent all it will, and all of it was consumed. Sending stays possible. */
	void (*on_eof)(void *ctx, struct conn *c);
	void (*on_timeout)(void *ctx, struct conn *c);
	void (*on_error)(void *ctx, struct conn *c, const struct sgt_error *error);
	/* The connection is gone when this returns. */
	void (*on_closed)(void *ctx, struct conn *c);
};

/* address: as stack_address wrote it. source: own address to come from, or NULL. On SGT_OK
 * on_connected or on_error follows, never from inside the call. ops must outlive the connection. */
enum sgt_result conn_connect(struct conn **c, struct stack *s, const char *address,
			     const char *source, const struct conn_ops *ops, void *ctx,
			     struct sgt_error *error);
/* Gives the connection (another) user. Listener and dial users call it at once. Input that came is
 * offered after it. */
void conn_take(struct conn *c, const struct conn_ops *ops, void *ctx);

/* Queues a copy of the bytes. OK; E_LIMIT: more than conn_limit_output allows, nothing queued;
 * E_NOMEM; E_STATE: failed, closing or shut down, the bytes are thrown away. Sends are joined: they
 * leave at the end of the stack's turn. Before on_connected they wait for it. */
enum result conn_write(struct conn *c, const void *bytes, size_t n);
/* As conn_write, but takes the content of b, without a copy where the queue is empty. b is empty
 * after OK. */
enum result conn_write_buf(struct conn *c, struct buf *b);
/* Bytes not yet taken by the network. */
size_t conn_output_pending(const struct conn *c);
/* Those of them that were not even given to the transport's stack: the peer cannot have seen them. */
size_t conn_output_held(const struct conn *c);
/* Bound of queued output in bytes, 0: none (the default: the caller looks at conn_output_pending).
 */
void conn_limit_output(struct conn *c, size_t max);
/* Offers input again that on_data left; soon, not from inside the call. */
void conn_resume(struct conn *c);
/* Calls on_timeout once in ms from now; sets anew when set; 0 clears. */
void conn_set_timeout(struct conn *c, int64_t ms);
/* Ends our direction after the queued output (half close). */
void conn_shutdown(struct conn *c);
void conn_close(struct conn *c);
/* Throws queued output away; the peer sees a reset where the transport can. */
void conn_abort(struct conn *c);

/* "192.0.2.1:40022"; before on_connected the peer is the address asked for and local "". */
const char *conn_peer(const struct conn *c);
const char *conn_local(const struct conn *c);
struct stack *conn_stack(const struct conn *c);
/* True between on_connected (or accept) and the first of on_error, conn_close, conn_abort. */
bool conn_is_open(const struct conn *c);

#endif
