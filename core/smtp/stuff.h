/*
 * The content of a message as it goes out after 354 (RFC 5321 4.5.2), or in chunks (RFC 3030): dots stuffed, every line
 * ended by CRLF. Whatever the content, no bare CR, no bare LF and no early end of data goes out
 * (CVE-2023-51764): a bare LF becomes CRLF, a bare CR a blank, and a NUL at the start of a line a
 * blank too, since some servers drop NULs before they look for the end.
 */
#ifndef SMTPGATE_SMTP_STUFF_H
#define SMTPGATE_SMTP_STUFF_H

#include "base/buf.h"
#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>

enum smtp_stuff_state { SMTP_STUFF_START, SMTP_STUFF_TEXT, SMTP_STUFF_CR };

/* Zeroed: the start of a message. */
struct smtp_stuff {
	enum smtp_stuff_state state;
	bool chunks; /* for BDAT: dots are content, and nothing marks the end */
};

#define SMTP_STUFF_END 6 /* bytes that smtp_stuff_end appends at most */
/* Bytes that n bytes of content take at most. */
#define SMTP_STUFF_ROOM(n) (2 * (n) + 2)

/* Appends n bytes of content: OK, or what buf_append says. */
enum result smtp_stuff_feed(struct smtp_stuff *s, struct buf *out, const char *bytes, size_t n);
/* Appends the line end that is missing and the end of data. */
enum result smtp_stuff_end(struct smtp_stuff *s, struct buf *out);

#endif
