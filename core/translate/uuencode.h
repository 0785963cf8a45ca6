/*
 * Uuencode, as POSIX has it: files within a text, found by themselves, and files written so. A line `begin 644 name` counts only when
 * lines of data and a line `end` follow it (Q118595); what is damaged is text. Nothing is in memory as a whole.
 */
#ifndef SMTPGATE_TRANSLATE_UUENCODE_H
#define SMTPGATE_TRANSLATE_UUENCODE_H

#include "translate/ending.h"

#define UUENCODE_NAME_MAX 200 /* bytes of a name */

/* One file in a text. */
struct uuencode {
	uint64_t start, end; /* bytes of the text: its begin line, and behind its end line */
	uint64_t size;       /* bytes of the file */
	char name[UUENCODE_NAME_MAX + 1]; /* as it stands there; never empty */
};

/* The first whole file at or behind `from`. OK; E_NOTFOUND: there is none; or the content's failure. */
enum result uuencode_find(const struct content *text, uint64_t from, struct uuencode *found);
/* Its bytes. E_CORRUPT: `found` is not of this text. */
enum result uuencode_decode(const struct content *text, const struct uuencode *found,
			    struct sink *to);
/* Lines that a file takes, `begin` and `end` with them. */
uint64_t uuencode_lines(uint64_t size);
/* Writes a file so; a name that is empty or holds line ends is the caller's fault. */
enum result uuencode_write(struct sink *to, enum ending ending, const char *name,
			   const struct content *file);

#endif
