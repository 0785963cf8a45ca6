/*
 * Files whose bytes must be there after a crash, and files whose owner must be checked before use.
 * Everything that the spool, Maildir and settings write goes through struct file_ops, so that tests can
 * record every call and fail the n-th.
 */
#ifndef SMTPGATE_BASE_FILE_H
#define SMTPGATE_BASE_FILE_H

#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The real calls, or a decorator of them. Each behaves as the call it is named after (errno and all). */
struct file_ops {
	int (*openat)(int dir, const char *path, int flags, mode_t mode);
	ssize_t (*write)(int fd, const void *bytes, size_t n);
	int (*fsync)(int fd);
	int (*renameat)(int from_dir, const char *from, int to_dir, const char *to);
	int (*linkat)(int from_dir, const char *from, int to_dir, const char *to);
	int (*unlinkat)(int dir, const char *path);
	int (*ftruncate)(int fd, off_t size);
	int (*mkdirat)(int dir, const char *path, mode_t mode);
	int (*close)(int fd);
};
/* The system's own. Never NULL. */
const struct file_ops *file_system(void);

/* Writes all n bytes, going on after short writes and EINTR. OK or the result of errno (set). */
enum result file_write_all(const struct file_ops *ops, int fd, const void *bytes, size_t n);
/* fsync of a directory by descriptor or path. fsync is never tried again after it failed. */
enum result file_sync_dir(const struct file_ops *ops, const char *path, struct err *err);
/* Replaces `path` by the bytes so that after a crash there is the old or the new file, never a part: temporary
 * name beside it, write, fsync, rename, fsync of the folder. Its mode is this one whatever the umask. One thread at a time for one path. */
enum result file_replace(const struct file_ops *ops, const char *path, const void *bytes, size_t n,
			 mode_t mode, struct err *err);
/* Reads a whole file of at most max bytes into malloc'd memory with a NUL behind it; *n without the NUL. */
enum result file_read(const char *path, size_t max, char **bytes, size_t *n, struct err *err);
/* FOLDER/NAME into out (n bytes) as the folder spells it, in whatever case: the exact one first, else the first that it tells. Links are not
 * followed. false: there is none, or no room. */
bool file_find(const char *folder, const char *name, char *out, size_t n);
/* mkdir -p: makes what is missing of path with this mode, syncing each parent. */
enum result file_make_dirs(const struct file_ops *ops, const char *path, mode_t mode,
			   struct err *err);
/* Is path, and every folder and symbolic link on the way to it, owned by root or by us and writable by no one else (but
 * the group root)? A sticky folder such as /tmp passes when `sticky_ok`. E_DENIED names the culprit; E_NOTFOUND when absent. */
enum result file_check_owner(const char *path, bool sticky_ok, struct err *err);
/* May this file hold a secret: regular, ours or root's, no mode beyond 0640? */
enum result file_check_secret(const char *path, struct err *err);

#endif
