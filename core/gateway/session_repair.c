/*
 * Putting right what an old client sends, on its way into the spool. Part of session.h. The header and the beginning of the body are
 * held until it is known what they lack; then all goes on as it comes. A header above HEADER_MAX passes as it is, and that is noted.
 * Owns what is held.
 */
#include "gateway/session_internal.h"

#include "mail/date.h"
#include "mail/repair.h"

#define HEADER_MAX 65536u /* bytes of a header that is repaired */
#define SAMPLE \
	16384u /* bytes of the body by which its charset is guessed, where that is asked for */

/* Whose own program it is may leave out what a server on the way must not add (RFC 6409 sections 8.3 and 8.4). */
static unsigned repairs_of(const struct session *s)
{
	return s->profile->repair |
	       (s->conf->mode == CONF_MODE_SUBMISSION ? MAIL_REPAIR_DATE | MAIL_REPAIR_MESSAGE_ID
						      : 0);
}

void session_repair_begin(struct session *s)
{
	s->repairing = repairs_of(s) || s->profile->from;
	mail_header_init(&s->probe);
	buf_init(&s->held, 0); /* bounded by HEADER_MAX, SAMPLE and what one call brings */
}

static enum result pass(struct session *s)
{
	s->repairing = false;
	enum result r = session_mail_keep(s, buf_head(&s->held), s->held.len);
	buf_free(&s->held);
	return r;
}

static enum result give_up(struct session *s)
{
	enum result r = buf_puts(&s->notes, s->notes.len ? "; header too long" : "header too long");
	return r == OK ? pass(s) : r;
}

/* The header is whole: the new one goes on instead, and what is held behind it. */
static enum result mend(struct session *s, bool whole)
{
	const struct clock *clock = s->lane->vendor->g->clock;
	const struct conf_gateway *g = &s->settings->gateway;
	size_t head = (size_t)s->probe.header_size;
	int64_t now = clock_wall(clock);
	const struct mail_repair how = {
		.what = repairs_of(s),
		.from = s->profile->from,
		.sender = s->envelope.reverse_path,
		.origin = g->origin,
		.hostname = g->hostname,
		.now = now,
		.offset = mail_date_offset(now),
		.random = clock_random(clock),
	};
	const struct mail_repair_text text = {
		.header = buf_head(&s->held),
		.header_n = head,
		.body = buf_head(&s->held) + head,
		.body_n = s->held.len - head,
		.whole = whole,
	};
	struct buf out;
	buf_init(&out, 0);
	enum result r = mail_repair_header(&how, &text, &out, &s->notes);
	if (r == OK)
		r = session_mail_keep(s, buf_head(&out), out.len);
	buf_free(&out);
	buf_consume(&s->held, head);
	return r == OK ? pass(s) : r;
}

enum result session_repair_feed(struct session *s, const char *bytes, size_t n)
{
	if (!s->repairing)
		return session_mail_keep(s, bytes, n);
	enum result r = mail_header_feed(&s->probe, bytes, n);
	if (r == OK)
		r = buf_append(&s->held, bytes, n);
	if (r != OK)
		return r;
	bool open = s->probe.end == MAIL_HEADER_OPEN;
	/* by its size, not by how much of it came at once */
	if ((open ? s->held.len : s->probe.header_size) > HEADER_MAX)
		return give_up(s);
	if (open)
		return OK;
	const size_t sample = s->profile->repair & MAIL_REPAIR_CHARSET ? SAMPLE : 0;
	return s->held.len >= s->probe.header_size + sample ? mend(s, false) : OK;
}

enum result session_repair_finish(struct session *s)
{
	if (!s->repairing)
		return OK;
	enum result r = mail_header_finish(&s->probe);
	return r == OK ? mend(s, true) : r;
}

void session_repair_drop(struct session *s)
{
	s->repairing = false;
	mail_header_free(&s->probe);
	buf_free(&s->held);
	buf_free(&s->notes);
}
