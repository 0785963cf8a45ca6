/* A postoffice in a scratch folder, and its programs' runs inside of this process, for the tests of core/tools. */
#ifndef SMTPGATE_TESTS_TOOLS_YARD_H
#define SMTPGATE_TESTS_TOOLS_YARD_H

#include "tools/get.h"
#include "deliver/maildir.h"
#include "tools/put.h"

#include <stdbool.h>

/* Makes an empty postoffice with the mailboxes ann and bob; returns its path. */
const char *yard_open(void);
void yard_close(void);
/* A path below the postoffice; static, four at a time. */
const char *yard_path(const char *name);
/* A file with these bytes below the postoffice. */
void yard_write(const char *name, const char *bytes, size_t n);
/* The whole of a file as a string; free it. NULL: it is not there. */
char *yard_read(const char *name);
/* Files of a Maildir's new/ (all mailboxes and the mailbag: "ann/new"). */
unsigned yard_count(const char *folder);
/* Does a file of the folder contain these words? */
unsigned yard_containing(const char *folder, const char *words);
/* Runs put or get on FILE (below the postoffice); what they told is in yard_told. */
int yard_put(const struct file_ops *files, const char *file, const struct ffapi_options *more);
int yard_get(const struct file_ops *files, const char *file, const struct ffapi_options *more);
const char *yard_told(void);
/* Was the n-th call of frail_ops made since frail_fail_at? */
bool yard_struck(unsigned n);

#endif
