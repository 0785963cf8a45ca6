/* newaliases, also sendmail -bi: there is no database to make; the file is checked. */
#ifndef SMTPGATE_DAEMON_NEWALIASES_H
#define SMTPGATE_DAEMON_NEWALIASES_H

#include "daemon/commands.h"

/* Prints faults of the file of [gateway] aliases, and how many names it has. A running gateway reads it by itself. */
enum exit_status newaliases(struct call *c);

#endif
