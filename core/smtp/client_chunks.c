/*
 * The content of a client's transaction by BDAT (RFC 3030), where the server offers CHUNKING and PIPELINING; never by LMTP. Line
 * ends are put right as for DATA, dots are not doubled.
 *
 *	ENVELOPE: the first line goes with the envelope, in the place of DATA, as a chunk of its own. It is a line of ours
 *	   (Received), so that a server which offers CHUNKING and does not know BDAT can take nothing of the message for commands.
 *	   2xx -> BODY: chunks go out one behind the other, unasked -> FINAL: BDAT LAST is among them
 *	   500 to 504 though somebody was accepted -> ENDED, and the transaction says no_chunks: by DATA over another connection
 *	any chunk refused: no more of them is sent; when all have their answers -> IDLE, RSET is due. BDAT LAST may be under way
 *	   by then: the server refuses what has a hole (RFC 3030 2).
 */
#include "smtp/dialogue.h"

#include <stdio.h>
#include <string.h>

#define READ 8192   /* bytes read at a time */
#define FULL 16384u /* bytes from which on a chunk is sent */

/* Reads on until a chunk is full or the content has ended; false: the connection has ended. */
static bool fill(struct smtp_client *c)
{
	char bytes[READ];
	while (c->chunk.len < FULL && !c->read_all) {
		ssize_t got = c->t->read(c->t->ctx, bytes, sizeof bytes);
		enum result r = got > 0 ? smtp_stuff_feed(&c->stuff, &c->chunk, bytes, (size_t)got)
					: smtp_stuff_end(&c->stuff, &c->chunk);
		c->read_all = got == 0;
		if (got < 0 || r != OK) {
			smtp_client_fail(c, got < 0 ? "the message cannot be read now"
						    : "memory is short");
			return false;
		}
	}
	return true;
}

/* The first n bytes as a chunk. E_LIMIT: no room in the output now. */
static enum result put_chunk(struct smtp_client *c, size_t n, bool last)
{
	char line[48];
	int k = snprintf(line, sizeof line, "BDAT %zu%s", n, last ? " LAST" : "");
	if (c->out.len + (size_t)k + 2 + n > SMTP_CLIENT_OUTPUT)
		return E_LIMIT;
	enum result r = smtp_client_command(c, line, (size_t)k);
	if (r == OK && n && buf_append(&c->out, buf_head(&c->chunk), n) != OK) {
		smtp_client_fail(c, "memory is short");
		r = E_NOMEM;
	}
	if (r == OK) {
		buf_consume(&c->chunk, n);
		c->chunks_open++;
	}
	return r;
}

static size_t first_line(const struct smtp_client *c)
{
	const char *text = buf_head(&c->chunk), *lf = memchr(text, '\n', c->chunk.len);
	return lf ? (size_t)(lf - text) + 1 : c->chunk.len;
}

enum result smtp_client_chunks_begin(struct smtp_client *c)
{
	if (!fill(c))
		return E_IO;
	if (c->chunk.len)
		return put_chunk(c, first_line(c), false);
	c->chunks = false; /* nothing to send: some servers want no empty chunk */
	return smtp_client_command(c, "DATA", 4);
}

/* No recipient gets it: by this reply, or because none was accepted. */
static void give_up(struct smtp_client *c, const struct smtp_reply *reply)
{
	smtp_result_accepted(c->t, reply);
	c->reset_due = true;
	smtp_result_done(c);
}

void smtp_client_chunks_begun(struct smtp_client *c, const struct smtp_reply *reply)
{
	char words[256];
	c->chunks_open--;
	if (smtp_reply_is(reply, 3)) {
		smtp_client_misfit(c, reply, "to BDAT");
	} else if (c->accepted && smtp_reply_is(reply, 2)) {
		c->state = SMTP_CLIENT_BODY;
		smtp_client_chunks_send(c);
	} else if (c->accepted && reply->code >= 500 && reply->code <= 504) {
		c->t->no_chunks = true;
		smtp_client_fail(c, "the server offers CHUNKING and does not take BDAT: %s",
				 smtp_reply_print(reply, words, sizeof words));
	} else {
		give_up(c, reply);
	}
}

void smtp_client_chunks_send(struct smtp_client *c)
{
	while (c->state == SMTP_CLIENT_BODY && !c->chunk_refused && fill(c)) {
		bool last = c->read_all;
		if (put_chunk(c, c->chunk.len, last) != OK)
			return;
		if (last)
			c->state = SMTP_CLIENT_FINAL;
	}
}

void smtp_client_chunk_answered(struct smtp_client *c, const struct smtp_reply *reply)
{
	bool good = smtp_reply_is(reply, 2);
	if (smtp_reply_is(reply, 3) || (good && !c->chunks_open)) {
		smtp_client_misfit(c, reply, "to BDAT");
		return;
	}
	if (!c->chunks_open) {
		smtp_client_end(c, reply); /* the server is tired of waiting */
		return;
	}
	c->chunks_open--;
	bool over = c->state == SMTP_CLIENT_FINAL && !c->chunks_open;
	if (!c->chunk_refused && (over || !good))
		smtp_result_accepted(c->t, reply);
	c->chunk_refused = c->chunk_refused || !good;
	if (c->chunks_open || (!over && !c->chunk_refused))
		return;
	c->reset_due = c->chunk_refused;
	smtp_result_done(c);
}
