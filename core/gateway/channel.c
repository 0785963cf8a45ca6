/*
 * Channels: see channel.h. Owns the conn's callbacks, the TLS session and what was decrypted and not yet consumed.
 *
 * Flow control: the conn keeps what we do not consume, and offers it again after conn_resume. Plaintext that its user left
 * has no ciphertext any more, so the last byte of that is reported as not consumed: it comes again (skip), and with it
 * our turn to offer the plaintext.
 */
#include "gateway/channel.h"

#include <stdlib.h>

struct channel {
	struct conn *conn;
	const struct channel_ops *ops;
	void *ctx;
	struct tls *tls;  /* NULL: plain */
	struct buf plain; /* decrypted, not consumed; at most a record */
	bool clear_first; /* TLS has begun, bytes in the clear are still to go out before */
	bool skip;        /* the first byte of what is offered next was taken before */
	bool shaking;
	bool eof_told;
	bool ended; /* closed, aborted or failed: nothing is told but on_closed */
};

static void fail(struct channel *c, const char *why)
{
	if (c->ended)
		return;
	c->ended = true;
	conn_set_timeout(c->conn, 0);
	c->ops->on_insecure(c->ctx, c, why);
}

/* An idle session keeps no buffer. */
static enum result send_output(struct channel *c)
{
	struct buf *out = tls_output(c->tls);
	if (!out->len)
		return OK;
	enum result r = conn_write_buf(c->conn, out);
	buf_free(out);
	return r;
}

/* What TLS has to say goes out; false: no memory, and the user was told. */
static bool push(struct channel *c)
{
	if (send_output(c) == OK)
		return true;
	fail(c, "memory is short");
	return false;
}

/* ---- input ---- */

/* Offers plaintext; what is left is kept. True when all was consumed. */
static bool offer(struct channel *c, const char *bytes, size_t n)
{
	size_t used = c->ops->on_data(c->ctx, c, bytes, n);
	if (c->ended || used == n)
		return true;
	if (buf_append(&c->plain, bytes + used, n - used) == OK)
		return false;
	fail(c, "memory is short");
	return true;
}

/* Offers what is kept from before. True when nothing is left. */
static bool offer_kept(struct channel *c)
{
	while (c->plain.len && !c->ended) {
		size_t used = c->ops->on_data(c->ctx, c, buf_head(&c->plain), c->plain.len);
		if (c->ended)
			break;
		buf_consume(&c->plain, used);
		if (c->plain.len)
			return false;
	}
	buf_free(&c->plain); /* an idle session keeps no buffer */
	return true;
}

/* After each step of TLS: is it open now, did it fail, has the peer ended it? False: nothing more is to be read. */
static bool follow(struct channel *c)
{
	if (!push(c) || c->ended)
		return false;
	if (tls_state(c->tls) == TLS_FAILED) {
		fail(c, tls_why(c->tls));
		return false;
	}
	if (c->shaking && tls_state(c->tls) != TLS_SHAKING) {
		c->shaking = false;
		conn_set_timeout(c->conn, 0);
		c->ops->on_secure(c->ctx, c);
	}
	return !c->ended;
}

/* Decrypts and offers until nothing is left, or the user has enough. True: has enough. */
static bool decrypt(struct channel *c)
{
	char text[TLS_RECORD];
	for (;;) {
		bool shaking = c->shaking;
		size_t n = tls_read(c->tls, text, sizeof text);
		if (!follow(c))
			return false;
		if (n && !offer(c, text, n))
			return true;
		if (c->ended || (!n && shaking == c->shaking))
			return false;
	}
}

/* The peer said that it will send no more (close_notify), and all of it was consumed. */
static void tell_end(struct channel *c)
{
	if (c->eof_told)
		return;
	c->eof_told = true;
	if (c->ops->on_eof)
		c->ops->on_eof(c->ctx, c);
}

static bool is_injection(struct channel *c)
{
	if (!c->clear_first)
		return false;
	c->clear_first = conn_output_held(c->conn) > 0;
	return c->clear_first;
}

static size_t secure_data(struct channel *c, const char *bytes, size_t n)
{
	if (is_injection(c)) {
		fail(c, "injection: bytes came before the answer to STARTTLS went out; they were "
			"dropped");
		return n;
	}
	if (!offer_kept(c))
		return 0;
	if (c->ended)
		return n;
	tls_lend(c->tls, bytes + c->skip, n - c->skip);
	c->skip = false;
	bool enough = decrypt(c);
	size_t left = tls_lent(c->tls);
	tls_lend(c->tls, NULL, 0);
	if (!enough && !c->ended && tls_state(c->tls) == TLS_CLOSED)
		tell_end(c);
	if (c->ended || c->eof_told)
		return n;
	c->skip = enough;
	return n - left - c->skip;
}

static size_t conn_data(void *ctx, struct conn *conn, const char *bytes, size_t n)
{
	struct channel *c = ctx;
	(void)conn;
	if (c->ended)
		return n;
	return c->tls ? secure_data(c, bytes, n) : c->ops->on_data(c->ctx, c, bytes, n);
}

/* ---- the other events ---- */

static void conn_sent(void *ctx, struct conn *conn)
{
	struct channel *c = ctx;
	(void)conn;
	if (!c->ended && !c->shaking && c->ops->on_sent)
		c->ops->on_sent(c->ctx, c);
}

static void conn_eof(void *ctx, struct conn *conn)
{
	struct channel *c = ctx;
	(void)conn;
	if (c->ended)
		return;
	if (c->shaking)
		fail(c, "the peer closed the connection in the middle of the handshake");
	else
		tell_end(c);
}

static void conn_timeout(void *ctx, struct conn *conn)
{
	struct channel *c = ctx;
	(void)conn;
	if (c->ended)
		return;
	if (c->shaking)
		fail(c, "the handshake took longer than 30 s");
	else if (c->ops->on_timeout)
		c->ops->on_timeout(c->ctx, c);
}

static void conn_error(void *ctx, struct conn *conn, const struct sgt_error *error)
{
	struct channel *c = ctx;
	(void)conn;
	if (c->ended)
		return;
	if (c->ops->on_error)
		c->ops->on_error(c->ctx, c, error);
	else
		channel_abort(c);
}

static void conn_closed(void *ctx, struct conn *conn)
{
	struct channel *c = ctx;
	(void)conn;
	c->ops->on_closed(c->ctx, c);
	tls_destroy(&c->tls);
	buf_free(&c->plain);
	free(c);
}

static const struct conn_ops channel_conn_ops = {
	.on_data = conn_data,
	.on_sent = conn_sent,
	.on_eof = conn_eof,
	.on_timeout = conn_timeout,
	.on_error = conn_error,
	.on_closed = conn_closed,
};

/* ---- for its user ---- */

struct channel *channel_new(struct conn *conn, const struct channel_ops *ops, void *ctx)
{
	struct channel *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	c->conn = conn;
	c->ops = ops;
	c->ctx = ctx;
	buf_init(&c->plain, TLS_RECORD);
	conn_take(conn, &channel_conn_ops, c);
	return c;
}

enum result channel_secure(struct channel *c, const struct tls_config *config, bool server)
{
	if (c->tls || c->ended)
		return E_STATE;
	c->clear_first = conn_output_held(c->conn) > 0;
	enum result r = server ? tls_server_new(&c->tls, config) : tls_client_new(&c->tls, config);
	if (r != OK)
		return r;
	c->shaking = true;
	conn_set_timeout(c->conn, CHANNEL_SHAKE_MS);
	if (send_output(c) == OK)
		return OK;
	tls_destroy(&c->tls);
	c->shaking = false;
	return E_NOMEM;
}

const struct tls *channel_tls(const struct channel *c)
{
	return c->tls;
}

bool channel_is_secure(const struct channel *c)
{
	return c->tls && !c->shaking;
}

enum result channel_write_buf(struct channel *c, struct buf *b)
{
	if (c->ended || c->shaking)
		return E_STATE;
	if (!c->tls)
		return conn_write_buf(c->conn, b);
	enum result r = tls_write(c->tls, buf_head(b), b->len);
	if (r == OK)
		r = send_output(c);
	if (r == OK)
		buf_clear(b);
	return r;
}

size_t channel_output_pending(const struct channel *c)
{
	return conn_output_pending(c->conn);
}

void channel_resume(struct channel *c)
{
	conn_resume(c->conn);
}

void channel_set_timeout(struct channel *c, int64_t ms)
{
	if (!c->shaking && !c->ended)
		conn_set_timeout(c->conn, ms);
}

void channel_close(struct channel *c)
{
	bool say = c->tls && !c->shaking && !c->ended;
	c->ended = true;
	if (say) {
		tls_close(c->tls);
		send_output(c); /* a courtesy: without memory it is left out */
	}
	conn_close(c->conn);
}

void channel_abort(struct channel *c)
{
	c->ended = true;
	conn_abort(c->conn);
}

const char *channel_peer(const struct channel *c)
{
	return conn_peer(c->conn);
}
