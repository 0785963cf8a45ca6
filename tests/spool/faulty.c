/* See faulty.h. A write that fails has written half of its bytes before. */
#include "spool/faulty.h"

#include "spool/vfs.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
	unsigned calls, first, more; /* atomic */
	int errnum;
	bool again; /* atomic: a sync that had failed was tried once more */
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

/* What failed to be synced and is still what it was: a file, by its name, which is never used twice; the
 * log, until it is cut off or opened again. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char unsynced[256];
static bool unsound;

bool faulty_tried_again(void)
{
	return __atomic_load_n(&state.again, __ATOMIC_SEQ_CST);
}

/* A sync of the file with this name, "" for none, begins or has failed. */
static void file_sync(const char *name, bool failed)
{
	pthread_mutex_lock(&lock);
	if (*name && failed)
		memcpy(unsynced, name, sizeof unsynced);
	else if (*name && strcmp(name, unsynced) == 0)
		__atomic_store_n(&state.again, true, __ATOMIC_SEQ_CST);
	pthread_mutex_unlock(&lock);
}

static void log_called(enum vfs_op op, bool failed)
{
	pthread_mutex_lock(&lock);
	if (op == VFS_SYNC && failed)
		unsound = true;
	else if (op == VFS_SYNC && unsound)
		__atomic_store_n(&state.again, true, __ATOMIC_SEQ_CST);
	else if (op == VFS_OPEN || op == VFS_TRUNCATE)
		unsound = false;
	pthread_mutex_unlock(&lock);
}

/* An interruption and a short write happen to a write alone; other calls go through then. */
static bool strike_other(void)
{
	return strike() && errno && errno != EINTR;
}

void faulty_arm(unsigned nth, int errnum, unsigned more)
{
	__atomic_store_n(&state.first, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&state.calls, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&state.again, false, __ATOMIC_SEQ_CST);
	pthread_mutex_lock(&lock);
	unsynced[0] = '\0';
	unsound = false;
	pthread_mutex_unlock(&lock);
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
	return strike_other() ? -1 : file_system()->openat(dir, path, flags, mode);
}

static ssize_t f_write(int fd, const void *bytes, size_t n)
{
	if (!strike())
		return file_system()->write(fd, bytes, n);
	int cause = errno;
	if (!cause)
		return file_system()->write(fd, bytes, n > 1 ? n / 2 : n);
	if (cause == EINTR)
		return -1;
	if (n > 1 && file_system()->write(fd, bytes, n / 2) < 0)
		return -1;
	errno = cause;
	return -1;
}

/* The bytes are in the kernel all the same: that is what makes a failed sync doubtful. */
static int f_fsync(int fd)
{
	char link[64], name[sizeof unsynced] = "";
	struct stat st;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	bool file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	if (file && readlink(link, name, sizeof name - 1) < 0)
		name[0] = '\0';
	file_sync(name, false);
	if (!strike_other())
		return file_system()->fsync(fd);
	int cause = errno;
	file_sync(name, true);
	errno = cause;
	return -1;
}

static int f_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	return strike_other() ? -1 : file_system()->renameat(from_dir, from, to_dir, to);
}

static int f_linkat(int from_dir, const char *from, int to_dir, const char *to)
{
	return strike_other() ? -1 : file_system()->linkat(from_dir, from, to_dir, to);
}

static int f_unlinkat(int dir, const char *path)
{
	return strike_other() ? -1 : file_system()->unlinkat(dir, path);
}

static int f_ftruncate(int fd, off_t size)
{
	return strike_other() ? -1 : file_system()->ftruncate(fd, size);
}

static int f_mkdirat(int dir, const char *path, mode_t mode)
{
	return strike_other() ? -1 : file_system()->mkdirat(dir, path, mode);
}

/* A failed close has closed. */
static int f_close(int fd)
{
	bool struck = strike_other();
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
	(void)offset;
	(void)n;
	if (kind == VFS_WAL)
		log_called(op, false);
	if ((op != VFS_WRITE && op != VFS_SYNC && op != VFS_TRUNCATE) || !strike_other())
		return SQLITE_OK;
	int cause = errno;
	if (kind == VFS_WAL)
		log_called(op, true);
	errno = cause;
	if (op == VFS_WRITE)
		return errno == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
	return op == VFS_SYNC ? SQLITE_IOERR_FSYNC : SQLITE_IOERR_TRUNCATE;
}

const struct vfs_hooks *faulty_hooks(void)
{
	static const struct vfs_hooks hooks = {.before = before};
	return &hooks;
}
