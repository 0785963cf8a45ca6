/*
 * Writing into the maildrop: see spool.h. A file is NAME.PID.tmp until it is whole and synced. Its envelope stands in front of
 * content of a size that nobody knows yet, so the two lines that depend on it are of one length, and are written again at
 * the end. Owns one descriptor between begin and finish.
 */
#include "base/buf.h"
#include "base/text.h"
#include "spool/maildrop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void spool_maildrop_name(char out[SPOOL_MAILDROP_NAME])
{
	static atomic_uint made; /* many a millisecond keep their order */
	const struct clock *clock = clock_system();
	snprintf(out, SPOOL_MAILDROP_NAME, MAILDROP_PREFIX "%013lld-%06x-%016llx",
		 (long long)clock_wall(clock), atomic_fetch_add(&made, 1) & 0xffffff,
		 (unsigned long long)clock_random(clock));
}

/* ---- the folder ---- */

/* Users other than the gateway's may write into the folder but not list it, so they cannot sync it either: then all of the disk is. */
static bool sync_unseen(const char *whole)
{
	int fd = open(whole, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	bool synced = fd >= 0 && syncfs(fd) == 0;
	if (fd >= 0)
		close(fd);
	return synced;
}

/* One that is there is as spool_maildrop_make left it. */
static enum result make_folder(const struct file_ops *files, const char *path, struct err *err)
{
	enum result r =
		access(path, W_OK | X_OK) == 0 ? OK : file_make_dirs(files, path, 0700, err);
	if (r != OK || access(path, W_OK | X_OK) == 0)
		return r;
	r = err_errno(err, errno, "%s cannot be written to", path);
	err_remedy(err, "start the gateway once: it opens the folder for all users");
	return r;
}

enum result spool_maildrop_make(const struct file_ops *files, const char *path, struct err *err)
{
	char whole[PATH_MAX];
	struct stat st;
	if ((size_t)snprintf(whole, sizeof whole, "%s/maildrop", path) >= sizeof whole)
		return err_set(err, E_LIMIT, "%s: the name is too long", path);
	enum result r = file_make_dirs(files, whole, 0700, err);
	if (r != OK || stat(path, &st) != 0)
		return r != OK ? r : err_errno(err, errno, "%s cannot be looked at", path);
	/* the files beside it are the gateway's alone; through the spool, others only pass */
	const uid_t me = geteuid();
	if ((!me || st.st_uid == me) && (st.st_mode & 0011) != 0011 &&
	    chmod(path, (st.st_mode & 07777) | 0011) != 0)
		return err_errno(err, errno, "%s cannot get its mode", path);
	if (stat(whole, &st) == 0 && (!me || st.st_uid == me) && (st.st_mode & 07777) != 03733 &&
	    chmod(whole, 03733) != 0)
		return err_errno(err, errno, "%s cannot get its mode", whole);
	return OK;
}

/* ---- the envelope ---- */

static enum result put_line(struct buf *b, const char *name, const char *value, struct err *err)
{
	for (const char *c = value; *c; c++)
		if ((unsigned char)*c < ' ')
			return err_set(err, E_SYNTAX, "the envelope's %s holds a control character",
				       name);
	return buf_printf(b, "%s %s\n", name, value);
}

/* The end of the envelope: always as long. */
static enum result put_last(struct buf *b, bool eight_bit, uint64_t size)
{
	return buf_printf(b, "eight_bit %d\nsize %020llu\n\n", eight_bit, (unsigned long long)size);
}

static enum result put_envelope(struct buf *b, const struct mail_envelope *e, struct err *err)
{
	const struct {
		const char *name, *value;
	} lines[] = {{"from", e->reverse_path}, {"listener", e->listener},
		     {"protocol", e->protocol}, {"client", e->client},
		     {"helo", e->helo},         {"asks", e->asks}};
	enum result r = buf_puts(b, MAILDROP_FIRST);
	for (size_t i = 0; r == OK && i < sizeof lines / sizeof *lines; i++)
		r = put_line(b, lines[i].name, lines[i].value ? lines[i].value : "", err);
	if (r == OK && e->repaired && *e->repaired)
		r = put_line(b, "repaired", e->repaired, err);
	for (size_t i = 0; r == OK && i < e->count; i++) {
		r = put_line(b, "to", e->recipients[i], err);
		if (r == OK && *e->asks_of[i])
			r = put_line(b, "asks-of", e->asks_of[i], err);
	}
	return r == OK ? buf_printf(b, "arrived %lld\npriority %d\n", (long long)e->arrived,
				    (int)e->priority)
		       : r;
}

/* ---- the file ---- */

static enum result find_path(struct spool_maildrop_file *f, const char *path, const char *name,
			     struct err *err)
{
	enum result r = maildrop_path(f->whole, path, name, "", err);
	if (r == OK && (size_t)snprintf(f->temporary, sizeof f->temporary, "%s.%ld.tmp", f->whole,
					(long)getpid()) >= sizeof f->temporary)
		return err_set(err, E_LIMIT, "%s: the name is too long", f->whole);
	if (r != OK)
		return r;
	char *slash = strrchr(f->whole, '/');
	*slash = '\0';
	r = make_folder(f->files, f->whole, err);
	*slash = '/';
	return r;
}

/* Never into a file that is there already: its mode and its links are not ours. */
static enum result create(struct spool_maildrop_file *f, struct err *err)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
	/* the folder's group is the gateway's: it may read what users write */
	f->fd = f->files->openat(AT_FDCWD, f->temporary, flags, 0640);
	if (f->fd < 0 && errno == EEXIST && f->files->unlinkat(AT_FDCWD, f->temporary) == 0)
		f->fd = f->files->openat(AT_FDCWD, f->temporary, flags, 0640);
	return f->fd >= 0 ? OK : err_errno(err, errno, "%s cannot be made", f->temporary);
}

static enum result write_envelope(struct spool_maildrop_file *f, const struct mail_envelope *e,
				  struct err *err)
{
	struct buf b;
	buf_init(&b, 0);
	enum result r = put_envelope(&b, e, err);
	f->last = (off_t)b.len;
	if (r == OK)
		r = put_last(&b, false, 0);
	if (r == E_NOMEM)
		err_set(err, r, "no memory for the envelope");
	if (r == OK) {
		r = file_write_all(f->files, f->fd, buf_head(&b), b.len);
		if (r != OK)
			err_errno(err, errno, "%s cannot be written", f->temporary);
	}
	buf_free(&b);
	return r;
}

enum result spool_maildrop_begin(struct spool_maildrop_file *f, const struct file_ops *files,
				 const char *path, const char *name,
				 const struct mail_envelope *envelope, struct err *err)
{
	*f = (struct spool_maildrop_file){.files = files, .fd = -1};
	enum result r = find_path(f, path, name, err);
	if (r == OK && !envelope->count)
		r = err_set(err, E_RANGE, "a message needs a recipient");
	if (r != OK) {
		*f->temporary = '\0';
		return r;
	}
	r = create(f, err);
	if (r == OK)
		r = write_envelope(f, envelope, err);
	if (r != OK)
		spool_maildrop_abort(f);
	return r;
}

enum result spool_maildrop_put(struct spool_maildrop_file *f, const void *bytes, size_t n)
{
	f->size += n;
	return n ? file_write_all(f->files, f->fd, bytes, n) : OK;
}

enum result spool_maildrop_finish(struct spool_maildrop_file *f, bool eight_bit, struct err *err)
{
	struct buf b;
	buf_init(&b, 0);
	enum result r = put_last(&b, eight_bit, f->size);
	if (r != OK)
		err_set(err, r, "no memory for the envelope");
	if (r == OK && (lseek(f->fd, f->last, SEEK_SET) < 0 ||
			file_write_all(f->files, f->fd, buf_head(&b), b.len) != OK))
		r = err_errno(err, errno, "%s cannot be written", f->temporary);
	buf_free(&b);
	if (r == OK && f->files->fsync(f->fd) != 0)
		r = err_errno(err, errno, "%s cannot be synced", f->temporary);
	if (f->files->close(f->fd) != 0 && r == OK)
		r = err_errno(err, errno, "%s cannot be closed", f->temporary);
	f->fd = -1;
	if (r != OK)
		spool_maildrop_abort(f);
	return r;
}

enum result spool_maildrop_publish(struct spool_maildrop_file *f, struct err *err)
{
	char *slash = strrchr(f->whole, '/');
	if (f->files->renameat(AT_FDCWD, f->temporary, AT_FDCWD, f->whole) != 0) {
		enum result r = err_errno(err, errno, "%s cannot be put in place", f->whole);
		spool_maildrop_abort(f);
		return r;
	}
	*f->temporary = '\0';
	*slash = '\0';
	enum result r = file_sync_dir(f->files, f->whole, err);
	*slash = '/';
	if (r == E_DENIED && sync_unseen(f->whole))
		r = OK;
	if (r !=
	    OK) /* in place, but perhaps not for good: the caller is told that it is not sent */
		f->files->unlinkat(AT_FDCWD, f->whole);
	return r;
}

void spool_maildrop_abort(struct spool_maildrop_file *f)
{
	if (f->fd >= 0)
		f->files->close(f->fd);
	f->fd = -1;
	if (*f->temporary)
		f->files->unlinkat(AT_FDCWD, f->temporary);
	*f->temporary = '\0';
}

/* ---- of what is in memory ---- */

enum result spool_maildrop_write(const struct file_ops *files, const char *path,
				 const struct mail_envelope *envelope, const void *data, size_t n,
				 struct err *err)
{
	char name[SPOOL_MAILDROP_NAME];
	spool_maildrop_name(name);
	return spool_maildrop_write_as(files, path, name, envelope, data, n, err);
}

enum result spool_maildrop_write_as(const struct file_ops *files, const char *path,
				    const char *name, const struct mail_envelope *envelope,
				    const void *data, size_t n, struct err *err)
{
	struct spool_maildrop_file f;
	enum result r = spool_maildrop_begin(&f, files, path, name, envelope, err);
	if (r != OK)
		return r;
	if (spool_maildrop_put(&f, data, n) != OK) {
		r = err_errno(err, errno, "%s cannot be written", f.temporary);
		spool_maildrop_abort(&f);
		return r;
	}
	r = spool_maildrop_finish(&f, envelope->eight_bit, err);
	return r == OK ? spool_maildrop_publish(&f, err) : r;
}
