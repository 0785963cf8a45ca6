/*
 * The shim under SQLite: see vfs.h. Owns, for each open log, the bytes gathered since the last
 * write. A write that fails late is reported by the sync or read that made it: to SQLite the commit
 * has failed.
 */
#include "spool/vfs.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VFS_PIECE \
	65536 /* bytes a write: the unix VFS takes a multiple of 128 KiB for nothing to write */

struct shim_file {
	sqlite3_file base;
	struct vfs *vfs;
	enum vfs_kind kind;
	bool reading;   /* opened to read only */
	char *gathered; /* of the log: bytes not yet written, from `at` on */
	int64_t at;
	int n;
	int64_t size; /* of the log: bytes of the file, as far as written by us; -1: not known */
	sqlite3_file *real; /* behind this struct, in the same allocation */
};

static struct shim_file *shim(sqlite3_file *f)
{
	return (struct shim_file *)f;
}

static int ask(struct vfs *v, enum vfs_op op, enum vfs_kind kind, int64_t offset, int64_t n)
{
	return v->hooks ? v->hooks->before(v->hooks->ctx, op, kind, offset, n) : SQLITE_OK;
}

/* What the system said of a call that failed: SQLite asks late, when others have been made. */
static int noted(struct vfs *v, int rc)
{
	if (rc != SQLITE_OK && rc != SQLITE_IOERR_SHORT_READ)
		v->cause = errno;
	return rc;
}

static int write_through(struct shim_file *f, const void *bytes, int n, int64_t offset)
{
	const struct vfs_hooks *hooks = f->vfs->hooks;
	int rc = ask(f->vfs, VFS_WRITE, f->kind, offset, n);
	if (rc == SQLITE_OK)
		rc = noted(f->vfs, f->real->pMethods->xWrite(f->real, bytes, n, offset));
	if (rc == SQLITE_OK && hooks && hooks->wrote)
		hooks->wrote(hooks->ctx, f->kind, offset, bytes, n);
	return rc;
}

/* Fills the log with zeros up to the next step: no frame is ever read from there, its salt cannot
 * match. */
static int lengthen(struct shim_file *f, int64_t end)
{
	if (f->size < 0) {
		sqlite3_int64 size;
		int rc = f->real->pMethods->xFileSize(f->real, &size);
		if (rc != SQLITE_OK)
			return rc;
		f->size = size;
	}
	if (end <= f->size)
		return SQLITE_OK;
	static const char zeros[64 * 1024];
	int64_t goal = (end / VFS_WAL_STEP + 1) * VFS_WAL_STEP;
	for (int64_t at = end; at < goal;) {
		int n = (int)(goal - at < (int64_t)sizeof zeros ? goal - at
								: (int64_t)sizeof zeros);
		int rc = write_through(f, zeros, n, at);
		if (rc != SQLITE_OK)
			return rc;
		at += n;
	}
	f->size = goal;
	return SQLITE_OK;
}

static int flush(struct shim_file *f)
{
	if (!f->n)
		return SQLITE_OK;
	int n = f->n, rc = SQLITE_OK;
	f->n = 0;
	for (int done = 0, piece; rc == SQLITE_OK && done < n; done += piece) {
		piece = n - done < VFS_PIECE ? n - done : VFS_PIECE;
		rc = write_through(f, f->gathered + done, piece, f->at + done);
	}
	return rc == SQLITE_OK ? lengthen(f, f->at + n) : rc;
}

static int gather(struct shim_file *f, const void *bytes, int n, int64_t offset)
{
	if (offset < f->vfs->first)
		f->vfs->first = offset;
	bool within = f->n && offset >= f->at && offset <= f->at + f->n &&
		      offset + n - f->at <= VFS_WAL_GATHER;
	if (!within) {
		int rc = flush(f);
		if (rc != SQLITE_OK)
			return rc;
		if (n > VFS_WAL_GATHER) {
			f->size = -1;
			return write_through(f, bytes, n, offset);
		}
		f->at = offset;
	}
	int end = (int)(offset - f->at) + n;
	memcpy(f->gathered + (offset - f->at), bytes, (size_t)n);
	if (end > f->n)
		f->n = end;
	return SQLITE_OK;
}

static int shim_close(sqlite3_file *file)
{
	struct shim_file *f = shim(file);
	/* What is still gathered belongs to a transaction that was not committed. */
	free(f->gathered);
	f->gathered = NULL;
	f->n = 0;
	return f->real->pMethods->xClose(f->real);
}

static int shim_read(sqlite3_file *file, void *to, int n, sqlite3_int64 offset)
{
	struct shim_file *f = shim(file);
	int rc = f->n && offset < f->at + f->n && offset + n > f->at ? flush(f) : SQLITE_OK;
	if (rc == SQLITE_OK)
		rc = ask(f->vfs, VFS_READ, f->kind, offset, n);
	return rc == SQLITE_OK ? noted(f->vfs, f->real->pMethods->xRead(f->real, to, n, offset))
			       : rc;
}

static int shim_write(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 offset)
{
	struct shim_file *f = shim(file);
	if (f->kind == VFS_WAL)
		return gather(f, bytes, n, offset);
	return write_through(f, bytes, n, offset);
}

static int shim_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct shim_file *f = shim(file);
	int rc = flush(f);
	if (rc == SQLITE_OK)
		rc = ask(f->vfs, VFS_TRUNCATE, f->kind, size, 0);
	f->size = -1;
	return rc == SQLITE_OK ? noted(f->vfs, f->real->pMethods->xTruncate(f->real, size)) : rc;
}

static int shim_sync(sqlite3_file *file, int flags)
{
	struct shim_file *f = shim(file);
	int rc = flush(f);
	if (rc == SQLITE_OK)
		rc = ask(f->vfs, VFS_SYNC, f->kind, 0, 0);
	return rc == SQLITE_OK ? noted(f->vfs, f->real->pMethods->xSync(f->real, flags)) : rc;
}

static int shim_size(sqlite3_file *file, sqlite3_int64 *size)
{
	struct shim_file *f = shim(file);
	int rc = flush(f);
	return rc == SQLITE_OK ? f->real->pMethods->xFileSize(f->real, size) : rc;
}

/* SQLite locks exclusively also what it only reads, which a descriptor without write access cannot
 * do. Whoever reads only holds the lock of the spool. */
static int shim_lock(sqlite3_file *f, int level)
{
	return shim(f)->reading ? SQLITE_OK : shim(f)->real->pMethods->xLock(shim(f)->real, level);
}

static int shim_unlock(sqlite3_file *f, int level)
{
	return shim(f)->reading ? SQLITE_OK
				: shim(f)->real->pMethods->xUnlock(shim(f)->real, level);
}

static int shim_reserved(sqlite3_file *f, int *out)
{
	return shim(f)->real->pMethods->xCheckReservedLock(shim(f)->real, out);
}

static int shim_control(sqlite3_file *f, int op, void *arg)
{
	return shim(f)->real->pMethods->xFileControl(shim(f)->real, op, arg);
}

static int shim_sector(sqlite3_file *f)
{
	return shim(f)->real->pMethods->xSectorSize(shim(f)->real);
}

static int shim_traits(sqlite3_file *f)
{
	return shim(f)->real->pMethods->xDeviceCharacteristics(shim(f)->real);
}

/* Version 1: without shared memory and memory maps, so neither can be used behind our back. */
static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = shim_close,
	.xRead = shim_read,
	.xWrite = shim_write,
	.xTruncate = shim_truncate,
	.xSync = shim_sync,
	.xFileSize = shim_size,
	.xLock = shim_lock,
	.xUnlock = shim_unlock,
	.xCheckReservedLock = shim_reserved,
	.xFileControl = shim_control,
	.xSectorSize = shim_sector,
	.xDeviceCharacteristics = shim_traits,
};

static int shim_open(sqlite3_vfs *base, const char *name, sqlite3_file *file, int flags, int *out)
{
	struct vfs *v = (struct vfs *)base;
	struct shim_file *f = shim(file);
	enum vfs_kind kind = flags & SQLITE_OPEN_MAIN_DB ? VFS_MAIN
			     : flags & SQLITE_OPEN_WAL   ? VFS_WAL
							 : VFS_OTHER;
	memset(f, 0, sizeof *f);
	int rc = ask(v, VFS_OPEN, kind, 0, 0);
	if (rc == SQLITE_OK && kind == VFS_WAL && !(f->gathered = malloc(VFS_WAL_GATHER)))
		rc = SQLITE_NOMEM;
	if (rc != SQLITE_OK)
		return rc;
	f->vfs = v;
	f->kind = kind;
	f->reading = (flags & SQLITE_OPEN_READONLY) != 0;
	f->size = -1;
	f->real = (sqlite3_file *)(f + 1);
	rc = noted(v, v->real->xOpen(v->real, name, f->real, flags, out));
	if (rc != SQLITE_OK) {
		if (f->real->pMethods)
			f->real->pMethods->xClose(f->real);
		free(f->gathered);
		return rc;
	}
	f->base.pMethods = &methods;
	return SQLITE_OK;
}

static int shim_delete(sqlite3_vfs *base, const char *name, int sync)
{
	struct vfs *v = (struct vfs *)base;
	int rc = ask(v, VFS_DELETE, VFS_OTHER, 0, 0);
	return rc == SQLITE_OK ? v->real->xDelete(v->real, name, sync) : rc;
}

static int shim_access(sqlite3_vfs *base, const char *name, int flags, int *out)
{
	sqlite3_vfs *real = ((struct vfs *)base)->real;
	return real->xAccess(real, name, flags, out);
}

static int shim_path(sqlite3_vfs *base, const char *name, int n, char *out)
{
	sqlite3_vfs *real = ((struct vfs *)base)->real;
	return real->xFullPathname(real, name, n, out);
}

static int shim_random(sqlite3_vfs *base, int n, char *out)
{
	sqlite3_vfs *real = ((struct vfs *)base)->real;
	return real->xRandomness(real, n, out);
}

static int shim_sleep(sqlite3_vfs *base, int us)
{
	sqlite3_vfs *real = ((struct vfs *)base)->real;
	return real->xSleep(real, us);
}

static int shim_time(sqlite3_vfs *base, double *out)
{
	sqlite3_vfs *real = ((struct vfs *)base)->real;
	return real->xCurrentTime(real, out);
}

static int shim_error(sqlite3_vfs *base, int n, char *out)
{
	struct vfs *v = (struct vfs *)base;
	return v->cause ? v->cause : v->real->xGetLastError(v->real, n, out);
}

enum result vfs_register(struct vfs *v, const struct vfs_hooks *hooks, struct err *err)
{
	sqlite3_vfs *real = sqlite3_vfs_find("unix");
	if (!real)
		return err_set(err, E_UNSUPPORTED, "SQLite has no unix VFS");
	*v = (struct vfs){.real = real, .hooks = hooks, .first = INT64_MAX};
	snprintf(v->name, sizeof v->name, "smtpgate-%p", (void *)v);
	v->base = (sqlite3_vfs){
		.iVersion = 1,
		.szOsFile = (int)sizeof(struct shim_file) + real->szOsFile,
		.mxPathname = real->mxPathname,
		.zName = v->name,
		.xOpen = shim_open,
		.xDelete = shim_delete,
		.xAccess = shim_access,
		.xFullPathname = shim_path,
		.xRandomness = shim_random,
		.xSleep = shim_sleep,
		.xCurrentTime = shim_time,
		.xGetLastError = shim_error,
	};
	if (sqlite3_vfs_register(&v->base, 0) != SQLITE_OK)
		return err_set(err, E_NOMEM, "the database's file system cannot be registered");
	return OK;
}

void vfs_unregister(struct vfs *v)
{
	if (v->real)
		sqlite3_vfs_unregister(&v->base);
	v->real = NULL;
}
