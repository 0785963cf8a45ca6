/*
 * Encapsulation: a whole native message as the one attachment of another, so that To, Cc, subject, priority and attachments reach
 * another postoffice as they are. How the original did it was never published: this is ours, and needs to understand only
 * itself.
 */
#ifndef SMTPGATE_TOOLS_WRAP_H
#define SMTPGATE_TOOLS_WRAP_H

#include "base/file.h"
#include "translate/neutral.h"

#define WRAP_NAME "MESSAGE.API" /* of the attachment that is a message */

/* Is there a native recipient? Only then a message is worth it. */
bool wrap_wanted(const struct neutral *n);
/* Writes n in MMFF (Extended) into a file without a name in `folder` and makes *outer of it: same sender, recipients, subject and
 * date. *fd is open until the caller has written outer. */
enum result wrap(const struct neutral *n, const struct file_ops *files, const char *folder,
		 struct neutral *outer, int *fd, struct err *err);
/* Is n such a message? Then *inner is what it carries; else E_NOTFOUND. */
enum result unwrap(const struct neutral *n, struct neutral *inner);

#endif
