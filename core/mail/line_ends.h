/*
 * Line ends as programs write them: LF, CR LF, any CRs before an LF, and CRs alone each end one line. What comes in pieces, split
 * wherever they are, goes on as lines. Pure.
 */
#ifndef SMTPGATE_MAIL_LINE_ENDS_H
#define SMTPGATE_MAIL_LINE_ENDS_H

#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>

struct mail_line_ends {
	/* A piece of a line, without its end; the line has ended. What they return other than OK is returned. */
	enum result (*text)(void *ctx, const char *bytes, size_t n);
	enum result (*end)(void *ctx);
	void *ctx;
	bool cr, open; /* CRs were last; a line has begun */
};

enum result mail_line_ends_put(struct mail_line_ends *e, const char *bytes, size_t n);
/* There is no more: a line that has begun ends. */
enum result mail_line_ends_over(struct mail_line_ends *e);

#endif
