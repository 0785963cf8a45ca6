/*
 * A message file of FFAPI on disk, shared with others who take from it and add to it: who works on it holds its lock (flock) and
 * makes sure that it is still the file of its name.
 */
#ifndef SMTPGATE_DELIVER_APIFILE_H
#define SMTPGATE_DELIVER_APIFILE_H

#include "base/clock.h"
#include "base/file.h"
#include "translate/sink.h"

#include <stdbool.h>

struct apifile {
	const struct file_ops *files;
	const char *path;
	int fd;
	uint64_t size; /* when it was opened */
};

/*
 * Opens it and takes its lock, waiting `wait` ms at most. make: it is made when it is absent. E_NOTFOUND: absent; E_BUSY: another
 * holds it; E_UNSUPPORTED: no regular file; else as opening fails. apifile_close must follow an OK.
 */
enum result apifile_open(struct apifile *f, const struct file_ops *files, const struct clock *clock,
			 const char *path, bool make, int64_t wait, struct err *err);
void apifile_close(struct apifile *f);
/* Syncs what was appended; after a failure, or with drop, the file is what it was before. */
enum result apifile_commit(struct apifile *f, struct err *err);
void apifile_drop(struct apifile *f);

/* A piece of the file that stays. */
struct apifile_range {
	uint64_t start, end;
};
/* Leaves only these ranges in the file (none: the file goes), durably: never less. */
enum result apifile_keep(struct apifile *f, const struct apifile_range *ranges, size_t count,
			 struct err *err);
/* Appends a message that is no good to BASE.bad, and a line with the reason to BASE.bad.txt, synced: what `write` writes with ctx. */
enum result apifile_set_aside(const struct file_ops *files, const char *base,
			      enum result (*write)(void *ctx, struct sink *to), void *ctx,
			      const char *reason, struct err *err);
/* A `write` for it: ctx is a struct content. */
enum result apifile_write_content(void *content, struct sink *to);

#endif
