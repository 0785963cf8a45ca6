/* Line ends: see line_ends.h. Owns nothing. */
#include "mail/line_ends.h"

static enum result put_text(struct mail_line_ends *e, const char *bytes, size_t n)
{
	if (!n)
		return OK;
	e->open = true;
	return e->text(e->ctx, bytes, n);
}

static enum result end_line(struct mail_line_ends *e)
{
	e->open = e->cr = false;
	return e->end(e->ctx);
}

enum result mail_line_ends_put(struct mail_line_ends *e, const char *bytes, size_t n)
{
	enum result r = OK;
	size_t from = 0;
	for (size_t i = 0; r == OK && i < n; i++) {
		const bool cr = bytes[i] == '\r', lf = bytes[i] == '\n';
		if (!cr && !lf && !e->cr)
			continue;
		r = put_text(e, bytes + from, i - from);
		from = i + (cr || lf);
		if (r == OK && (lf || (e->cr && !cr)))
			r = end_line(e);
		e->cr = cr;
	}
	return r == OK ? put_text(e, bytes + from, n - from) : r;
}

enum result mail_line_ends_over(struct mail_line_ends *e)
{
	return e->cr || e->open ? end_line(e) : OK;
}
