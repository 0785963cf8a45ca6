/*
 * Rows of text for people: columns as wide as their content, two blanks between, the last one cut at the width of a
 * terminal. Control characters (a peer's words may hold anything) are shown as `?`.
 */
#ifndef SMTPGATE_DAEMON_TABLE_H
#define SMTPGATE_DAEMON_TABLE_H

#include "base/result.h"

#include <stdbool.h>
#include <stdio.h>

#define TABLE_COLUMNS 12

struct table {
	const char *const *heads; /* NULL-terminated; a leading '>' aligns the column right */
	size_t columns;
	char **cells; /* rows * columns */
	size_t rows, cap;
	bool failed; /* memory was short: a row is missing */
};

void table_init(struct table *t, const char *const *heads);
void table_free(struct table *t);
/* Copies one row: as many texts as there are columns; NULL is empty. E_NOMEM. */
enum result table_add(struct table *t, const char *const *cells);
/* Prints heads and rows; width 0: nothing is cut. */
void table_print(const struct table *t, size_t width, FILE *to);
/* Columns of the terminal that `to` is, 0 when it is none. */
size_t table_width(FILE *to);
/* Copies text with control characters made harmless; n > 0. Returns out. */
const char *table_clean(const char *text, char *out, size_t n);
/* Prints before, the cleaned text and after; nothing at all when text is empty. */
void table_put(FILE *to, const char *before, const char *text, const char *after);

#endif
