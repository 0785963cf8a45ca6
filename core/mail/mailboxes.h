/* Address lists as people and header fields write them (RFC 5322 3.4): names, comments, groups, angle brackets. */
#ifndef SMTPGATE_MAIL_MAILBOXES_H
#define SMTPGATE_MAIL_MAILBOXES_H

#include "base/result.h"

#include <stddef.h>

/*
 * Calls fn for each address of the list (n bytes, folded or not), spelled as the envelope wants it: `Name <a@b>`, `a@b (Name)`,
 * `Friends: a@b, "c d"@e;`. Empty elements are skipped. Stops at the first result of fn that is not OK and returns it.
 * E_SYNTAX: an element has no address that can be understood; err names it.
 */
enum result mail_mailboxes_read(const char *list, size_t n,
				enum result (*fn)(void *ctx, const char *address, struct err *err),
				void *ctx, struct err *err);

#endif
