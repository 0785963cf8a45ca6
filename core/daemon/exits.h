/* Exit statuses of smtpgate(1): what scripts and service managers act on (sysexits.h, and 123 of our own). */
#ifndef SMTPGATE_DAEMON_EXITS_H
#define SMTPGATE_DAEMON_EXITS_H

#include "base/result.h"

enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 64,     /* wrong usage */
	EXIT_NO_DAEMON = 69, /* the gateway is not running */
	EXIT_TEMPORARY = 75, /* try again: a spool held by another, a full disk */
	EXIT_CONFIG = 78,    /* faulty configuration, a spool of a newer program */
	EXIT_SOCKET = 123,   /* the TCP/IP of the configured vendor cannot be started */
};

/* The status that fits a failure of a command (an answer of the daemon, a file, ...). */
enum exit_status exit_of_result(enum result r);

#endif
