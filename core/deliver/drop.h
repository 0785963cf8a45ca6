/*
 * Drop folders: a file for each message, as the Drop folder of IIS SMTP holds them, for programs that take their mail from
 * there. A file begins with lines x-sender and x-receiver, one for each recipient, in front of the message as it came, CRLF
 * and all. It is written under a name with a dot in front, synced, and renamed to its own, and the folder is synced: readers
 * see it whole or not at all, and what was answered OK is there after a crash.
 */
#ifndef SMTPGATE_DELIVER_DROP_H
#define SMTPGATE_DELIVER_DROP_H

#include "base/file.h"
#include "spool/digest.h"
#include "spool/spool.h"

struct drop {
	const struct file_ops *files;
	const char *folder;
	const char *name; /* of the file, without folder and ".eml" */
	const char *const *recipients;
	size_t count;
	const char *head; /* put before the message: Received, with CRLF */
};

/*
 * Writes the message into the folder as NAME.eml, mode 0640; a file of this name is replaced: the same name for the same
 * message makes that an attempt after a crash leaves one file. sent: the SHA-256 of the file goes there; may be NULL. Any
 * thread; may block on the disk. E_FULL, E_DENIED, E_NOTFOUND (the folder is gone), E_IO: nothing was delivered, unless a
 * reader took the file in the moment between its name and a failed sync.
 */
enum result drop_deliver(const struct drop *d, const struct spool_message *m, char sent[DIGEST_HEX],
			 struct err *err);

#endif
