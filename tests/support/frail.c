/* A disk that fails on demand: see frail.h. */
#include "support/frail.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static unsigned left;
static int errnum_given;
static char calls[4096];

void frail_fail_at(unsigned n, int errnum)
{
	left = n;
	errnum_given = errnum;
	calls[0] = '\0';
}

const char *frail_calls(void)
{
	return calls;
}

/* Notes the call; true when it is the one to fail (errno is set). */
static bool fails(const char *name)
{
	size_t n = strlen(calls);
	snprintf(calls + n, sizeof calls - n, "%s%s", n ? " " : "", name);
	if (!left || --left)
		return false;
	errno = errnum_given;
	return true;
}

static int frail_openat(int dir, const char *path, int flags, mode_t mode)
{
	return fails("openat") ? -1 : file_system()->openat(dir, path, flags, mode);
}
static ssize_t frail_write(int fd, const void *bytes, size_t n)
{
	if (!fails("write"))
		return file_system()->write(fd, bytes, n);
	return errno ? -1 : file_system()->write(fd, bytes, n > 1 ? n - 1 : n);
}
static int frail_fsync(int fd)
{
	return fails("fsync") ? -1 : file_system()->fsync(fd);
}
static int frail_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	return fails("renameat") ? -1 : file_system()->renameat(from_dir, from, to_dir, to);
}
static int frail_linkat(int from_dir, const char *from, int to_dir, const char *to)
{
	return fails("linkat") ? -1 : file_system()->linkat(from_dir, from, to_dir, to);
}
static int frail_unlinkat(int dir, const char *path)
{
	return fails("unlinkat") ? -1 : file_system()->unlinkat(dir, path);
}
static int frail_ftruncate(int fd, off_t size)
{
	return fails("ftruncate") ? -1 : file_system()->ftruncate(fd, size);
}
static int frail_mkdirat(int dir, const char *path, mode_t mode)
{
	return fails("mkdirat") ? -1 : file_system()->mkdirat(dir, path, mode);
}
static int frail_close(int fd)
{
	bool failed = fails("close");
	int r = file_system()->close(fd);
	if (!failed)
		return r;
	errno = errnum_given;
	return -1;
}

const struct file_ops *frail_ops(void)
{
	static const struct file_ops ops = {
		.openat = frail_openat,
		.write = frail_write,
		.fsync = frail_fsync,
		.renameat = frail_renameat,
		.linkat = frail_linkat,
		.unlinkat = frail_unlinkat,
		.ftruncate = frail_ftruncate,
		.mkdirat = frail_mkdirat,
		.close = frail_close,
	};
	return &ops;
}
