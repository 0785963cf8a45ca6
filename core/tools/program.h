/* What the mains of smtpget and smtpput share: options, help, version, log, exit status. */
#ifndef SMTPGATE_TOOLS_PROGRAM_H
#define SMTPGATE_TOOLS_PROGRAM_H

#include "base/clock.h"
#include "base/file.h"
#include "tools/options.h"
#include "tools/story.h"

typedef int (*ffapi_run)(const struct ffapi_options *o, const struct file_ops *files,
			 const struct clock *clock, struct story *story);

/* Runs it over the command line; help is printed for --help. Returns the exit status. */
int program_main(int argc, char **argv, const char *name, const char *help, ffapi_run run);

#endif
