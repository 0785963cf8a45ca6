/* `history verify`: the chain of the history, checked by the running gateway. */
#ifndef SMTPGATE_DAEMON_VERIFY_H
#define SMTPGATE_DAEMON_VERIFY_H

#include "daemon/commands.h"

/* The argument behind "verify", when there is one, is a link that was written down: "17:HASH". EXIT_FAILED: something does not
 * fit, and is named. --json: one object. */
enum exit_status verify_history(struct call *c);

#endif
