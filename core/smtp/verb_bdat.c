/*
 * BDAT (RFC 3030): content in chunks whose size is said before. The bytes of a chunk are read to the last one whatever is
 * answered, so that content is never taken for commands: a chunk that is refused is thrown away first. A refused chunk ends the
 * transaction, and those that a pipelining client sent behind it find none: a message with a hole is never taken. Where the
 * size cannot be read, or more would be thrown away than SMTP_SKIP_MAX, the session ends.
 */
#include "base/text.h"
#include "smtp/session.h"

#include <stdlib.h>
#include <string.h>

/* chunk-size [ "LAST" ]: 1 to 20 digits; more than 64 bits is the largest number, which no limit lets pass. */
static bool read_args(struct smtp_chunk *chunk, const char *args)
{
	size_t n = strspn(args, "0123456789");
	const char *word = args + n + strspn(args + n, " \t");
	chunk->last = text_same(word, "LAST");
	if (!n || n > 20 || (*word && (word == args + n || !chunk->last)))
		return false;
	chunk->left = 0;
	for (size_t i = 0; i < n; i++) {
		unsigned digit = (unsigned)(args[i] - '0');
		chunk->left = chunk->left > (UINT64_MAX - digit) / 10 ? UINT64_MAX
								      : chunk->left * 10 + digit;
	}
	return true;
}

/* The last words of a session that can no longer be followed. */
static void hang_up(struct smtp_server *s, struct smtp_reply *reply)
{
	s->chunk.left = 0;
	smtp_session_forget(s);
	smtp_session_reply(s, reply);
	smtp_session_move(s, SMTP_EV_CLOSE);
}

/* The chunk is over. A refused one, or one that dooms the message, ends the transaction. */
static void chunk_over(struct smtp_server *s)
{
	struct smtp_reply reply;
	struct smtp_reply *refusal = s->chunk.refusal;
	enum smtp_rule rule = SMTP_RULE_NONE; /* of a refusal it was told before */
	s->chunk.refusal = NULL;
	if (refusal || smtp_body_doomed(s, &reply, &rule)) {
		smtp_session_forget(s);
		smtp_session_move(s, SMTP_EV_RESET);
		smtp_session_refuse(s, rule, refusal ? refusal : &reply);
		free(refusal);
	} else if (s->chunk.last) {
		s->chunk.skipped = 0;
		smtp_data_end(&s->data);
		smtp_body_finish(s);
	} else {
		smtp_session_say(s, 250, "2.0.0", "Chunk received");
	}
}

/* The transaction is over; the chunk is thrown away, then the client is told why. A client that does not wait for that has been
 * refused all the same. */
static void refuse(struct smtp_server *s, enum smtp_rule rule, const struct smtp_reply *reply)
{
	struct smtp_chunk *chunk = &s->chunk;
	struct smtp_reply kept = *reply;
	smtp_session_forget(s);
	smtp_session_refused(s, rule, reply);
	chunk->refusal = malloc(sizeof *chunk->refusal);
	bool bounded =
		chunk->left <= SMTP_SKIP_MAX && (chunk->skipped += chunk->left) <= SMTP_SKIP_MAX;
	if (!chunk->refusal || !bounded) {
		hang_up(s, &kept);
		return;
	}
	*chunk->refusal = kept;
	if (!chunk->left)
		chunk_over(s);
}

static bool too_big(const struct smtp_server *s, struct smtp_reply *reply)
{
	uint64_t max = s->config->max_size;
	if (!max || (s->chunk.left <= max && s->size <= max - s->chunk.left))
		return false;
	smtp_reply_set(reply, 552, "5.3.4", "Message exceeds the limit of %llu bytes",
		       (unsigned long long)max);
	return true;
}

static void take_chunk(struct smtp_server *s)
{
	struct smtp_reply reply;
	if (too_big(s, &reply))
		refuse(s, SMTP_RULE_SIZE, &reply);
	else if (!s->chunk.left)
		chunk_over(s);
}

/* on_data's answer at the first chunk. */
static void answered(struct smtp_server *s, struct smtp_reply *reply)
{
	if (reply->code != 354) {
		refuse(s, SMTP_RULE_NONE, reply);
		return;
	}
	smtp_body_begin(s, true);
	take_chunk(s);
}

static void begin(struct smtp_server *s)
{
	struct smtp_reply reply;
	s->size = 0;
	if (too_big(s, &reply)) { /* before the spool is asked */
		refuse(s, SMTP_RULE_SIZE, &reply);
		return;
	}
	smtp_reply_set(&reply, 354, "", "Go on");
	enum smtp_verdict verdict = s->ops->on_data ? s->ops->on_data(s->ctx, &reply) : SMTP_DONE;
	smtp_session_settle(s, verdict, &reply, answered);
}

void smtp_verb_bdat(struct smtp_server *s, char *args)
{
	struct smtp_reply reply;
	if (!read_args(&s->chunk, args)) {
		hang_up(s, smtp_reply_set(&reply, 501, "5.5.4",
					  "Syntax: BDAT size [LAST]; closing the connection, since "
					  "nobody knows what follows"));
		return;
	}
	if (smtp_verbs_needs_tls(s)) {
		refuse(s, SMTP_RULE_STARTTLS,
		       smtp_reply_set(&reply, 530, "5.7.0", "Send STARTTLS first"));
	} else if (s->state == SMTP_RCPT) {
		begin(s);
	} else if (s->state == SMTP_CHUNKS) {
		take_chunk(s);
	} else {
		smtp_verbs_misplaced(s, "BDAT", &reply);
		refuse(s, SMTP_RULE_NONE, &reply);
	}
}

size_t smtp_chunk_feed(struct smtp_server *s, const char *bytes, size_t n)
{
	struct smtp_chunk *chunk = &s->chunk;
	if (n > chunk->left)
		n = (size_t)chunk->left;
	chunk->left -= n;
	if (!chunk->refusal)
		smtp_data_feed(&s->data, bytes, n);
	if (!chunk->left)
		chunk_over(s);
	return n;
}
