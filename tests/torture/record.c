/* See record.h. Owns the records and the numbers of files. Aborts where a test cannot go on. */
#include "torture/record.h"

#include "spool/vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST 20000 /* records */
#define FILES 4096 /* files */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	char root[RECORD_PATH];
	enum record_plant plant;
	bool on;
	struct record all[MOST];
	size_t count;
	ino_t inodes[FILES]; /* of the file with this number; the last one counts */
	char paths[FILES][RECORD_PATH];
	unsigned files;
	unsigned fail_sync, checkpoints;
	bool blind; /* PLANT_REMOVAL is under way */
} r;

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* The path below the root, or false: elsewhere. */
static bool below(const char *whole, char out[RECORD_PATH])
{
	size_t n = strlen(r.root);
	if (strncmp(whole, r.root, n) != 0 || whole[n] != '/')
		return false;
	check((size_t)snprintf(out, RECORD_PATH, "%s", whole + n + 1) < RECORD_PATH);
	return true;
}

static bool path_of(int dir, const char *path, char out[RECORD_PATH])
{
	char link[64], folder[512], whole[1024];
	if (path && path[0] == '/')
		return below(path, out);
	snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
	ssize_t n = readlink(link, folder, sizeof folder - 1);
	check(n > 0);
	folder[n] = '\0';
	snprintf(whole, sizeof whole, "%s%s%s", folder, path ? "/" : "", path ? path : "");
	return below(whole, out);
}

/* Numbers of inodes are used again by the file system: the newest file counts. */
static unsigned number_of(ino_t inode)
{
	for (unsigned i = r.files; i; i--)
		if (r.inodes[i] == inode)
			return i;
	return 0;
}

static unsigned number_of_fd(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? number_of(st.st_ino) : 0;
}

static unsigned number_new(ino_t inode, const char *path)
{
	check(r.files + 1 < FILES);
	r.inodes[++r.files] = inode;
	snprintf(r.paths[r.files], RECORD_PATH, "%s", path);
	return r.files;
}

static struct record *add(enum record_op op, unsigned file)
{
	check(r.count < MOST);
	struct record *c = &r.all[r.count++];
	*c = (struct record){.op = op, .file = file};
	return c;
}

static void add_write(unsigned file, int64_t offset, const void *bytes, size_t n)
{
	struct record *c = add(RECORD_WRITE, file);
	c->offset = offset;
	c->n = n;
	c->bytes = malloc(n + 1);
	check(c->bytes != NULL);
	memcpy(c->bytes, bytes, n);
}

static int take(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	char name[RECORD_PATH];
	(void)where;
	if (kind == FTW_F && below(path, name))
		number_new(st->st_ino, name);
	return 0;
}

void record_begin(const char *root, enum record_plant plant)
{
	record_free();
	pthread_mutex_lock(&lock);
	snprintf(r.root, sizeof r.root, "%s", root);
	r.plant = plant;
	r.files = r.fail_sync = r.checkpoints = 0;
	r.blind = false;
	check(nftw(root, take, 16, FTW_PHYS) == 0);
	r.on = true;
	pthread_mutex_unlock(&lock);
}

void record_end(void)
{
	pthread_mutex_lock(&lock);
	r.on = false;
	pthread_mutex_unlock(&lock);
}

void record_free(void)
{
	while (r.count)
		free(r.all[--r.count].bytes);
}

const struct record *records(size_t *count)
{
	*count = r.count;
	return r.all;
}

void record_mark(int mark, unsigned token, uint64_t number)
{
	pthread_mutex_lock(&lock);
	struct record *c = add(RECORD_MARK, 0);
	c->mark = mark;
	c->token = token;
	c->number = number;
	r.blind = false;
	pthread_mutex_unlock(&lock);
}

void record_fail_sync(unsigned n)
{
	pthread_mutex_lock(&lock);
	r.fail_sync = n;
	pthread_mutex_unlock(&lock);
}

unsigned record_checkpoints(void)
{
	pthread_mutex_lock(&lock);
	unsigned n = r.checkpoints;
	pthread_mutex_unlock(&lock);
	return n;
}

unsigned record_file(const char *path)
{
	for (unsigned i = 1; i <= r.files; i++)
		if (strcmp(r.paths[i], path) == 0)
			return i;
	return 0;
}

/* ---- file operations: done and recorded under the lock, so that both have one order ---- */

static bool begin(void)
{
	pthread_mutex_lock(&lock);
	return r.on;
}

static int finish(int result)
{
	int cause = errno;
	pthread_mutex_unlock(&lock);
	errno = cause;
	return result;
}

static int r_openat(int dir, const char *path, int flags, mode_t mode)
{
	struct stat st;
	char name[RECORD_PATH];
	bool on = begin();
	bool fresh = on && flags & O_CREAT && fstatat(dir, path, &st, 0) != 0;
	int fd = file_system()->openat(dir, path, flags, mode);
	if (fd >= 0 && fresh && path_of(dir, path, name) && fstat(fd, &st) == 0) {
		struct record *c = add(RECORD_NAME, number_new(st.st_ino, name));
		memcpy(c->path, name, sizeof name);
	}
	return finish(fd);
}

static ssize_t r_write(int fd, const void *bytes, size_t n)
{
	bool on = begin();
	off_t at = lseek(fd, 0, SEEK_CUR);
	ssize_t done = file_system()->write(fd, bytes, n);
	unsigned file = on ? number_of_fd(fd) : 0;
	if (done > 0 && file)
		add_write(file, at, bytes, (size_t)done);
	int cause = errno;
	pthread_mutex_unlock(&lock);
	errno = cause;
	return done;
}

static bool ends(const char *path, const char *end)
{
	size_t n = strlen(path), m = strlen(end);
	return n >= m && strcmp(path + n - m, end) == 0;
}

/* Is the sync of this folder the planted fault? */
static bool is_left_out(const char *path)
{
	static const char *const ends_of[] = {[PLANT_BODY_FOLDER] = "/body",
					      [PLANT_MAILBOX] = "/new",
					      [PLANT_MAILDROP] = "maildrop",
					      [PLANT_PICKUP] = "in"};
	const char *end = ends_of[r.plant];
	return end && ends(path, end);
}

static int r_fsync(int fd)
{
	char path[RECORD_PATH];
	bool on = begin();
	int rc = file_system()->fsync(fd);
	unsigned file = on ? number_of_fd(fd) : 0;
	if (rc != 0 || !on)
		return finish(rc);
	if (file && r.plant != PLANT_CONTENT)
		add(RECORD_SYNC, file);
	if (!file && path_of(fd, NULL, path) && !is_left_out(path))
		memcpy(add(RECORD_SYNC, 0)->path, path, sizeof path);
	return finish(rc);
}

static int r_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	struct stat st;
	char path[RECORD_PATH], new_path[RECORD_PATH];
	bool on = begin();
	on = on && fstatat(from_dir, from, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	     path_of(from_dir, from, path) && path_of(to_dir, to, new_path);
	int rc = file_system()->renameat(from_dir, from, to_dir, to);
	if (on && rc == 0) {
		struct record *c = add(RECORD_RENAME, number_of(st.st_ino));
		memcpy(c->path, path, sizeof path);
		memcpy(c->to, new_path, sizeof new_path);
	}
	return finish(rc);
}

/* Nothing of ours links; whoever begins to must teach the record. */
static int r_linkat(int from_dir, const char *from, int to_dir, const char *to)
{
	(void)from_dir;
	(void)from;
	(void)to_dir;
	(void)to;
	abort();
}

static int r_unlinkat(int dir, const char *path)
{
	char name[RECORD_PATH];
	bool on = begin();
	on = on && path_of(dir, path, name);
	int rc = file_system()->unlinkat(dir, path);
	if (on && rc == 0)
		memcpy(add(RECORD_UNLINK, 0)->path, name, sizeof name);
	return finish(rc);
}

static int r_ftruncate(int fd, off_t size)
{
	bool on = begin();
	int rc = file_system()->ftruncate(fd, size);
	unsigned file = on ? number_of_fd(fd) : 0;
	if (rc == 0 && file)
		add(RECORD_TRUNCATE, file)->offset = size;
	return finish(rc);
}

/* Folders are there from the beginning: see disk_load. */
static int r_mkdirat(int dir, const char *path, mode_t mode)
{
	return file_system()->mkdirat(dir, path, mode);
}

static int r_close(int fd)
{
	return file_system()->close(fd);
}

const struct file_ops *record_files(void)
{
	static const struct file_ops ops = {r_openat,    r_write,   r_fsync,
					    r_renameat,  r_linkat,  r_unlinkat,
					    r_ftruncate, r_mkdirat, r_close};
	return &ops;
}

/* ---- the database ---- */

static unsigned database_file(enum vfs_kind kind)
{
	return record_file(kind == VFS_MAIN ? "spool/spool.db" : "spool/spool.db-wal");
}

/* SQLite syncs the folder of a log that it made with the log's first sync. */
static int sync_database(enum vfs_kind kind)
{
	if (kind == VFS_WAL && r.fail_sync && !--r.fail_sync) {
		r.blind = r.plant == PLANT_REMOVAL;
		return SQLITE_IOERR_FSYNC;
	}
	r.checkpoints += kind == VFS_MAIN;
	if (kind == VFS_WAL && r.plant == PLANT_LOG)
		return SQLITE_OK;
	add(RECORD_SYNC, database_file(kind));
	if (kind == VFS_WAL)
		snprintf(add(RECORD_SYNC, 0)->path, RECORD_PATH, "spool");
	return SQLITE_OK;
}

static int before(void *ctx, enum vfs_op op, enum vfs_kind kind, int64_t offset, int64_t n)
{
	int rc = SQLITE_OK;
	(void)ctx;
	(void)n;
	pthread_mutex_lock(&lock);
	if (!r.on || r.blind || kind == VFS_OTHER)
		; /* a journal of SQLite's own in memory, or the deletion of one that is not there */
	else if (op == VFS_OPEN && kind == VFS_WAL && !database_file(kind))
		snprintf(add(RECORD_NAME, number_new(0, "spool/spool.db-wal"))->path, RECORD_PATH,
			 "spool/spool.db-wal");
	else if (op == VFS_TRUNCATE)
		add(RECORD_TRUNCATE, database_file(kind))->offset = offset;
	else if (op == VFS_SYNC)
		rc = sync_database(kind);
	pthread_mutex_unlock(&lock);
	return rc;
}

static void wrote(void *ctx, enum vfs_kind kind, int64_t offset, const void *bytes, int64_t n)
{
	(void)ctx;
	pthread_mutex_lock(&lock);
	if (r.on && !r.blind && kind != VFS_OTHER)
		add_write(database_file(kind), offset, bytes, (size_t)n);
	pthread_mutex_unlock(&lock);
}

const struct vfs_hooks *record_hooks(void)
{
	static const struct vfs_hooks hooks = {.before = before, .wrote = wrote};
	return &hooks;
}
