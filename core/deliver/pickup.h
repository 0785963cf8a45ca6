/*
 * A pickup folder: programs drop files into it, each becomes mail in the gateway's maildrop, exactly once. A file's way:
 *
 *	NAME --rest, nobody writes, nobody locks--> .ID.NAME --in the maildrop, synced--> gone, or ARCHIVE/ID.NAME
 *	                                               |
 *	                                               +--no good--> NAME.bad, and NAME.bad.txt with the reason
 *
 * The rename comes before the read, so a program that writes the same NAME again makes a new file and never changes ours. ID is the
 * name of the message in the maildrop: a crash at any place leads to the same ID again, and the spool takes an ID once (for as
 * long as the history keeps it). The rename is synced before the maildrop, the maildrop before the file goes.
 *
 * Functions block as the disk does; one thread at a time for one folder.
 */
#ifndef SMTPGATE_DELIVER_PICKUP_H
#define SMTPGATE_DELIVER_PICKUP_H

#include "base/clock.h"
#include "base/file.h"
#include "base/region.h"
#include "conf/settings.h"

#include <stdbool.h>
#include <stdint.h>

struct pickup {
	const struct file_ops *files;
	const struct clock *clock;
	const struct conf_pickup *conf;
	const char *spool;                  /* whose maildrop gets the mail */
	const char *hostname;               /* of Message-ID */
	const char *origin;                 /* behind addresses without @ */
	const char *charset;                /* of texts in MMFF */
	const struct conf_profile *profile; /* what is put right of mail; NULL: nothing */
	/* As of struct native (native.h). */
	enum result (*address)(void *ctx, const char *native, struct region *region,
			       const char **out);
	/* Told of each file that is done with: what it was, from whom to how many, or, with a reason, that it is set aside. */
	void (*tell)(void *ctx, const char *name, const char *from, size_t recipients,
		     const char *reason);
	void *ctx;
};

/* What was seen of a file, and why it is not taken. */
struct pickup_file {
	char *name; /* owned by the list */
	uint64_t inode, size;
	int64_t modified; /* ns of the folder's own clock */
	int64_t since;    /* clock_mono: size and time are as they are since then */
	bool taken;       /* an .ID.NAME that was left */
	bool never;       /* its name or kind keeps it from ever being taken */
	char reason[192];
};
struct pickup_list {
	struct pickup_file *files; /* by name */
	size_t count, cap;
	size_t bad;  /* set aside, lying in the folder */
	size_t more; /* not looked at: the list is full */
};
#define PICKUP_FILES_MAX 10000 /* that may be taken; what never is counts apart */
#define PICKUP_NEVER_MAX 200
void pickup_list_free(struct pickup_list *l);

/* Are the folder and those of `archive` and `bad` there, on one disk, and ours to write? The latter two are made. err says what to do. */
enum result pickup_ready(const struct pickup *p, struct err *err);
/*
 * Looks at the folder once and takes what has rested, at most PICKUP_BATCH files. The list is what the last call left, at first
 * all 0. *next: ms until something may be ready (at most `poll`; 0: more is ready now). OK, or why the folder cannot be
 * read; what is wrong with one file is said in its entry of the list and stops no other.
 */
enum result pickup_run(const struct pickup *p, struct pickup_list *list, int64_t *next,
		       struct err *err);
#define PICKUP_BATCH 100

#endif
