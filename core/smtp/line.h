/*
 * Lines out of a stream of bytes, with a bound. A line that lies whole in what is fed is given in
 * place; only one that is split is copied. A longer one than the bound is read to its end and told
 * once, with its head.
 */
#ifndef SMTPGATE_SMTP_LINE_H
#define SMTPGATE_SMTP_LINE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

enum smtp_line_event {
	SMTP_LINE_MORE,  /* no end of line yet: all bytes were taken */
	SMTP_LINE_WHOLE, /* text and n are a line */
	SMTP_LINE_LONG,  /* the line was longer than max: text and n are its first bytes */
	SMTP_LINE_NOMEM, /* the split line cannot be held; the reader is no longer in step */
};

struct smtp_line {
	struct buf held;  /* the part of a line that came so far */
	size_t max;       /* bytes with the line end */
	bool over;        /* the line under way is longer than max */
	bool given;       /* held was given to the caller: the next call drops it */
	bool bare;        /* out: the line ended with LF alone */
	const char *text; /* out: without line end; valid until the next call or until the bytes fed
			     go */
	size_t n;
};

/* max: longest line in bytes, with its end. */
void smtp_line_init(struct smtp_line *l, size_t max);
void smtp_line_free(struct smtp_line *l);
/* Takes bytes up to the next LF; *used is how many. A CR elsewhere than before the LF stays in the
 * text. */
enum smtp_line_event smtp_line_take(struct smtp_line *l, const char *bytes, size_t n, size_t *used);

#endif
