/*
 * The content of a client's transaction: read from its owner in large runs, stuffed, sent as the
 * output empties, ended once. When it cannot be read the connection is left without the end of
 * data, so that nothing is delivered.
 */
#include "smtp/dialogue.h"

#define CHUNK 16384 /* bytes of content read at a time */
#define CHUNK_MIN 1024

void smtp_client_body_begin(struct smtp_client *c)
{
	if (c->config.lmtp &&
	    !c->accepted) { /* RFC 2033 4.2 asks for 503, and no answer would follow */
		smtp_client_fail(c, "the LMTP server wants data for nobody");
		return;
	}
	c->stuff = (struct smtp_stuff){.state = SMTP_STUFF_START};
	c->state = SMTP_CLIENT_BODY;
	smtp_client_body_send(c);
}

/* Content bytes that fit into the output whatever they are, with the end of data behind them. */
static size_t fitting(const struct smtp_client *c)
{
	size_t room = SMTP_CLIENT_OUTPUT - c->out.len;
	if (room < SMTP_STUFF_ROOM(CHUNK_MIN) + SMTP_STUFF_END)
		return 0;
	size_t n = (room - SMTP_STUFF_END - SMTP_STUFF_ROOM(0)) / 2;
	return n < CHUNK ? n : CHUNK;
}

void smtp_client_body_send(struct smtp_client *c)
{
	char chunk[CHUNK];
	size_t n;
	if (c->chunks) {
		smtp_client_chunks_send(c);
		return;
	}
	while (c->state == SMTP_CLIENT_BODY && (n = fitting(c)) > 0) {
		ssize_t got = c->accepted ? c->t->read(c->t->ctx, chunk, n) : 0;
		enum result r = OK;
		if (got > 0)
			r = smtp_stuff_feed(&c->stuff, &c->out, chunk, (size_t)got);
		else if (got == 0)
			r = smtp_stuff_end(&c->stuff, &c->out);
		if (got < 0)
			smtp_client_fail(c, "the message cannot be read now");
		else if (r != OK)
			smtp_client_fail(c, "memory is short");
		else if (got == 0)
			c->state = SMTP_CLIENT_FINAL;
	}
}

void smtp_client_body_answered(struct smtp_client *c, const struct smtp_reply *reply)
{
	if (c->chunks)
		smtp_client_chunk_answered(c, reply);
	else if (smtp_reply_is(reply, 4) || smtp_reply_is(reply, 5))
		smtp_client_end(c, reply); /* refused half-way: nothing but leaving ends our DATA */
	else
		smtp_client_misfit(c, reply, "before the end of data");
}

void smtp_client_final_answered(struct smtp_client *c, const struct smtp_reply *reply)
{
	if (c->chunks) {
		smtp_client_chunk_answered(c, reply);
		return;
	}
	if (smtp_reply_is(reply, 3)) {
		smtp_client_misfit(c, reply, "to the end of data");
		return;
	}
	if (!c->config.lmtp)
		smtp_result_accepted(c->t, reply);
	else if (!smtp_result_next(c, reply))
		return; /* each of them has one */
	smtp_result_done(c);
}
