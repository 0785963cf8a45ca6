/* Safe files: see file.h. The only place in base that writes to disk. */
#include "base/file.h"

#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int sys_openat(int dir, const char *path, int flags, mode_t mode)
{
	return openat(dir, path, flags | O_CLOEXEC, mode);
}
static int sys_linkat(int from_dir, const char *from, int to_dir, const char *to)
{
	return linkat(from_dir, from, to_dir, to, 0);
}
static int sys_unlinkat(int dir, const char *path)
{
	return unlinkat(dir, path, 0);
}

const struct file_ops *file_system(void)
{
	static const struct file_ops ops = {
		.openat = sys_openat,
		.write = write,
		.fsync = fsync,
		.renameat = renameat,
		.linkat = sys_linkat,
		.unlinkat = sys_unlinkat,
		.ftruncate = ftruncate,
		.mkdirat = mkdirat,
		.close = close,
	};
	return &ops;
}

enum result file_write_all(const struct file_ops *ops, int fd, const void *bytes, size_t n)
{
	const char *p = bytes;
	while (n) {
		ssize_t w = ops->write(fd, p, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0) {
			if (!w)
				errno = ENOSPC;
			return result_of_errno(errno);
		}
		p += w;
		n -= (size_t)w;
	}
	return OK;
}

enum result file_sync_dir(const struct file_ops *ops, const char *path, struct err *err)
{
	int fd = ops->openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return err_errno(err, errno, "%s cannot be opened", path);
	enum result r = OK;
	if (ops->fsync(fd) != 0)
		r = err_errno(err, errno, "%s cannot be synced", path);
	ops->close(fd);
	return r;
}

/* The folder of a path: "." for a bare name. */
static void folder_of(const char *path, char *out, size_t n)
{
	const char *slash = strrchr(path, '/');
	if (!slash)
		snprintf(out, n, ".");
	else if (slash == path)
		snprintf(out, n, "/");
	else
		snprintf(out, n, "%.*s", (int)(slash - path), path);
}

/* Gives back what the umask took; a file system without modes is left alone. */
static bool is_granted(int fd, mode_t mode)
{
	struct stat st;
	return fstat(fd, &st) == 0 && (!(mode & ~st.st_mode) || fchmod(fd, mode) == 0);
}

enum result file_replace(const struct file_ops *ops, const char *path, const void *bytes, size_t n,
			 mode_t mode, struct err *err)
{
	char temporary[PATH_MAX], folder[PATH_MAX];
	if ((size_t)snprintf(temporary, sizeof temporary, "%s.%ld.tmp", path, (long)getpid()) >=
	    sizeof temporary)
		return err_set(err, E_LIMIT, "%s: the name is too long", path);
	folder_of(path, folder, sizeof folder);
	/* never into a file that is there already: its mode and its links are not ours */
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
	int fd = ops->openat(AT_FDCWD, temporary, flags, mode);
	if (fd < 0 && errno == EEXIST && ops->unlinkat(AT_FDCWD, temporary) == 0)
		fd = ops->openat(AT_FDCWD, temporary, flags, mode);
	if (fd < 0)
		return err_errno(err, errno, "%s cannot be made", temporary);
	enum result r = file_write_all(ops, fd, bytes, n);
	if (r != OK)
		err_errno(err, errno, "%s cannot be written", temporary);
	else if (!is_granted(fd, mode))
		r = err_errno(err, errno, "%s cannot be given its mode", temporary);
	else if (ops->fsync(fd) != 0)
		r = err_errno(err, errno, "%s cannot be synced", temporary);
	if (ops->close(fd) != 0 && r == OK)
		r = err_errno(err, errno, "%s cannot be closed", temporary);
	if (r == OK && ops->renameat(AT_FDCWD, temporary, AT_FDCWD, path) != 0)
		r = err_errno(err, errno, "%s cannot be put in place", path);
	if (r != OK) {
		ops->unlinkat(AT_FDCWD, temporary);
		return r;
	}
	return file_sync_dir(ops, folder, err);
}

enum result file_read(const char *path, size_t max, char **bytes, size_t *n, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "%s cannot be read", path);
	size_t cap = 4096, len = 0;
	char *data = malloc(cap + 1);
	enum result r = data ? OK : err_set(err, E_NOMEM, "no memory to read %s", path);
	while (r == OK) {
		ssize_t got = read(fd, data + len, cap - len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			r = err_errno(err, errno, "%s cannot be read", path);
			break;
		}
		if (!got)
			break;
		len += (size_t)got;
		if (len > max) {
			r = err_set(err, E_LIMIT, "%s has more than %zu bytes", path, max);
		} else if (len == cap) {
			char *more = realloc(data, cap * 2 + 1);
			if (more) {
				data = more;
				cap *= 2;
			} else {
				r = err_set(err, E_NOMEM, "no memory to read %s", path);
			}
		}
	}
	close(fd);
	if (r != OK) {
		free(data);
		return r;
	}
	data[len] = '\0';
	*bytes = data;
	*n = len;
	return OK;
}

/* Makes one folder whose parent is there; one that is there already is fine. */
static enum result make_dir(const struct file_ops *ops, const char *path, mode_t mode,
			    struct err *err)
{
	struct stat st;
	char parent[PATH_MAX];
	if (stat(path, &st) == 0)
		return S_ISDIR(st.st_mode) ? OK
					   : err_set(err, E_EXISTS, "%s is not a folder", path);
	if (errno != ENOENT)
		return err_errno(err, errno, "the folder %s cannot be looked at", path);
	if (ops->mkdirat(AT_FDCWD, path, mode) != 0) {
		int e = errno;
		if (e != EEXIST || stat(path, &st) != 0 ||
		    !S_ISDIR(st.st_mode)) /* made by another meanwhile */
			return err_errno(err, e, "the folder %s cannot be made", path);
	}
	folder_of(path, parent, sizeof parent);
	return file_sync_dir(ops, parent, err);
}

enum result file_make_dirs(const struct file_ops *ops, const char *path, mode_t mode,
			   struct err *err)
{
	char part[PATH_MAX];
	enum result r = OK;
	if (!text_copy(part, sizeof part, path))
		return err_set(err, E_LIMIT, "%s: the name is too long", path);
	for (char *p = part; r == OK && *p;) {
		p += strspn(p, "/");
		p += strcspn(p, "/");
		char end = *p;
		*p = '\0';
		r = make_dir(ops, part, mode, err);
		*p = end;
	}
	return r;
}

#define LINKS_MAX 16 /* symbolic links that one check follows */

/* Is this folder, link or file itself owned and closed as it should be? */
static enum result check_one(const char *path, const struct stat *st, bool sticky_ok,
			     struct err *err)
{
	bool sticky = S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) && sticky_ok;
	if (st->st_uid != 0 && st->st_uid != geteuid()) {
		err_set(err, E_DENIED, "%s is owned by user %ld, neither root nor us", path,
			(long)st->st_uid);
		err_remedy(err, "chown root:root %s", path);
		return E_DENIED;
	}
	if (S_ISLNK(st->st_mode) || sticky)
		return OK;
	if ((st->st_mode & S_IWOTH) || ((st->st_mode & S_IWGRP) && st->st_gid != 0)) {
		err_set(err, E_DENIED, "%s is writable by others (mode %04o)", path,
			(unsigned)st->st_mode & 07777);
		err_remedy(err, "chmod go-w %s", path);
		return E_DENIED;
	}
	return OK;
}

static enum result check_chain(const char *path, bool inner, bool sticky_ok, unsigned *links,
			       struct err *err);

/* Where a link points must be as safe as the link. A relative target starts at the link's own folder. */
static enum result check_link(const char *path, bool inner, bool sticky_ok, unsigned *links,
			      struct err *err)
{
	char target[PATH_MAX], whole[2 * PATH_MAX], folder[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof target - 1);
	if (n < 0)
		return err_errno(err, errno, "%s", path);
	target[n] = '\0';
	folder_of(path, folder, sizeof folder);
	if (target[0] == '/')
		snprintf(whole, sizeof whole, "%s", target);
	else
		snprintf(whole, sizeof whole, "%s/%s", folder, target);
	if (!*links || strlen(whole) >= PATH_MAX)
		return err_set(err, E_LIMIT, "%s leads through too many links", path);
	--*links;
	return check_chain(whole, inner, sticky_ok, links, err);
}

/* Every part of an absolute path, from / to its end, and of every path that a link on the way leads to. inner: its end
 * is a folder on the way to something, so that sticky excuses it too. */
static enum result check_chain(const char *path, bool inner, bool sticky_ok, unsigned *links,
			       struct err *err)
{
	char part[PATH_MAX] = "/";
	struct stat st;
	enum result r = OK;
	for (size_t n = 1; r == OK; n += strcspn(path + n, "/")) {
		memcpy(part, path, n);
		part[n] = '\0';
		if (lstat(part, &st) != 0)
			return err_errno(err, errno, "%s", part);
		size_t after = n + strspn(path + n, "/");
		bool on_the_way = inner || path[after];
		r = check_one(part, &st, sticky_ok && on_the_way, err);
		if (r == OK && S_ISLNK(st.st_mode))
			r = check_link(part, on_the_way, sticky_ok, links, err);
		n = after;
		if (!path[n])
			break;
	}
	return r;
}

enum result file_check_owner(const char *path, bool sticky_ok, struct err *err)
{
	char here[PATH_MAX], whole[2 * PATH_MAX];
	if (path[0] == '/')
		snprintf(whole, sizeof whole, "%s", path);
	else if (getcwd(here, sizeof here))
		snprintf(whole, sizeof whole, "%s/%s", here, path);
	else
		return err_errno(err, errno, "%s", path);
	if (strlen(whole) >= PATH_MAX)
		return err_set(err, E_LIMIT, "%s: the name is too long", path);
	unsigned links = LINKS_MAX;
	return check_chain(whole, false, sticky_ok, &links, err);
}

bool file_find(const char *folder, const char *name, char *out, size_t n)
{
	struct stat st;
	bool found = false;
	if ((size_t)snprintf(out, n, "%s/%s", folder, name) < n && lstat(out, &st) == 0)
		return true;
	DIR *dir = opendir(folder);
	for (struct dirent *d; dir && !found && (d = readdir(dir));)
		if (text_same(d->d_name, name))
			found = (size_t)snprintf(out, n, "%s/%s", folder, d->d_name) < n;
	if (dir)
		closedir(dir);
	return found;
}

enum result file_check_secret(const char *path, struct err *err)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return err_errno(err, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, E_DENIED, "%s is not a regular file", path);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return err_set(err, E_DENIED, "%s is owned by user %ld, neither root nor us", path,
			       (long)st.st_uid);
	if (st.st_mode & 0137) {
		err_set(err, E_DENIED, "%s has mode %04o: others could read or change the secret",
			path, (unsigned)st.st_mode & 07777);
		err_remedy(err, "chmod 600 %s", path);
		return E_DENIED;
	}
	return OK;
}
