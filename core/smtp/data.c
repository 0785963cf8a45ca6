/* The data decoder: see data.h. Owns nothing, cannot fail. Linear in its input, whatever that is.
 */
#include "smtp/data.h"

#include <string.h>

/* One feed under way: [run, at) was looked at and not given yet. */
struct scan {
	const char *run, *at, *end;
	const char
		*lf; /* the next LF at or behind `at`, or end: found once, not once for each CR */
};

void smtp_data_init(struct smtp_data *d, void (*sink)(void *ctx, const char *bytes, size_t n),
		    void *ctx)
{
	*d = (struct smtp_data){.sink = sink, .ctx = ctx};
}

static void give(struct smtp_data *d, const char *bytes, size_t n)
{
	if (n)
		d->sink(d->ctx, bytes, n);
}

/* Gives what was looked at up to `to` and goes on behind `next`. */
static void cut(struct smtp_data *d, struct scan *in, const char *to, const char *next)
{
	give(d, in->run, (size_t)(to - in->run));
	in->run = in->at = next;
}

static void bare_cr(struct smtp_data *d)
{
	d->bare_cr = true;
	give(d, " ", 1);
	d->state = SMTP_DATA_TEXT;
}

static void in_start(struct smtp_data *d, struct scan *in)
{
	d->state = SMTP_DATA_TEXT;
	if (d->raw || *in->at != '.')
		return;
	cut(d, in, in->at, in->at + 1);
	d->state = SMTP_DATA_DOT;
}

static void in_dot(struct smtp_data *d, struct scan *in)
{
	d->state = SMTP_DATA_TEXT;
	if (*in->at != '\r')
		return;
	in->run = ++in->at;
	d->state = SMTP_DATA_DOT_CR;
}

static void in_dot_cr(struct smtp_data *d, struct scan *in)
{
	if (*in->at == '\n') {
		in->run = ++in->at;
		d->state = SMTP_DATA_ENDED;
	} else {
		bare_cr(d);
	}
}

static void in_cr(struct smtp_data *d, struct scan *in)
{
	if (*in->at == '\n') {
		give(d, "\r\n", 2);
		in->run = ++in->at;
		d->state = SMTP_DATA_START;
	} else {
		bare_cr(d);
	}
}

static void in_text(struct smtp_data *d, struct scan *in)
{
	if (in->lf < in->at) {
		in->lf = memchr(in->at, '\n', (size_t)(in->end - in->at));
		in->lf = in->lf ? in->lf : in->end;
	}
	const char *cr = memchr(in->at, '\r', (size_t)(in->lf - in->at));
	if (cr && cr + 1 == in->end) {
		cut(d, in, cr, in->end);
		d->state = SMTP_DATA_CR;
	} else if (cr && cr + 1 == in->lf) {
		in->at = in->lf + 1;
		d->state = SMTP_DATA_START;
	} else if (cr) {
		cut(d, in, cr, cr + 1);
		bare_cr(d);
	} else if (in->lf < in->end) {
		cut(d, in, in->lf, in->lf + 1);
		d->bare_lf = true;
		give(d, "\r\n", 2);
		if (d->raw)
			d->state = SMTP_DATA_START; /* no more than: the line is ended */
	} else {
		in->at = in->end;
	}
}

size_t smtp_data_feed(struct smtp_data *d, const char *bytes, size_t n)
{
	static void (*const steps[])(struct smtp_data * d, struct scan * in) = {
		[SMTP_DATA_START] = in_start,   [SMTP_DATA_TEXT] = in_text,
		[SMTP_DATA_CR] = in_cr,         [SMTP_DATA_DOT] = in_dot,
		[SMTP_DATA_DOT_CR] = in_dot_cr,
	};
	if (!n)
		return 0;
	const char *lf = memchr(bytes, '\n', n);
	struct scan in = {bytes, bytes, bytes + n, lf ? lf : bytes + n};
	while (in.at < in.end && d->state != SMTP_DATA_ENDED)
		steps[d->state](d, &in);
	give(d, in.run, (size_t)(in.at - in.run));
	return (size_t)(in.at - bytes);
}

void smtp_data_end(struct smtp_data *d)
{
	if (d->state == SMTP_DATA_CR)
		bare_cr(d);
	if (d->state == SMTP_DATA_TEXT)
		give(d, "\r\n", 2);
	d->state = SMTP_DATA_ENDED;
}
