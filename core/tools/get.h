/* smtpget: moves messages out of the mailbag of a postoffice into a message file, for the gateway. */
#ifndef SMTPGATE_TOOLS_GET_H
#define SMTPGATE_TOOLS_GET_H

#include "base/clock.h"
#include "base/file.h"
#include "tools/options.h"
#include "tools/story.h"

#include <sysexits.h>

/*
 * One run. A message is in the file, synced, before it leaves the mailbag; several runs share the messages among them. A
 * broken one goes to outgoing/bad and is told. 0: done; EX_TEMPFAIL: something is in use or the disk failed, nothing is lost;
 * 1: something was told and set aside.
 */
int get_run(const struct ffapi_options *o, const struct file_ops *files, const struct clock *clock,
	    struct story *story);

#endif
