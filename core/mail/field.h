/* The fields of a header block (RFC 5322 2.2) that is in memory, CRLF or LF lines, cut where they stand: nothing is copied but
 * unfolded values. For a message that passes in pieces there is mail/header.h. */
#ifndef SMTPGATE_MAIL_FIELD_H
#define SMTPGATE_MAIL_FIELD_H

#include "base/buf.h"
#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>

#define MAIL_VALUE_MAX 4096 /* bytes of an unfolded value that is looked at as a whole */

struct mail_field_at {
	const char *line; /* the whole field with its line ends */
	size_t line_n;
	size_t name_n;     /* the name stands at line */
	const char *value; /* behind the colon, folded as it is, without the last line end */
	size_t value_n;
};

/* The field at `at`; the next one is line_n behind it. False at the empty line, at a line that is no field, and at the end. "To : x" is
 * one (RFC 5322 4.5). */
bool mail_field_next(const char *at, const char *end, struct mail_field_at *field);
bool mail_field_is(const struct mail_field_at *field, const char *name);
/* The value on one line, trimmed: what a fold has of blanks is one blank. Control characters become blanks. out is cleared first.
 * OK; E_LIMIT (longer than MAIL_VALUE_MAX) or E_NOMEM: out is empty. */
enum result mail_field_unfold(const struct mail_field_at *field, struct buf *out);

#endif
