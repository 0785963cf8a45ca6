/*
 * A folder that files are put into by several threads at a time: open once for all of them, and synced once for all who wait
 * for it. Each takes part before it puts its file there, so that none misses a failure: what one sync has said of the
 * disk the next does not say again.
 */
#ifndef SMTPGATE_DELIVER_FOLDER_H
#define SMTPGATE_DELIVER_FOLDER_H

#include "base/file.h"

#include <sys/stat.h>

struct folder;

/* One's part in a folder; all zero: none. */
struct folder_part {
	struct folder *folder;
	unsigned failures; /* syncs that had failed before */
};

/* Takes part in the folder `name` of dir, which st is of, opening it when nobody has it. -1 with errno, as openat or for want of
 * memory. Any thread. */
int folder_join(struct folder_part *p, const struct file_ops *files, int dir, const char *name,
		const struct stat *st);
/*
 * What was put into the folder before the call is durable when it returns 0. It waits for one sync under way at most, and
 * for another that serves all who came meanwhile. -1 with errno: that sync failed, or one since folder_join; whoever took part
 * then hears of it.
 */
int folder_sync(const struct folder_part *p);
/* Nothing happens to a part that is none. */
void folder_leave(struct folder_part *p);

#endif
