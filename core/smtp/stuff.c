/* The data encoder: see stuff.h. Owns nothing; fails when the output does. Linear in its input. */
#include "smtp/stuff.h"

#include <string.h>

/* One feed under way: [run, at) was looked at and not appended yet. The first failure stays. */
struct scan {
	const char *run, *at, *end;
	const char *lf; /* the next LF at or behind `at`, or end */
	struct buf *out;
	enum result r;
};

static void put(struct scan *in, const char *bytes, size_t n)
{
	if (in->r == OK && n)
		in->r = buf_append(in->out, bytes, n);
}

/* Appends what was looked at up to `to`, then `instead`, and goes on at `next`. */
static void cut(struct scan *in, const char *to, const char *instead, const char *next)
{
	put(in, in->run, (size_t)(to - in->run));
	put(in, instead, strlen(instead));
	in->run = in->at = next;
}

static void in_start(struct smtp_stuff *s, struct scan *in)
{
	s->state = SMTP_STUFF_TEXT;
	if (*in->at == '.' && !s->chunks)
		cut(in, in->at, ".", in->at);
	else if (*in->at == '\0')
		cut(in, in->at, " ", in->at + 1);
}

static void in_cr(struct smtp_stuff *s, struct scan *in)
{
	if (*in->at == '\n') {
		cut(in, in->at, "\r\n", in->at + 1);
		s->state = SMTP_STUFF_START;
	} else {
		put(in, " ", 1);
		s->state = SMTP_STUFF_TEXT;
	}
}

static void in_text(struct smtp_stuff *s, struct scan *in)
{
	if (in->lf < in->at) {
		in->lf = memchr(in->at, '\n', (size_t)(in->end - in->at));
		in->lf = in->lf ? in->lf : in->end;
	}
	const char *cr = memchr(in->at, '\r', (size_t)(in->lf - in->at));
	if (cr && cr + 1 == in->end) {
		cut(in, cr, "", in->end);
		s->state = SMTP_STUFF_CR;
	} else if (cr && cr + 1 == in->lf) {
		in->at = in->lf + 1;
		s->state = SMTP_STUFF_START;
	} else if (cr) {
		cut(in, cr, " ", cr + 1);
	} else if (in->lf < in->end) {
		cut(in, in->lf, "\r\n", in->lf + 1);
		s->state = SMTP_STUFF_START;
	} else {
		in->at = in->end;
	}
}

enum result smtp_stuff_feed(struct smtp_stuff *s, struct buf *out, const char *bytes, size_t n)
{
	static void (*const steps[])(struct smtp_stuff * s, struct scan * in) = {
		[SMTP_STUFF_START] = in_start,
		[SMTP_STUFF_TEXT] = in_text,
		[SMTP_STUFF_CR] = in_cr,
	};
	if (!n)
		return OK;
	const char *lf = memchr(bytes, '\n', n);
	struct scan in = {bytes, bytes, bytes + n, lf ? lf : bytes + n, out, OK};
	while (in.at < in.end && in.r == OK)
		steps[s->state](s, &in);
	put(&in, in.run, (size_t)(in.at - in.run));
	return in.r;
}

enum result smtp_stuff_end(struct smtp_stuff *s, struct buf *out)
{
	static const char *const ends[] = {
		[SMTP_STUFF_START] = ".\r\n",
		[SMTP_STUFF_TEXT] = "\r\n.\r\n",
		[SMTP_STUFF_CR] = " \r\n.\r\n",
	};
	size_t n = strlen(ends[s->state]);
	return buf_append(out, ends[s->state], s->chunks ? n - strlen(".\r\n") : n);
}
