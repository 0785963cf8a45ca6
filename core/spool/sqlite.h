/* The embedded engine's inside, shared by its files: sqlite.c (transactions), sqlite_write.c,
 * sqlite_read.c. */
#ifndef SMTPGATE_SPOOL_SQLITE_H
#define SMTPGATE_SPOOL_SQLITE_H

#include "spool/engine.h"
#include "spool/vfs.h"

#include <limits.h>
#include <sqlite3.h>

/* The statements, prepared once each opening: X(name, text). */
#define SQL_LIST(X)                                                                                \
	X(SQL_BEGIN, "BEGIN IMMEDIATE")                                                            \
	X(SQL_COMMIT, "COMMIT")                                                                    \
	X(SQL_TOTALS, "SELECT generation, last, accepted, waiting, held, delivered, bounced,"      \
		      " expired, removed, messages_waiting, messages_held, bytes, link,"           \
		      " link_base, link_hash, base_hash FROM totals WHERE id = 1")                 \
	X(SQL_SET_TOTALS,                                                                          \
	  "UPDATE totals SET generation = ?, last = ?, accepted = ?, waiting = ?, held = ?,"       \
	  " delivered = ?, bounced = ?, expired = ?, removed = ?, messages_waiting = ?,"           \
	  " messages_held = ?, bytes = ?, link = ?, link_base = ?,"                                \
	  " link_hash = ?, base_hash = ? WHERE id = 1")                                            \
	X(SQL_ADD_MESSAGE,                                                                         \
	  "INSERT INTO message (number, reverse_path, eight_bit, session, listener, protocol,"     \
	  " client, helo, arrived, priority, size, hash, rcpt_count, maildrop, next_at, repaired," \
	  " asks)"                                                                                 \
	  " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")                           \
	X(SQL_ADD_RCPT,                                                                            \
	  "INSERT INTO rcpt (message, position, address, state, attempts, next_at, warned, rule,"  \
	  " peer, status, reason, asks) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")              \
	X(SQL_ADD_BODY, "INSERT INTO body (message, file, data) VALUES (?, ?, ?)")                 \
	X(SQL_TAKEN, "SELECT number FROM message WHERE maildrop = ?")                              \
	X(SQL_HEAD, "SELECT size, next_at, ended, rcpt_count FROM message WHERE number = ?")       \
	X(SQL_RCPT_STATES, "SELECT state, attempts, next_at, warned FROM rcpt WHERE message = ?"   \
			   " ORDER BY position")                                                   \
	X(SQL_SET_RCPT,                                                                            \
	  "UPDATE rcpt SET state = ?, attempts = ?, next_at = ?, warned = ?,"                      \
	  " rule = COALESCE(?, rule), peer = COALESCE(?, peer), status = COALESCE(?, status),"     \
	  " reason = COALESCE(?, reason) WHERE message = ? AND position = ?")                      \
	X(SQL_ADD_ATTEMPT,                                                                         \
	  "INSERT INTO attempt (message, position, nth, at, state, rule, peer, status, reason,"    \
	  " sent_hash, sent_sender, sent_from) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")       \
	X(SQL_SET_HEAD, "UPDATE message SET next_at = ?, ended = ? WHERE number = ?")              \
	X(SQL_DROP_BODY, "DELETE FROM body WHERE message = ?")                                     \
	X(SQL_MESSAGE,                                                                             \
	  "SELECT reverse_path, eight_bit, session, listener, protocol, client, helo, arrived,"    \
	  " priority, size, hash, rcpt_count, ended, repaired, asks FROM message WHERE number = "  \
	  "?")                                                                                     \
	X(SQL_RCPTS, "SELECT address, state, attempts, next_at, warned, rule, peer, status,"       \
		     " reason, asks FROM rcpt WHERE message = ? ORDER BY position")                \
	X(SQL_ATTEMPTS,                                                                            \
	  "SELECT at, position, state, rule, peer, status, reason, sent_hash, nth"                 \
	  ", sent_sender, sent_from FROM attempt WHERE message = ? ORDER BY at, position, nth")    \
	X(SQL_BODY, "SELECT file, data FROM body WHERE message = ?")                               \
	X(SQL_HAS_BODY, "SELECT message FROM body WHERE message = ?")                              \
	X(SQL_SCAN_ALL, "SELECT number FROM message WHERE number > ? ORDER BY number LIMIT ?")     \
	X(SQL_SCAN_LIVE, "SELECT message FROM body WHERE message > ? ORDER BY message LIMIT ?")    \
	X(SQL_DUE, "SELECT number, next_at FROM message WHERE priority = ?"                        \
		   " AND next_at IS NOT NULL ORDER BY next_at, number")                            \
	X(SQL_FAR, "SELECT number, next_at FROM message WHERE priority = ?"                        \
		   " AND next_at > ? ORDER BY next_at, number")                                    \
	X(SQL_OLDEST, "SELECT number, arrived FROM message WHERE number >= ?"                      \
		      " AND COALESCE(next_at, -1) >= 0 ORDER BY number LIMIT 1")                   \
	X(SQL_NEXT_FILE, "SELECT message, file FROM body INDEXED BY body_file WHERE message > ?"   \
			 " AND file IS NOT NULL ORDER BY message LIMIT 1")                         \
	X(SQL_ENDED, "SELECT number FROM message WHERE ended IS NOT NULL AND ended <= ?"           \
		     " AND (maildrop IS NULL OR ended <= ?) ORDER BY ended LIMIT ?")               \
	X(SQL_DROP_MESSAGE, "DELETE FROM message WHERE number = ?")                                \
	X(SQL_DROP_RCPTS, "DELETE FROM rcpt WHERE message = ?")                                    \
	X(SQL_DROP_ATTEMPTS, "DELETE FROM attempt WHERE message = ?")                              \
	X(SQL_ADD_LINK, "INSERT INTO link (seq, message, kind, position, nth, hash)"               \
			" VALUES (?, ?, ?, ?, ?, ?)")                                              \
	X(SQL_LINKS, "SELECT seq, message, kind, position, nth, hash FROM link WHERE seq > ?"      \
		     " ORDER BY seq LIMIT ?")                                                      \
	X(SQL_CUT_LINKS, "DELETE FROM link WHERE seq <= ?")

enum sql {
#define SQL_ENUM(name, text) name,
	SQL_LIST(SQL_ENUM)
#undef SQL_ENUM
		SQL_COUNT
};

struct sqlite {
	struct engine base;
	struct engine_ops ops;
	struct vfs vfs;
	const struct file_ops *files;
	sqlite3 *db; /* NULL: lost and not yet opened again */
	sqlite3_stmt *sql[SQL_COUNT];
	sqlite3 *copy; /* a snapshot that is being made, NULL: none */
	sqlite3_backup *backup;
	int log_pages; /* frames in the log after the last commit */
	char path[PATH_MAX];
	char version[64];
};

static inline struct sqlite *sqlite_of(struct engine *e)
{
	return (struct sqlite *)e;
}

/* Fills err with the sentence and SQLite's words; returns the result that fits (SQLITE_FULL:
 * E_FULL, ...). */
enum result sqlite_err(sqlite3 *db, int rc, struct err *err, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* One use of a statement: bind in order, then step. A failure is kept in rc and makes the rest do
 * nothing. */
struct use {
	struct sqlite *e;
	sqlite3_stmt *q;
	int at, rc;
};
struct use use_sql(struct sqlite *e, enum sql which);
void use_number(struct use *u, int64_t n);
void use_text(struct use *u, const char *text); /* NULL: NULL; must stay valid until the end */
void use_null(struct use *u);
void use_hash(struct use *u, const unsigned char *hash); /* CHAIN_HASH bytes, as use_text */
void use_read_hash(struct use *u, int column, unsigned char *out);
/* Steps to the next row: true when there is one. */
bool use_row(struct use *u);
/* Resets the statement; OK or the result of the first failure. `what`: for the sentence. */
enum result use_end(struct use *u, const char *what, struct err *err);
/* For a statement without rows: steps and ends. */
enum result use_run(struct use *u, const char *what, struct err *err);

/* The functions on rows. */
void sqlite_write_ops(struct engine_ops *ops);
void sqlite_read_ops(struct engine_ops *ops);
void sqlite_snapshot_ops(struct engine_ops *ops);
/* Gives up the snapshot that is being made. */
void sqlite_snapshot_drop(struct sqlite *e);

#endif
