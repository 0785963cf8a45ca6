/* Message files on disk: see apifile.h. Owns a descriptor, and with it the lock. */
#include "deliver/apifile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_MS 20

/* Is the open file still the one of its name? Who held the lock before may have taken it away. */
static bool still_there(int fd, const char *path)
{
	struct stat a, b;
	return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

static enum result open_once(struct apifile *f, bool make, struct err *err)
{
	struct stat st;
	int flags = O_RDWR | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | (make ? O_CREAT : 0);
	f->fd = f->files->openat(AT_FDCWD, f->path, flags, 0600);
	if (f->fd < 0)
		return err_errno(err, errno, "%s cannot be opened", f->path);
	if (fstat(f->fd, &st) != 0 || !S_ISREG(st.st_mode))
		return err_set(err, E_UNSUPPORTED, "%s is no file", f->path);
	f->size = (uint64_t)st.st_size;
	return OK;
}

enum result apifile_open(struct apifile *f, const struct file_ops *files, const struct clock *clock,
			 const char *path, bool make, int64_t wait, struct err *err)
{
	int64_t until = clock_mono(clock) + wait;
	*f = (struct apifile){.files = files, .path = path, .fd = -1};
	for (;;) {
		enum result r = open_once(f, make, err);
		if (r == OK && flock(f->fd, LOCK_EX | LOCK_NB) == 0 && still_there(f->fd, path)) {
			struct stat st;
			if (fstat(f->fd, &st) == 0)
				f->size = (uint64_t)st.st_size;
			return OK;
		}
		apifile_close(f);
		if (r != OK)
			return r;
		if (clock_mono(clock) >= until)
			return err_set(err, E_BUSY, "%s is in use by another program", path);
		nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
	}
}

void apifile_close(struct apifile *f)
{
	if (f->fd >= 0)
		f->files->close(f->fd);
	f->fd = -1;
}

void apifile_drop(struct apifile *f)
{
	/* what remains of it is a broken message, which costs itself only */
	if (f->files->ftruncate(f->fd, (off_t)f->size) != 0)
		return;
}

enum result apifile_commit(struct apifile *f, struct err *err)
{
	struct stat st;
	if (f->files->fsync(f->fd) == 0 && fstat(f->fd, &st) == 0) {
		f->size = (uint64_t)st.st_size;
		return OK;
	}
	enum result r = err_errno(err, errno, "%s cannot be synced", f->path);
	apifile_drop(f);
	return r;
}

/* ---- what stays ---- */

static enum result sync_folder(struct apifile *f, struct err *err)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(f->path, '/');
	snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - f->path) : 1,
		 slash ? f->path : ".");
	return file_sync_dir(f->files, *folder ? folder : "/", err);
}

static enum result write_ranges(struct apifile *f, int to, const struct apifile_range *ranges,
				size_t count)
{
	struct sink s;
	enum result r = OK;
	sink_file(&s, f->files, to);
	for (size_t i = 0; r == OK && i < count; i++) {
		struct content c =
			content_file(f->fd, ranges[i].start, ranges[i].end - ranges[i].start);
		r = sink_content(&s, &c);
	}
	return r == OK ? sink_flush(&s) : r;
}

enum result apifile_keep(struct apifile *f, const struct apifile_range *ranges, size_t count,
			 struct err *err)
{
	char temporary[PATH_MAX];
	if (!count) {
		if (f->files->unlinkat(AT_FDCWD, f->path) != 0)
			return err_errno(err, errno, "%s cannot be removed", f->path);
		return sync_folder(f, err);
	}
	/* hidden: it lies among the messages of a mailbag, and is none */
	const char *slash = strrchr(f->path, '/'), *name = slash ? slash + 1 : f->path;
	if ((size_t)snprintf(temporary, sizeof temporary, "%.*s.%s.%ld.tmp", (int)(name - f->path),
			     f->path, name, (long)getpid()) >= sizeof temporary)
		return err_set(err, E_LIMIT, "%s is too long a name", f->path);
	int to = f->files->openat(AT_FDCWD, temporary,
				  O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return err_errno(err, errno, "%s cannot be made", temporary);
	enum result r = write_ranges(f, to, ranges, count);
	bool failed = r != OK || f->files->fsync(to) != 0;
	int cause = errno;
	failed = f->files->close(to) != 0 || failed;
	if (!failed && f->files->renameat(AT_FDCWD, temporary, AT_FDCWD, f->path) == 0)
		return sync_folder(f, err);
	r = err_errno(err, failed ? cause : errno, "%s cannot be put in place of %s", temporary,
		      f->path);
	f->files->unlinkat(AT_FDCWD, temporary);
	return r;
}

enum result apifile_write_content(void *content, struct sink *to)
{
	return sink_content(to, content);
}

static enum result write_reason(void *reason, struct sink *to)
{
	enum result r = sink_puts(to, reason);
	return r == OK ? sink_puts(to, "\n") : r;
}

static enum result append(const struct file_ops *files, const char *path,
			  enum result (*write)(void *ctx, struct sink *to), void *ctx,
			  struct err *err)
{
	struct sink s;
	int to = files->openat(AT_FDCWD, path,
			       O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return err_errno(err, errno, "%s cannot be opened", path);
	sink_file(&s, files, to);
	enum result r = write(ctx, &s);
	if (r == OK)
		r = sink_flush(&s);
	if (r != OK || files->fsync(to) != 0)
		r = err_errno(err, errno, "%s cannot be written", path);
	if (files->close(to) != 0 && r == OK)
		r = err_errno(err, errno, "%s cannot be closed", path);
	return r;
}

enum result apifile_set_aside(const struct file_ops *files, const char *base,
			      enum result (*write)(void *ctx, struct sink *to), void *ctx,
			      const char *reason, struct err *err)
{
	char path[PATH_MAX], words[ERR_TEXT_MAX];
	if ((size_t)snprintf(path, sizeof path, "%s.bad", base) >= sizeof path - 4)
		return err_set(err, E_LIMIT, "%s is too long a name", base);
	enum result r = append(files, path, write, ctx, err);
	if (r != OK)
		return r;
	snprintf(words, sizeof words, "%s", reason);
	strcat(path, ".txt");
	return append(files, path, write_reason, words, err);
}
