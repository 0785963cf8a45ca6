/* What of a message goes out: see outgoing.h. In the lane's thread. */
#include "gateway/outgoing.h"

#include "base/log.h"
#include "mail/asks.h"
#include "mail/eight_bit.h"
#include "mail/header.h"
#include "mail/repair.h"

#include <stdlib.h>
#include <string.h>

#define HEADER_MAX 65536u /* bytes of a header that is rewritten */
#define CHUNK 4096u

/* Reads on until the header has ended. E_LIMIT: it is too long. */
static enum result read_header(const struct spool_message *m, struct mail_header *probe,
			       struct buf *held)
{
	char chunk[CHUNK];
	enum result r = OK;
	while (r == OK && probe->end == MAIL_HEADER_OPEN) {
		ssize_t n = spool_message_read(m, held->len, chunk, sizeof chunk);
		if (n < 0)
			return E_IO;
		if (!n)
			return mail_header_finish(probe);
		if (held->len + (size_t)n > HEADER_MAX)
			return E_LIMIT;
		r = buf_append(held, chunk, (size_t)n);
		if (r == OK)
			r = mail_header_feed(probe, chunk, (size_t)n);
	}
	return r;
}

static enum result put_header(struct outgoing *c, const struct outgoing_want *want,
			      const struct buf *held, size_t header_n)
{
	const struct mail_repair how = {.from = want->from,
					.sender = c->message->envelope.reverse_path,
					.origin = want->origin,
					.hostname = want->hostname};
	const struct mail_repair_text text = {.header = buf_head(held),
					      .header_n = header_n,
					      .body = buf_head(held) + header_n,
					      .body_n = held->len - header_n};
	struct buf notes;
	buf_init(&notes, 0);
	enum result r = mail_repair_header(&how, &text, &c->head, &notes);
	if (r == OK && notes.len && buf_string(&notes))
		LOG(LOG_INFO, c->message->id, "header", "rewritten", F_A("to", want->from),
		    F_S("what", buf_string(&notes)));
	buf_free(&notes);
	c->skip = header_n;
	return r;
}

static enum result rewrite(struct outgoing *c, const struct outgoing_want *want)
{
	struct mail_header probe;
	struct buf held;
	mail_header_init(&probe);
	buf_init(&held, 0); /* bounded by HEADER_MAX */
	enum result r = read_header(c->message, &probe, &held);
	if (r == OK)
		r = buf_string(&held) ? put_header(c, want, &held, (size_t)probe.header_size)
				      : E_NOMEM;
	c->from = r == OK ? want->from : NULL;
	if (r == E_LIMIT) {
		LOG(LOG_WARN, c->message->id, "header", "kept", F_A("not_from", want->from),
		    F_S("why", "it is too long to be rewritten"));
		r = OK;
	}
	buf_free(&held);
	mail_header_free(&probe);
	return r;
}

/* Has the header bytes that go to servers with SMTPUTF8 alone? One above HEADER_MAX is taken to have them. */
static enum result look_for_utf8(struct outgoing *c)
{
	struct mail_header probe;
	struct buf held;
	struct mail_asks asks;
	if (mail_asks_parse(c->message->envelope.asks, &asks) != OK || !asks.utf8)
		return OK;
	mail_header_init(&probe);
	buf_init(&held, 0); /* bounded by HEADER_MAX */
	enum result r = read_header(c->message, &probe, &held);
	c->utf8 = r == E_LIMIT ||
		  (r == OK && mail_eight_bit_in(buf_head(&held), (size_t)probe.header_size));
	buf_free(&held);
	mail_header_free(&probe);
	return r == E_LIMIT ? OK : r;
}

enum result outgoing_make(struct outgoing *c, const struct outgoing_want *want)
{
	char *trace;
	const struct spool_message *m = want->message;
	*c = (struct outgoing){.message = m};
	buf_init(&c->head, 0); /* bounded by what a trace and HEADER_MAX become */
	enum result r =
		mail_trace_format(&m->envelope, want->hostname, m->id, want->recipient, &trace);
	if (r != OK)
		return r;
	r = buf_puts(&c->head, trace);
	free(trace);
	if (r == OK)
		r = look_for_utf8(c);
	if (r == OK && want->from)
		r = rewrite(c, want);
	if (r == OK)
		c->digest = digest_new();
	return r;
}

uint64_t outgoing_size(const struct outgoing *c)
{
	return c->head.len + c->message->size - c->skip;
}

void outgoing_restart(struct outgoing *c)
{
	c->offset = 0;
	c->all_read = false;
	if (c->digest)
		digest_restart(c->digest);
}

static size_t read_head(struct outgoing *c, char *to, size_t n)
{
	if (c->offset >= c->head.len)
		return 0;
	size_t got = c->head.len - (size_t)c->offset;
	got = got < n ? got : n;
	memcpy(to, buf_head(&c->head) + c->offset, got);
	c->offset += got;
	return got;
}

ssize_t outgoing_read(void *ctx, char *to, size_t n)
{
	struct outgoing *c = ctx;
	size_t got = read_head(c, to, n);
	while (got < n) {
		ssize_t r = spool_message_read(c->message, c->offset - c->head.len + c->skip,
					       to + got, n - got);
		if (r < 0)
			return -1;
		if (!r)
			break;
		got += (size_t)r;
		c->offset += (uint64_t)r;
	}
	c->all_read = got < n;
	if (c->digest)
		digest_add(c->digest, to, got);
	return (ssize_t)got;
}

bool outgoing_hash(struct outgoing *c, char hash[DIGEST_HEX])
{
	if (!c->digest || !c->all_read)
		return false;
	digest_end(c->digest, hash);
	return true;
}

void outgoing_free(struct outgoing *c)
{
	buf_free(&c->head);
	digest_free(&c->digest);
}
