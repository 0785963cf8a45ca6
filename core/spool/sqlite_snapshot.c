/* The embedded engine's copy of itself, page by page over its own handle: what it commits meanwhile goes into the copy too. Ended
 * when the handle is closed; the next step begins anew. */
#include "spool/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define PAGES 256 /* copied in one step: 1 MiB */

void sqlite_snapshot_drop(struct sqlite *e)
{
	sqlite3_backup_finish(e->backup);
	sqlite3_close(e->copy);
	e->backup = NULL;
	e->copy = NULL;
}

/* Made by us for its mode. */
static enum result begin(struct sqlite *e, const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, errno, "%s cannot be made", path);
	close(fd);
	int rc = sqlite3_open_v2(path, &e->copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK)
		e->backup = sqlite3_backup_init(e->copy, "main", e->db, "main");
	if (rc == SQLITE_OK && !e->backup)
		rc = sqlite3_errcode(e->copy);
	if (rc == SQLITE_OK)
		return OK;
	sqlite_err(e->copy, rc, err, "%s cannot be written", path);
	sqlite_snapshot_drop(e);
	return err->code;
}

static enum result snapshot_step(struct engine *base, const char *path, bool *over, struct err *err)
{
	struct sqlite *e = sqlite_of(base);
	enum result r = e->backup ? OK : begin(e, path, err);
	if (r != OK)
		return r;
	int rc = sqlite3_backup_step(e->backup, PAGES);
	if (rc == SQLITE_OK)
		return OK;
	*over = rc == SQLITE_DONE;
	if (!*over)
		r = sqlite_err(e->copy, rc, err, "%s cannot be written", path);
	sqlite_snapshot_drop(e);
	return r;
}

static void snapshot_end(struct engine *base)
{
	sqlite_snapshot_drop(sqlite_of(base));
}

void sqlite_snapshot_ops(struct engine_ops *ops)
{
	ops->snapshot_step = snapshot_step;
	ops->snapshot_end = snapshot_end;
}
