/* The tables of the embedded engine, their version, and the steps from each earlier version to this
 * one. */
#ifndef SMTPGATE_SPOOL_SCHEMA_H
#define SMTPGATE_SPOOL_SCHEMA_H

#include "base/result.h"

#include <sqlite3.h>

#define SCHEMA_VERSION 6

/* The version in the file, 0 when it has no tables yet. */
enum result schema_version(sqlite3 *db, int *version, struct err *err);
/* Runs the steps from the file's version to SCHEMA_VERSION, each in a transaction of its own.
 * `program` is noted beside the version. E_VERSION: the file is newer; nothing was written. */
enum result schema_upgrade(sqlite3 *db, const char *program, struct err *err);

#endif
