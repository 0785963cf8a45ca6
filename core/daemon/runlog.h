/*
 * Where the log goes while the gateway starts. `socket error (123)` must be the first line on standard error, so what is
 * logged there before the start is decided is kept back and written after it; every other target is open from the beginning.
 */
#ifndef SMTPGATE_DAEMON_RUNLOG_H
#define SMTPGATE_DAEMON_RUNLOG_H

#include "conf/settings.h"

#include <stdbool.h>

struct runlog {
	bool to_stderr; /* a target is standard error */
};

/* Opens the targets of the settings. background: standard error will be gone, `auto` means syslog then. E_...: a target
 * cannot be opened. */
enum result runlog_open(struct runlog *r, const struct conf_log *log, bool background,
			struct err *err);
/* Writes what was kept back to standard error and lets the log go there, if it is a target. Again: nothing. */
void runlog_release(void);

#endif
