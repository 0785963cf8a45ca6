/*
 * SMTPIN.TBL and SMTPOUT.TBL: what each byte of a text becomes (Q101461). The layout was published only as 264 bytes, a header of 8 and a
 * table of 256; what the header holds was not. Ours: the last 256 bytes count, whatever stands before them.
 */
#ifndef SMTPGATE_TRANSLATE_TABLE_H
#define SMTPGATE_TRANSLATE_TABLE_H

#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>

#define TABLE_FILE_SIZE 264
#define TABLE_FILE_MAX 4096 /* bytes; a larger file is no such table */

struct table {
	unsigned char to[256];
};

/* Takes the table out of a file's bytes. *odd: the file has another size than the original's. Control characters stay as they are,
 * and nothing becomes one: a table cannot break lines or fields. E_SYNTAX: there are fewer than 256 bytes. */
enum result table_read(const void *bytes, size_t n, struct table *t, bool *odd);
/* Reads FOLDER/smtp/NAME, folder and name in any case. E_NOTFOUND: it is not there, which is no fault; else err has the file and
 * the reason. */
enum result table_open(const char *folder, const char *name, struct table *t, bool *odd,
		       struct err *err);
/* The same for FOLDER/NAME. */
enum result table_open_in(const char *folder, const char *name, struct table *t, bool *odd,
			  struct err *err);
void table_apply(const struct table *t, char *bytes, size_t n);

#endif
