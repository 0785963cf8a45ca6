/* smtpput: takes messages from a message file into the mailboxes of a postoffice, and what is for elsewhere into its mailbag. */
#ifndef SMTPGATE_TOOLS_PUT_H
#define SMTPGATE_TOOLS_PUT_H

#include "base/clock.h"
#include "base/file.h"
#include "tools/options.h"
#include "tools/story.h"

#include <sysexits.h>

/*
 * One run. A message leaves the file when it is in every mailbox, synced. What cannot be put for good goes to FILE.bad, with
 * the reason in FILE.bad.txt; what fails for now stays in the file. 0: done; EX_TEMPFAIL: something stayed; 1: something was set
 * aside.
 */
int put_run(const struct ffapi_options *o, const struct file_ops *files, const struct clock *clock,
	    struct story *story);

#endif
