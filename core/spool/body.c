/* Bodies beside the database: see body.h. Owns the folder's descriptor. Fails as the disk does. */
#include "spool/body.h"

#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum result bodies_open(struct bodies *b, const char *path, struct err *err)
{
	b->dir = -1;
	if (!path)
		return OK;
	char folder[PATH_MAX];
	if ((size_t)snprintf(folder, sizeof folder, "%s/body", path) >= sizeof folder)
		return err_set(err, E_LIMIT, "%s: the name is too long", path);
	enum result r = file_make_dirs(b->files, folder, 0700, err);
	if (r != OK)
		return r;
	b->dir = b->files->openat(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0);
	return b->dir >= 0 ? OK : err_errno(err, errno, "%s cannot be opened", folder);
}

void bodies_close(struct bodies *b)
{
	if (b->dir >= 0)
		b->files->close(b->dir);
	b->dir = -1;
}

#define NAME_TRIES 20 /* random names that are all taken mean that the random numbers are not */

static void name_new(char kind, char file[BODY_NAME_MAX])
{
	snprintf(file, BODY_NAME_MAX, "%c%016llx", kind,
		 (unsigned long long)clock_random(clock_system()));
}

enum result body_create(struct bodies *b, char file[BODY_NAME_MAX], int *fd, struct err *err)
{
	for (int tries = 0; tries < NAME_TRIES; tries++) {
		name_new('t', file);
		if (b->dir < 0)
			*fd = memfd_create(file, MFD_CLOEXEC);
		else
			*fd = b->files->openat(b->dir, file, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW,
					       0600);
		if (*fd >= 0)
			return OK;
		if (errno != EEXIST)
			return err_errno(err, errno, "the body file %s cannot be made", file);
	}
	/* Never E_EXISTS: to a submit that would mean that the message was taken before. */
	return err_set(err, E_IO, "there is no free name for a body file");
}

/* A name that no file has. Only the side thread gives them, so that none appears between the look
 * and the rename. */
static bool name_free(struct bodies *b, char file[BODY_NAME_MAX])
{
	for (int tries = 0; tries < NAME_TRIES; tries++) {
		name_new('b', file);
		if (b->dir < 0 || faccessat(b->dir, file, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
			return true;
	}
	return false;
}

enum result body_place(struct bodies *b, char file[BODY_NAME_MAX], int fd, struct err *err)
{
	char placed[BODY_NAME_MAX];
	if (!name_free(b, placed))
		return err_set(err, E_IO, "there is no free name for the body file %s", file);
	if (b->dir >= 0) {
		if (b->files->fsync(fd) != 0)
			return err_errno(err, errno, "the body file %s cannot be synced", file);
		if (b->files->renameat(b->dir, file, b->dir, placed) != 0)
			return err_errno(err, errno, "the body file %s cannot be put in place",
					 file);
	}
	memcpy(file, placed, sizeof placed);
	return OK;
}

enum result bodies_sync(struct bodies *b, struct err *err)
{
	if (b->dir >= 0 && b->files->fsync(b->dir) != 0)
		return err_errno(err, errno, "the folder of bodies cannot be synced");
	return OK;
}

int body_read(struct bodies *b, const char *file)
{
	return b->files->openat(b->dir, file, O_RDONLY | O_NOFOLLOW, 0);
}

void body_remove(struct bodies *b, const char *file)
{
	if (b->dir < 0 || b->files->unlinkat(b->dir, file) == 0 || errno == ENOENT)
		return;
	LOG(LOG_WARN, NULL, "spool", "kept a file of no message", F_S("file", file),
	    F_S("cause", strerror(errno)));
}

enum result bodies_each(struct bodies *b, enum result (*fn)(void *ctx, const char *file), void *ctx,
			struct err *err)
{
	int fd = b->dir < 0 ? -1 : openat(b->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (b->dir < 0)
		return OK;
	if (!dir) {
		int cause = errno;
		if (fd >= 0)
			close(fd);
		return err_errno(err, cause, "the folder of bodies cannot be listed");
	}
	enum result r = OK;
	for (struct dirent *d; r == OK && (d = readdir(dir));)
		if (d->d_name[0] != '.')
			r = fn(ctx, d->d_name);
	closedir(dir);
	return r;
}
