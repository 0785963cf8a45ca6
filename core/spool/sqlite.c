/*
 * The embedded engine: opening, transactions and the way back from a lost one; see engine.h for
 * why. Owns the database handle, its statements and its VFS. The log stays beside the file when
 * closed (its place on disk is kept, and nothing but the spool thread's checkpoints ever empties
 * it).
 */
#include "spool/sqlite.h"

#include "base/text.h"
#include "spool/schema.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(SPOOL_REMOVED == 5 && SPOOL_STATE_COUNT == 6,
	       "the columns of totals follow the states");

#define LOG_LONG 8192 /* frames of a page, 32 MiB: checkpoint even when busy */

static const char *const texts[SQL_COUNT] = {
#define SQL_TEXT(name, text) text,
	SQL_LIST(SQL_TEXT)
#undef SQL_TEXT
};

static enum result result_of(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return OK;
	case SQLITE_FULL:
		return E_FULL;
	case SQLITE_NOMEM:
		return E_NOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return E_BUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return E_CORRUPT;
	case SQLITE_PERM:
	case SQLITE_READONLY:
	case SQLITE_AUTH:
	case SQLITE_CANTOPEN:
		return E_DENIED;
	default:
		return E_IO;
	}
}

enum result sqlite_err(sqlite3 *db, int rc, struct err *err, const char *format, ...)
{
	char what[ERR_TEXT_MAX / 2];
	va_list ap;
	va_start(ap, format);
	vsnprintf(what, sizeof what, format, ap);
	va_end(ap);
	int cause = db ? sqlite3_system_errno(db) : 0;
	enum result r = result_of(rc);
	if (r == OK)
		r = E_IO;
	return err_set(err, r, "%s: %s%s%s", what, sqlite3_errstr(rc), cause ? ", " : "",
		       cause ? strerror(cause) : "");
}

struct use use_sql(struct sqlite *e, enum sql which)
{
	assert(e->db);
	return (struct use){.e = e, .q = e->sql[which], .rc = SQLITE_OK};
}

void use_number(struct use *u, int64_t n)
{
	if (u->rc == SQLITE_OK)
		u->rc = sqlite3_bind_int64(u->q, ++u->at, n);
}

void use_text(struct use *u, const char *text)
{
	if (u->rc == SQLITE_OK)
		u->rc = sqlite3_bind_text(u->q, ++u->at, text, -1, SQLITE_STATIC);
}

void use_null(struct use *u)
{
	if (u->rc == SQLITE_OK)
		u->rc = sqlite3_bind_null(u->q, ++u->at);
}

void use_hash(struct use *u, const unsigned char *hash)
{
	if (u->rc == SQLITE_OK)
		u->rc = sqlite3_bind_blob(u->q, ++u->at, hash, CHAIN_HASH, SQLITE_STATIC);
}

bool use_row(struct use *u)
{
	if (u->rc != SQLITE_OK && u->rc != SQLITE_ROW)
		return false;
	u->rc = sqlite3_step(u->q);
	return u->rc == SQLITE_ROW;
}

enum result use_end(struct use *u, const char *what, struct err *err)
{
	sqlite3_reset(u->q);
	enum result r = result_of(u->rc);
	return r == OK ? OK : sqlite_err(u->e->db, u->rc, err, "%s", what);
}

enum result use_run(struct use *u, const char *what, struct err *err)
{
	use_row(u);
	return use_end(u, what, err);
}

static int log_grew(void *ctx, sqlite3 *db, const char *name, int pages)
{
	(void)db;
	(void)name;
	((struct sqlite *)ctx)->log_pages = pages;
	return SQLITE_OK;
}

static void handle_close(struct sqlite *e)
{
	sqlite_snapshot_drop(e);
	for (size_t i = 0; i < SQL_COUNT; i++) {
		sqlite3_finalize(e->sql[i]);
		e->sql[i] = NULL;
	}
	sqlite3_close(e->db);
	e->db = NULL;
}

/* Order matters: exclusive before the log is opened, so that there is no shared memory file. */
static int handle_settings(sqlite3 *db)
{
	return sqlite3_exec(db,
			    "PRAGMA page_size = 4096; PRAGMA locking_mode = EXCLUSIVE;"
			    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
			    "PRAGMA wal_autocheckpoint = 0; PRAGMA mmap_size = 0;"
			    "PRAGMA secure_delete = OFF; PRAGMA temp_store = MEMORY;"
			    "PRAGMA cache_size = -16384; PRAGMA foreign_keys = OFF",
			    NULL, NULL, NULL);
}

static int handle_new(struct sqlite *e, int flags)
{
	int keep = 1;
	int rc = sqlite3_open_v2(e->path, &e->db, flags | SQLITE_OPEN_NOMUTEX, e->vfs.name);
	if (rc != SQLITE_OK)
		return rc;
	sqlite3_extended_result_codes(e->db, 1);
	sqlite3_db_config(e->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	return sqlite3_file_control(e->db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
}

static enum result handle_open(struct sqlite *e, struct err *err)
{
	int rc = handle_new(e, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	if (rc == SQLITE_OK)
		rc = handle_settings(e->db);
	if (rc != SQLITE_OK)
		return sqlite_err(e->db, rc, err, "%s cannot be opened", e->path);
	enum result r = schema_upgrade(e->db, e->version, err);
	if (r != OK)
		return r;
	for (size_t i = 0; i < SQL_COUNT && rc == SQLITE_OK; i++)
		rc = sqlite3_prepare_v3(e->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &e->sql[i],
					NULL);
	if (rc != SQLITE_OK)
		return sqlite_err(e->db, rc, err, "%s: %s", e->path, sqlite3_errmsg(e->db));
	sqlite3_wal_hook(e->db, log_grew, e);
	e->log_pages = LOG_LONG - 1; /* not known: the first idle moment empties it */
	return OK;
}

static uint64_t count_at(sqlite3_stmt *q, int column)
{
	return (uint64_t)sqlite3_column_int64(q, column);
}

/* A hash of another length than ours is one of zeros: the next check of the chain says so. */
void use_read_hash(struct use *u, int column, unsigned char *out)
{
	const void *hash = sqlite3_column_blob(u->q, column);
	memset(out, 0, CHAIN_HASH);
	if (hash && sqlite3_column_bytes(u->q, column) == CHAIN_HASH)
		memcpy(out, hash, CHAIN_HASH);
}

static void read_chain(struct use *u, int column, struct chain_state *c)
{
	c->last = count_at(u->q, column);
	c->base = count_at(u->q, column + 1);
	use_read_hash(u, column + 2, c->head);
	use_read_hash(u, column + 3, c->base_hash);
}

static enum result read_counts(struct sqlite *e, struct engine_counts *c, struct err *err)
{
	struct use u = use_sql(e, SQL_TOTALS);
	bool found = use_row(&u);
	if (found) {
		*c = (struct engine_counts){.generation = count_at(u.q, 0),
					    .last = count_at(u.q, 1),
					    .accepted = count_at(u.q, 2)};
		for (int i = 0; i < SPOOL_STATE_COUNT; i++)
			c->states[i] = count_at(u.q, 3 + i);
		c->waiting = count_at(u.q, 3 + SPOOL_STATE_COUNT);
		c->held = count_at(u.q, 4 + SPOOL_STATE_COUNT);
		c->bytes = count_at(u.q, 5 + SPOOL_STATE_COUNT);
		read_chain(&u, 6 + SPOOL_STATE_COUNT, &c->chain);
	}
	enum result r = use_end(&u, "the totals cannot be read", err);
	return r == OK && !found ? err_set(err, E_CORRUPT, "%s has no totals", e->path) : r;
}

static enum result sqlite_begin(struct engine *base, struct err *err)
{
	struct sqlite *e = sqlite_of(base);
	vfs_mark(&e->vfs);
	struct use u = use_sql(e, SQL_BEGIN);
	return use_run(&u, "a transaction cannot be begun", err);
}

static enum result write_counts(struct sqlite *e, const struct engine_counts *c, struct err *err)
{
	struct use u = use_sql(e, SQL_SET_TOTALS);
	use_number(&u, (int64_t)c->generation);
	use_number(&u, (int64_t)c->last);
	use_number(&u, (int64_t)c->accepted);
	for (size_t i = 0; i < SPOOL_STATE_COUNT; i++)
		use_number(&u, (int64_t)c->states[i]);
	use_number(&u, (int64_t)c->waiting);
	use_number(&u, (int64_t)c->held);
	use_number(&u, (int64_t)c->bytes);
	use_number(&u, (int64_t)c->chain.last);
	use_number(&u, (int64_t)c->chain.base);
	use_hash(&u, c->chain.head);
	use_hash(&u, c->chain.base_hash);
	return use_run(&u, "the totals cannot be written", err);
}

static enum result sqlite_commit(struct engine *base, const struct engine_counts *counts,
				 struct err *err)
{
	struct sqlite *e = sqlite_of(base);
	struct engine_counts now = *counts;
	now.generation = base->counts.generation + 1;
	enum result r = write_counts(e, &now, err);
	if (r != OK)
		return r;
	struct use u = use_sql(e, SQL_COMMIT);
	r = use_run(&u, "the transaction cannot be committed", err);
	if (r == OK) {
		base->counts = now;
		vfs_mark(&e->vfs); /* nothing in the log is doubtful any more */
	}
	return r;
}

/* Cuts the log where the lost transaction began: see engine.h, recover. */
static enum result cut_log(struct sqlite *e, struct err *err)
{
	char log[PATH_MAX + 8];
	struct stat st;
	if (e->vfs.first == INT64_MAX)
		return OK;
	snprintf(log, sizeof log, "%s-wal", e->path);
	int fd = e->files->openat(AT_FDCWD, log, O_RDWR, 0);
	if (fd < 0)
		return errno == ENOENT ? OK : err_errno(err, errno, "%s cannot be opened", log);
	enum result r = OK;
	if (fstat(fd, &st) != 0)
		r = err_errno(err, errno, "%s cannot be looked at", log);
	else if (st.st_size > e->vfs.first && e->files->ftruncate(fd, (off_t)e->vfs.first) != 0)
		r = err_errno(err, errno, "%s cannot be cut", log);
	else if (e->files->fsync(fd) != 0)
		r = err_errno(err, errno, "%s cannot be synced", log);
	e->files->close(fd);
	return r;
}

static enum result sqlite_recover(struct engine *base, struct err *err)
{
	struct sqlite *e = sqlite_of(base);
	struct engine_counts found, good = base->counts;
	handle_close(e);
	enum result r = cut_log(e, err);
	if (r == OK)
		r = handle_open(e, err);
	if (r == OK)
		r = read_counts(e, &found, err);
	if (r == OK && found.generation != good.generation)
		r = err_set(err, E_CORRUPT, "%s is not as it was last committed (%llu, not %llu)",
			    e->path, (unsigned long long)found.generation,
			    (unsigned long long)good.generation);
	if (r == OK)
		r = sqlite_begin(base, err);
	if (r == OK)
		r = sqlite_commit(base, &good, err);
	if (r != OK)
		handle_close(e);
	return r;
}

static enum result sqlite_upkeep(struct engine *base, bool idle, struct err *err)
{
	struct sqlite *e = sqlite_of(base);
	if (!e->log_pages || (!idle && e->log_pages < LOG_LONG))
		return OK;
	vfs_mark(&e->vfs);
	int rc = sqlite3_wal_checkpoint_v2(e->db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	if (rc != SQLITE_OK)
		return sqlite_err(e->db, rc, err, "the log cannot be moved into %s", e->path);
	e->log_pages = 0;
	return OK;
}

static void sqlite_close_engine(struct engine *base)
{
	struct sqlite *e = sqlite_of(base);
	handle_close(e);
	vfs_unregister(&e->vfs);
	free(e);
}

static enum result engine_new(struct sqlite **out, const struct spool_options *o, struct err *err)
{
	struct sqlite *e = calloc(1, sizeof *e);
	if (!e)
		return err_set(err, E_NOMEM, "no memory for the spool");
	e->files = o->files;
	text_copy(e->version, sizeof e->version, o->version ? o->version : "");
	if ((size_t)snprintf(e->path, sizeof e->path, "%s/spool.db", o->path) >= sizeof e->path) {
		free(e);
		return err_set(err, E_LIMIT, "%s: the name is too long", o->path);
	}
	enum result r = vfs_register(&e->vfs, o->hooks, err);
	if (r != OK) {
		free(e);
		return r;
	}
	e->ops = (struct engine_ops){
		.close = sqlite_close_engine,
		.begin = sqlite_begin,
		.commit = sqlite_commit,
		.recover = sqlite_recover,
		.upkeep = sqlite_upkeep,
	};
	sqlite_write_ops(&e->ops);
	sqlite_read_ops(&e->ops);
	sqlite_snapshot_ops(&e->ops);
	e->base.ops = &e->ops;
	*out = e;
	return OK;
}

/* Made by us for its mode, which SQLite then gives the log too; an empty file is a database without
 * tables. */
static enum result file_make(struct sqlite *e, struct err *err)
{
	int fd = e->files->openat(AT_FDCWD, e->path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_errno(err, errno, "%s cannot be made", e->path);
	e->files->close(fd);
	return OK;
}

/* The folder of a database just made is synced, so that its name survives like its content. */
enum result engine_sqlite_open(struct engine **out, const struct spool_options *o, struct err *err)
{
	struct sqlite *e;
	enum result r = engine_new(&e, o, err);
	if (r != OK)
		return r;
	r = file_make(e, err);
	if (r == OK)
		r = handle_open(e, err);
	if (r == OK)
		r = read_counts(e, &e->base.counts, err);
	if (r == OK)
		r = file_sync_dir(e->files, o->path, err);
	if (r == OK)
		*out = &e->base;
	else
		sqlite_close_engine(&e->base);
	return r;
}

/* Reads the version where the file format keeps it (byte 60, big-endian): with no log there is
 * nowhere else. */
static enum result version_of_file(const struct sqlite *e, int *version, struct err *err)
{
	static const char magic[16] = "SQLite format 3";
	unsigned char b[64];
	int fd = e->files->openat(AT_FDCWD, e->path, O_RDONLY, 0);
	if (fd < 0 && errno == ENOENT)
		return OK;
	if (fd < 0)
		return err_errno(err, errno, "%s cannot be opened", e->path);
	ssize_t got = pread(fd, b, sizeof b, 0);
	int cause = errno;
	e->files->close(fd);
	if (got < 0)
		return err_errno(err, cause, "%s cannot be read", e->path);
	if (got && (got < (ssize_t)sizeof b || memcmp(b, magic, sizeof magic) != 0))
		return err_set(err, E_CORRUPT, "%s is not a database", e->path);
	if (got)
		*version = (int)((unsigned)b[60] << 24 | (unsigned)b[61] << 16 |
				 (unsigned)b[62] << 8 | b[63]);
	return OK;
}

/* With a log beside it SQLite has to look: the newest page may be there. Reading only, it makes no
 * file. */
static enum result version_of_log(struct sqlite *e, int *version, struct err *err)
{
	int rc = handle_new(e, SQLITE_OPEN_READONLY);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(e->db, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL, NULL);
	return rc == SQLITE_OK ? schema_version(e->db, version, err)
			       : sqlite_err(e->db, rc, err, "%s cannot be opened", e->path);
}

enum result engine_sqlite_check(const struct spool_options *o, struct err *err)
{
	struct sqlite *e;
	struct stat st;
	char log[PATH_MAX + 8];
	int version = 0;
	enum result r = engine_new(&e, o, err);
	if (r != OK)
		return r;
	snprintf(log, sizeof log, "%s-wal", e->path);
	bool logged = stat(log, &st) == 0 && st.st_size;
	r = logged ? version_of_log(e, &version, err) : version_of_file(e, &version, err);
	if (r == OK && version > SCHEMA_VERSION) {
		err_set(err, E_VERSION, "%s has schema %d, this program knows up to %d", e->path,
			version, SCHEMA_VERSION);
		err_remedy(err,
			   "run the newer smtpgate that wrote it, or restore a backup of before");
		r = E_VERSION;
	}
	sqlite_close_engine(&e->base);
	return r;
}
