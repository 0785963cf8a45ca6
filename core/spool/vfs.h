/*
 * The VFS under SQLite: a shim over the system's own that sees every byte the database reads,
 * writes and syncs. It
 *   - knows where in the log the open transaction began, so that a doubtful one can be cut off
 * (spool/engine.h);
 *   - gathers the log's frames, which SQLite writes one by one, header and page apart, into one
 * write before the sync;
 *   - lengthens the log ahead in steps of VFS_WAL_STEP, so that a commit's sync has no file size to
 * write, which is what makes a sync slow on most file systems;
 *   - asks the hooks first, so that tests record and fail any call.
 * One struct vfs serves one database; it is registered under a name of its own.
 */
#ifndef SMTPGATE_SPOOL_VFS_H
#define SMTPGATE_SPOOL_VFS_H

#include "base/result.h"

#include <sqlite3.h>
#include <stdint.h>

#define VFS_WAL_STEP (1 << 20)   /* bytes */
#define VFS_WAL_GATHER (1 << 20) /* bytes gathered at most */

enum vfs_op { VFS_OPEN, VFS_READ, VFS_WRITE, VFS_SYNC, VFS_TRUNCATE, VFS_DELETE };
enum vfs_kind { VFS_MAIN, VFS_WAL, VFS_OTHER };

struct vfs_hooks {
	/* Before each call, in the thread that makes it: SQLITE_OK goes on, another code is the
	 * call's answer. */
	int (*before)(void *ctx, enum vfs_op op, enum vfs_kind kind, int64_t offset, int64_t n);
	void *ctx;
	/* After a write that was done, with its bytes; may be NULL. */
	void (*wrote)(void *ctx, enum vfs_kind kind, int64_t offset, const void *bytes, int64_t n);
};

struct vfs {
	sqlite3_vfs base; /* first: SQLite hands it back */
	sqlite3_vfs *real;
	const struct vfs_hooks *hooks;
	char name[40];
	int64_t first; /* least offset of the log that was written since vfs_mark, INT64_MAX: none
			*/
	int cause;     /* errno of the last of its calls that failed since vfs_mark, 0: none did */
};

/* Registers it. E_NOMEM, E_UNSUPPORTED. */
enum result vfs_register(struct vfs *v, const struct vfs_hooks *hooks, struct err *err);
void vfs_unregister(struct vfs *v);
/* A transaction begins: forgets where the log was written, and what failed. */
static inline void vfs_mark(struct vfs *v)
{
	v->first = INT64_MAX;
	v->cause = 0;
}

#endif
