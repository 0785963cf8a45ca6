/*
 * Reads the lines of an ini file: physical lines, counted, each checked before inih takes it apart.
 *
 * inih (55) cuts long lines, keys and sections, joins indented lines, cuts at NUL, hides section lines and tells no
 * line number. So it is only ever given lines of the form `key = value`, one at a time, by a reader function of
 * ours; everything else is seen here first: comments, section lines, and what must be refused.
 *
 * Grammar: UTF-8, a byte order mark is skipped; lines end in LF or CRLF and hold at most CONF_LINE_MAX bytes; blanks
 * around a line, a key, a value mean nothing; `;` or `#` begins a comment line; ` ;` ends a value unless it is in
 * double quotes, within which \" and \\ stand for " and \; [WORD] or [WORD NAME] begins a section.
 *
 * Not for two threads at a time: the switches of inih are global.
 */
#ifndef SMTPGATE_CONF_READER_H
#define SMTPGATE_CONF_READER_H

#include "base/result.h"

#include <stddef.h>

#define CONF_LINE_MAX 16384u /* bytes of a line without its end */
#define CONF_NAME_MAX 40u    /* bytes of a section's name */

struct conf_reader_events {
	/* A section begins. name is NULL for `[word]`. word is NULL for a line that was refused: what follows belongs to
	 * no section (fault was called before). */
	void (*section)(void *ctx, const char *word, const char *name, unsigned line);
	/* One key with its value: comment and quotes removed, may be empty, may be changed in place. */
	void (*pair)(void *ctx, const char *key, char *value, unsigned line);
	/* The line is faulty and was left out. remedy may be NULL. */
	void (*fault)(void *ctx, unsigned line, const char *remedy, const char *text);
};

/* Reads all n bytes. OK (whatever the faults) or E_NOMEM. */
enum result conf_reader_parse(const char *bytes, size_t n, const struct conf_reader_events *events,
			      void *ctx);

#endif
