/*
 * The file that `smtpgate backup` writes: a tar archive (POSIX.1-1988 ustar, sizes above 8 GiB as GNU tar writes them), so that
 * tar(1) shows and unpacks it. Its last member, MANIFEST, says when it was made and the SHA-256, size and name of each
 * other, in order: an archive that is cut short or was changed is refused.
 */
#ifndef SMTPGATE_DAEMON_ARCHIVE_H
#define SMTPGATE_DAEMON_ARCHIVE_H

#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>

#define ARCHIVE_NAME 100 /* bytes of a member's name, with NUL */
#define ARCHIVE_MANIFEST "MANIFEST"

struct archive {
	FILE *file;
	const char *path; /* for words */
	struct buf lines; /* of the manifest, of the members so far */
};

/* Each fails with E_IO, E_FULL, ... in the archive's name, or the member's. */

/* Makes `path` (mode 0600, replaced); or opens it to read. */
enum result archive_create(struct archive *a, const char *path, struct err *err);
enum result archive_open(struct archive *a, const char *path, struct err *err);
/* Adds the file `from` as it is now. */
enum result archive_add(struct archive *a, const char *name, const char *from, struct err *err);
/* Writes the manifest and the end, and syncs. made: when, for people. */
enum result archive_finish(struct archive *a, const char *made, struct err *err);
/* The next member. E_NOTFOUND: the archive ended without a manifest; E_CORRUPT: it is no such archive. */
enum result archive_next(struct archive *a, char name[ARCHIVE_NAME], uint64_t *size,
			 struct err *err);
/* Writes its content to a new file `to` (mode 0600), synced. */
enum result archive_extract(struct archive *a, const char *name, uint64_t size, const char *to,
			    struct err *err);
/* The member at hand is the manifest: does it fit? made: n bytes. E_CORRUPT. */
enum result archive_check(struct archive *a, uint64_t size, char *made, size_t n, struct err *err);
/* Closes; NULL members are fine. */
void archive_close(struct archive *a);

#endif
