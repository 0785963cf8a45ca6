/*
 * Everything that is asked of a disk, in order: file operations and the database's I/O, with the
 * bytes, and marks of a test between them ("answered"). Process-wide, any thread; the calls
 * themselves are done as well. What disk.h makes crash states of.
 */
#ifndef SMTPGATE_TESTS_RECORD_H
#define SMTPGATE_TESTS_RECORD_H

#include "base/file.h"

#include <stdint.h>

struct vfs_hooks;

#define RECORD_PATH 160 /* bytes of a path below the root */

enum record_op {
	RECORD_WRITE,    /* n bytes at offset of the file */
	RECORD_TRUNCATE, /* the file, to offset bytes */
	RECORD_NAME,     /* the new file gets its name: path */
	RECORD_RENAME,   /* the file's name path becomes to */
	RECORD_UNLINK,   /* the name path goes */
	RECORD_SYNC,     /* the file; or, when it is 0, the folder path */
	RECORD_MARK,     /* of the test */
};

struct record {
	enum record_op op;
	unsigned file; /* 1, 2, ...: a file keeps it whatever its name; 0: none */
	char path[RECORD_PATH], to[RECORD_PATH];
	int64_t offset;
	size_t n;
	char *bytes;
	int mark; /* what, of whom, and a number with it */
	unsigned token;
	uint64_t number;
};

/* Faults that can be planted: the call is done, but the record has it not. */
enum record_plant {
	PLANT_NONE,
	PLANT_BODY_FOLDER, /* syncs of the spool's folder of bodies */
	PLANT_MAILBOX,     /* syncs of a mailbox's new */
	PLANT_LOG,         /* syncs of the database's log */
	PLANT_CONTENT,     /* syncs of files beside the database */
	PLANT_REMOVAL,     /* what is done to the database after a sync that failed, up to a mark */
	PLANT_MAILDROP,    /* syncs of the spool's maildrop folder */
	PLANT_PICKUP,      /* syncs of a pickup folder */
};

/* Forgets what was and records from now on, below root. Files that are there get numbers. */
void record_begin(const char *root, enum record_plant plant);
void record_end(void);
void record_free(void);
/* The records so far; stable after record_end. */
const struct record *records(size_t *count);
void record_mark(int mark, unsigned token, uint64_t number);
/* The n-th sync of the log from now (1: the next) fails once, and is not done. */
void record_fail_sync(unsigned n);
/* Syncs of the database's main file that were recorded. */
unsigned record_checkpoints(void);
/* The number of a file that was there when recording began, by its path; 0: none. */
unsigned record_file(const char *path);

const struct file_ops *record_files(void);
const struct vfs_hooks *record_hooks(void);

#endif
