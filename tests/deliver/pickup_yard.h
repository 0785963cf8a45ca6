/* A pickup folder to play with, for the tests of its files: FOLDER in the scratch folder, which is the spool as well. */
#ifndef SMTPGATE_TESTS_PICKUP_YARD_H
#define SMTPGATE_TESTS_PICKUP_YARD_H

#include "deliver/pickup.h"

#include <stddef.h>

struct yard {
	struct conf_pickup conf;
	struct conf_pattern senders[4];
	struct pickup pickup;
	struct pickup_list list;
	struct err err;
	char folder[300], archive[320];
	char told[2000]; /* a line for each file: "NAME from recipients sent", or the reason */
	int64_t now;     /* added to the clock */
};
extern struct yard yard;

void yard_open(void);
void yard_close(void);
/* Writes a file of the folder at once. */
void yard_put(const char *name, const char *bytes, size_t n);
void yard_puts(const char *name, const char *text);
/* Looks until nothing more is ready, and lets `settle` pass before the second look. */
enum result yard_run(void);
bool yard_has(const char *name);
/* The bytes of a file of the folder with a NUL behind, or NULL; free it. */
char *yard_read(const char *name);
/* Names in the folder but for those with a dot in front, sorted, "a b c". */
const char *yard_names(void);
/* Messages in the maildrop. */
size_t yard_count(void);
/* The i-th: its content (free it), its envelope as "<from> to to" in envelope. */
char *yard_mail(size_t i, char *envelope, size_t n);
/* What the list says of the file. */
const char *yard_reason(const char *name);

#endif
