/*
 * What the files of `probe` share: cmd_probe.c climbs from the module to the started stack, probe_hosts.c on from there to the
 * name servers and the smart hosts.
 */
#ifndef SMTPGATE_DAEMON_PROBE_H
#define SMTPGATE_DAEMON_PROBE_H

#include "daemon/commands.h"
#include "daemon/look.h"

#define PROBE_LAYER "%-10s "

struct probe {
	struct call *call;
	struct settings *settings;
	struct look look; /* its stack is started in this thread */
};

/* The name servers, when a route over this vendor needs names. EXIT_FAILED: none of them answers. */
enum exit_status probe_names(struct probe *p);
/* The smart hosts of every route over this vendor, and port 587 beside a port 25 that is not reached. EXIT_FAILED: one or more
 * did not greet. */
enum exit_status probe_hosts(struct probe *p);

#endif
