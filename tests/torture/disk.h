/*
 * What a disk may hold after a crash. Made of a record: of the first `upto` calls, those that a sync
 * made durable are there; of the others
 *
 *	DISK_ALL      all,
 *	DISK_LEAST    none,
 *	DISK_CHANCE+  some, by chance: each write as a whole, in part (sectors of 512 bytes) or not;
 *	              of the changes of names in one folder the first few, as a journal has them.
 *
 * A folder's sync makes the names in it durable, a file's sync its content, and nothing else. A
 * rename is there or not, and belongs to the folder that it goes to.
 */
#ifndef SMTPGATE_TESTS_DISK_H
#define SMTPGATE_TESTS_DISK_H

#include "torture/record.h"

enum { DISK_ALL, DISK_LEAST, DISK_CHANCE };

struct disk;

/* What is below root now, all of it durable; right after record_begin, which numbers the files. */
struct disk *disk_load(const char *root);
void disk_free(struct disk **d);
/* Writes the state into the folder `to`, which is emptied before. state: one of those above; what is
 * above DISK_CHANCE seeds another chance. */
void disk_crash(const struct disk *d, size_t upto, unsigned state, const char *to);

#endif
