/* See faulty.h. A write that fails has written half of its bytes before. */
#include "spool/faulty.h"

#include "spool/vfs.h"

#include <errno.h>

static struct {
	unsigned calls, first, more; /* atomic */
	int errnum;
} state;

static bool strike(void)
{
	unsigned call = __atomic_add_fetch(&state.calls, 1, __ATOMIC_SEQ_CST);
	unsigned first = __atomic_load_n(&state.first, __ATOMIC_SEQ_CST);
	unsigned more = __atomic_load_n(&state.more, __ATOMIC_SEQ_CST);
	if (!first || call < first || call - first > more)
		return false;
	errno = __atomic_load_n(&state.errnum, __ATOMIC_SEQ_CST);
	return true;
}

void faulty_arm(unsigned nth, int errnum, unsigned more)
{
	__atomic_store_n(&state.first, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&state.calls, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&state.errnum, errnum, __ATOMIC_SEQ_CST);
	__atomic_store_n(&state.more, more, __ATOMIC_SEQ_CST);
	__atomic_store_n(&state.first, nth, __ATOMIC_SEQ_CST);
}

unsigned faulty_calls(void)
{
	return __atomic_load_n(&state.calls, __ATOMIC_SEQ_CST);
}

bool faulty_struck(void)
{
	unsigned first = __atomic_load_n(&state.first, __ATOMIC_SEQ_CST);
	return first && faulty_calls() >= first;
}

static int f_openat(int dir, const char *path, int flags, mode_t mode)
{
	return strike() ? -1 : file_system()->openat(dir, path, flags, mode);
}

static ssize_t f_write(int fd, const void *bytes, size_t n)
{
	if (!strike())
		return file_system()->write(fd, bytes, n);
	int cause = errno;
	if (n > 1 && file_system()->write(fd, bytes, n / 2) < 0)
		return -1;
	errno = cause;
	return -1;
}

/* The bytes are in the kernel all the same: that is what makes a failed sync doubtful. */
static int f_fsync(int fd)
{
	return strike() ? -1 : file_system()->fsync(fd);
}

static int f_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	return strike() ? -1 : file_system()->renameat(from_dir, from, to_dir, to);
}

static int f_linkat(int from_dir, const char *from, int to_dir, const char *to)
{
	return strike() ? -1 : file_system()->linkat(from_dir, from, to_dir, to);
}

static int f_unlinkat(int dir, const char *path)
{
	return strike() ? -1 : file_system()->unlinkat(dir, path);
}

static int f_ftruncate(int fd, off_t size)
{
	return strike() ? -1 : file_system()->ftruncate(fd, size);
}

static int f_mkdirat(int dir, const char *path, mode_t mode)
{
	return strike() ? -1 : file_system()->mkdirat(dir, path, mode);
}

/* A failed close has closed. */
static int f_close(int fd)
{
	bool struck = strike();
	int cause = errno, rc = file_system()->close(fd);
	if (struck)
		errno = cause;
	return struck ? -1 : rc;
}

const struct file_ops *faulty_files(void)
{
	static const struct file_ops ops = {f_openat,    f_write,   f_fsync,
					    f_renameat,  f_linkat,  f_unlinkat,
					    f_ftruncate, f_mkdirat, f_close};
	return &ops;
}

static int before(void *ctx, enum vfs_op op, enum vfs_kind kind, int64_t offset, int64_t n)
{
	(void)ctx;
	(void)kind;
	(void)offset;
	(void)n;
	if ((op != VFS_WRITE && op != VFS_SYNC && op != VFS_TRUNCATE) || !strike())
		return SQLITE_OK;
	if (op == VFS_WRITE)
		return errno == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
	return op == VFS_SYNC ? SQLITE_IOERR_FSYNC : SQLITE_IOERR_TRUNCATE;
}

const struct vfs_hooks *faulty_hooks(void)
{
	static const struct vfs_hooks hooks = {.before = before};
	return &hooks;
}
