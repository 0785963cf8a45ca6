/*
 * The embedded engine's tables: see schema.h. A step is never changed once it was released: what
 * differs is a new step at the end. Times are wall clock milliseconds; states are the order of
 * SPOOL_STATE_LIST.
 *
 * SELECT, INSERT, UPDATE and DELETE elsewhere are portable SQL; only these definitions are SQLite's
 * own.
 */
#include "spool/schema.h"

#include "spool/sqlite.h"

#include <stdio.h>

static const char *const steps[SCHEMA_VERSION] = {
	/* 1: the first */
	"CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
	/* One row. generation rises with each commit; accepted is the sum of the six states, in
	   recipients. */
	"CREATE TABLE totals (id INTEGER PRIMARY KEY, generation INTEGER NOT NULL,"
	" last INTEGER NOT NULL, accepted INTEGER NOT NULL,"
	" waiting INTEGER NOT NULL, held INTEGER NOT NULL, delivered INTEGER NOT NULL,"
	" bounced INTEGER NOT NULL, expired INTEGER NOT NULL, removed INTEGER NOT NULL,"
	" messages_waiting INTEGER NOT NULL, messages_held INTEGER NOT NULL, bytes INTEGER NOT "
	"NULL);"
	"INSERT INTO totals VALUES (1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);"
	/* next_at: least of its waiting recipients, NULL: none waits. ended: NULL while it lives.
	 * maildrop: the name of the file that it came from, which makes taking a file exactly once.
	 */
	"CREATE TABLE message (number INTEGER PRIMARY KEY, reverse_path TEXT NOT NULL,"
	" eight_bit INTEGER NOT NULL, session TEXT NOT NULL, listener TEXT NOT NULL,"
	" protocol TEXT NOT NULL, client TEXT NOT NULL, helo TEXT NOT NULL,"
	" arrived INTEGER NOT NULL, priority INTEGER NOT NULL, size INTEGER NOT NULL,"
	" hash TEXT NOT NULL, rcpt_count INTEGER NOT NULL, maildrop TEXT UNIQUE, next_at INTEGER,"
	" ended INTEGER);"
	"CREATE INDEX message_due ON message (priority, next_at) WHERE next_at IS NOT NULL;"
	"CREATE INDEX message_ended ON message (ended) WHERE ended IS NOT NULL;"
	"CREATE TABLE rcpt (message INTEGER NOT NULL, position INTEGER NOT NULL, address TEXT NOT "
	"NULL,"
	" state INTEGER NOT NULL, attempts INTEGER NOT NULL, next_at INTEGER NOT NULL,"
	" warned INTEGER NOT NULL, rule TEXT NOT NULL, peer TEXT NOT NULL, status TEXT NOT NULL,"
	" reason TEXT NOT NULL, PRIMARY KEY (message, position)) WITHOUT ROWID;"
	"CREATE TABLE attempt (message INTEGER NOT NULL, position INTEGER NOT NULL,"
	" nth INTEGER NOT NULL, at INTEGER NOT NULL, state INTEGER NOT NULL, rule TEXT,"
	" peer TEXT, status TEXT, reason TEXT, sent_hash TEXT,"
	" PRIMARY KEY (message, position, nth)) WITHOUT ROWID;"
	/* Of living messages: the content, or the name of its file in SPOOL/body. */
	"CREATE TABLE body (message INTEGER PRIMARY KEY, file TEXT, data BLOB);",
	/* 2: the chain of the history (chain.h). What was taken before has no link of its taking. */
	"CREATE TABLE link (seq INTEGER PRIMARY KEY, message INTEGER NOT NULL,"
	" kind INTEGER NOT NULL, position INTEGER NOT NULL, nth INTEGER NOT NULL,"
	" hash BLOB NOT NULL);"
	"ALTER TABLE totals ADD COLUMN link INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE totals ADD COLUMN link_base INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE totals ADD COLUMN link_hash BLOB NOT NULL DEFAULT x'';"
	"ALTER TABLE totals ADD COLUMN base_hash BLOB NOT NULL DEFAULT x'';",
	/* 3: what was changed of a message before it was taken */
	"ALTER TABLE message ADD COLUMN repaired TEXT NOT NULL DEFAULT '';",
	/* 4: a start looks at the bodies that are files, and need not read all others for it */
	"CREATE INDEX body_file ON body (message) WHERE file IS NOT NULL;",
	/* 5: what the sender asked for beside it (mail/asks.h) */
	("ALTER TABLE message ADD COLUMN asks TEXT NOT NULL DEFAULT '';"
	 "ALTER TABLE rcpt ADD COLUMN asks TEXT NOT NULL DEFAULT '';"),
	/* 6: as whom it was sent, where that was another than its sender */
	("ALTER TABLE attempt ADD COLUMN sent_sender TEXT;"
	 "ALTER TABLE attempt ADD COLUMN sent_from TEXT;"),
};

enum result schema_version(sqlite3 *db, int *version, struct err *err)
{
	sqlite3_stmt *q = NULL;
	int rc = sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &q, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(q);
	if (rc == SQLITE_ROW)
		*version = sqlite3_column_int(q, 0);
	sqlite3_finalize(q);
	return rc == SQLITE_ROW ? OK
				: sqlite_err(db, rc, err, "the spool's version cannot be read");
}

static enum result run_step(sqlite3 *db, int to, const char *program, struct err *err)
{
	char *note = sqlite3_mprintf("INSERT INTO meta (name, value) VALUES ('schema %d by', %Q);"
				     "PRAGMA user_version = %d; COMMIT",
				     to, program ? program : "", to);
	int rc = note ? sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) : SQLITE_NOMEM;
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, steps[to - 1], NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, note, NULL, NULL, NULL);
	sqlite3_free(note);
	return rc == SQLITE_OK
		       ? OK
		       : sqlite_err(db, rc, err, "the spool cannot be brought to schema %d", to);
}

enum result schema_upgrade(sqlite3 *db, const char *program, struct err *err)
{
	int version;
	enum result r = schema_version(db, &version, err);
	if (r == OK && version > SCHEMA_VERSION)
		return err_set(err, E_VERSION, "its schema is %d, this program knows %d", version,
			       SCHEMA_VERSION);
	while (r == OK && version < SCHEMA_VERSION)
		r = run_step(db, ++version, program, err);
	return r;
}
