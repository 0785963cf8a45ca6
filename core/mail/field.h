/*
 * Walking the fields of a header that is in memory as a whole, CRLF or LF lines: field by field, folded lines with it. For a
 * message that passes in pieces there is mail/header.h.
 */
#ifndef SMTPGATE_MAIL_FIELD_H
#define SMTPGATE_MAIL_FIELD_H

#include <stdbool.h>
#include <stddef.h>

/* One field; n bytes up to behind its last line end. */
struct mail_field_at {
	const char *start;
	size_t name, n;    /* bytes of its name, and of all of it */
	const char *value; /* behind the colon */
};

/* The field at `at`, or false: no field begins here (an empty line, or text). "To : x" is one (RFC 5322 4.5). */
bool mail_field_next(const char *at, const char *end, struct mail_field_at *f);
/* Has it this name, whatever the case? */
bool mail_field_named(const struct mail_field_at *f, const char *name);
/* Bytes of the value. */
size_t mail_field_length(const struct mail_field_at *f);

#endif
