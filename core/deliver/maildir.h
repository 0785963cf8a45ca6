/*
 * Maildir: delivery into folders that other programs read while we write
 * (https://cr.yp.to/proto/maildir.html). A message is written below tmp/, synced, and renamed into
 * new/, whose folder is synced, once for all who deliver there at a time: readers see it whole or not at all, and what was answered OK is
 * there after a crash. A file that a crash leaves in tmp/ is nobody's mail; readers of the Maildir
 * remove it after 36 hours.
 *
 * Mailboxes of a postoffice are PATH/NAME; a name's case is the sender's, the folder's is the
 * disk's.
 */
#ifndef SMTPGATE_DELIVER_MAILDIR_H
#define SMTPGATE_DELIVER_MAILDIR_H

#include "base/clock.h"
#include "base/file.h"
#include "spool/digest.h"
#include "spool/spool.h"

#define MAILDIR_NAME_MAX 64 /* bytes of a mailbox's name */

/* May a mailbox be called so? Not empty, no '/', no leading '.', no control character, not too
 * long. */
bool maildir_name_ok(const char *name);

/*
 * Finds the mailbox `name` below path: the folder of exactly this name, else the first in byte
 * order that differs in the case of ASCII letters alone. Writes its name on disk; n >
 * MAILDIR_NAME_MAX. E_NOTFOUND: there is none, or no mailbox can have this name; else as reading
 * the folder fails (errno is set).
 */
enum result maildir_find(const char *path, const char *name, char *on_disk, size_t n);

/* Is there any folder below path that may be a mailbox (the log's is none)? A postoffice has that of its admin at least, so without one
 * its share is away: the mount point is empty, or not even there. */
bool maildir_there(const char *path);

/* Makes the mailbox with cur, new and tmp, durably, mode 0700; parts that are there already are
 * fine. E_SYNTAX: the name. It does not look for a name that differs in case: maildir_find before.
 */
enum result maildir_make(const struct file_ops *files, const char *path, const char *name,
			 struct err *err);

/*
 * Delivers the message into the folder `mailbox` (PATH/NAME), with LF line ends, as a file of mode
 * 0600. head: lines put before the content (Return-Path, Delivered-To, Received), CRLF or LF.
 * Missing cur, new and tmp are made. sent: the SHA-256 of the file's content goes there; may be
 * NULL. Any thread, several at a time, into one mailbox too; may block
 * on the disk. E_FULL, E_DENIED, E_NOTFOUND (the mailbox is gone), E_IO: nothing was delivered,
 * unless a reader took the message in the moment between its name and a failed sync.
 */
enum result maildir_deliver(const struct file_ops *files, const char *mailbox,
			    const struct spool_message *m, const char *head, char sent[DIGEST_HEX],
			    struct err *err);

/* What makes names unique (TIME.MmicrosPpidQcounter.host). maildir_deliver has one of its own for
 * the process. */
struct maildir_namer {
	const struct clock *clock;
	const char *host;   /* '/' and ':' in it are escaped; E_LIMIT when it is empty or above 150
			       bytes */
	unsigned delivered; /* atomic: names made so far */
};
/* maildir_deliver with a namer given: for tests. */
enum result maildir_deliver_as(struct maildir_namer *namer, const struct file_ops *files,
			       const char *mailbox, const struct spool_message *m, const char *head,
			       char sent[DIGEST_HEX], struct err *err);

#endif
