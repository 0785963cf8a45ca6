/*
 * One new file of a Maildir, from its temporary name to its place: for those who write a message there by themselves. What
 * maildir.h promises of delivery is kept here.
 */
#ifndef SMTPGATE_DELIVER_MAILDIR_FILE_H
#define SMTPGATE_DELIVER_MAILDIR_FILE_H

#include "deliver/folder.h"
#include "deliver/maildir.h"

#include <limits.h>

struct maildir_file {
	struct maildir_namer *namer;
	const struct file_ops *files;
	const char *mailbox;
	int fd;                   /* write the message here */
	int box;                  /* descriptor of the mailbox */
	struct folder_part fresh; /* its new/ */
	char temporary[NAME_MAX + 5], final[NAME_MAX + 5];
};

/* A namer of the machine's clock and host; host: MAILDIR_HOST_MAX bytes that live as long as it does. */
#define MAILDIR_HOST_MAX 150
void maildir_namer_init(struct maildir_namer *namer, char *host);

/* Opens the mailbox (missing cur, new and tmp are made) and a file in its tmp. Fails as maildir_deliver; then there is
 * nothing to end. */
enum result maildir_file_begin(struct maildir_file *f, struct maildir_namer *namer,
			       const struct file_ops *files, const char *mailbox, struct err *err);
/* Syncs the file and gives it its name in new/, durably. After a failure nothing of it is left. Ends it either way. */
enum result maildir_file_commit(struct maildir_file *f, struct err *err);
/* A link to `from`, a file that is whole and synced, as a new message of the mailbox: for one message to many. E_UNSUPPORTED: the disk has no
 * (more) links to it, or it is gone: write another; else as maildir_file_begin. Nothing is left after a failure. */
enum result maildir_file_link(struct maildir_namer *namer, const struct file_ops *files,
			      const char *mailbox, const char *from, struct err *err);
/* Drops it. */
void maildir_file_abort(struct maildir_file *f);

#endif
