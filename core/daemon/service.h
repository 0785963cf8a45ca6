/*
 * The running gateway in its process: signals, reload, stop, watchdog. cmd_run.c brings it up.
 *
 *	RUNNING --TERM, INT, stop--> STOPPING --gateway has stopped--> the loop ends
 *	            STOPPING --TERM, INT, stop--> at once
 *	RUNNING --HUP, reload--> RUNNING (new settings, or the old ones and a reason)
 *	RUNNING --USR1--> the whole queue is tried now
 */
#ifndef SMTPGATE_DAEMON_SERVICE_H
#define SMTPGATE_DAEMON_SERVICE_H

#include "base/loop.h"
#include "conf/settings.h"
#include "gateway/gateway.h"

#include <stdbool.h>

struct service {
	struct loop *loop;
	struct gateway *gateway;
	const char *file;   /* of the settings, absolute */
	const char *vendor; /* override by the program's name, or NULL */
	bool under_manager;
	struct watch signals;
	struct timer watchdog;
	bool stopping;
};

/* Blocks the signals that service_start watches, in this thread and all that are made later; ignores SIGPIPE. Before any
 * thread. */
void service_block_signals(void);
/* Waits so long; true: a signal came that asks for the end (TERM, INT), and is taken. Before service_start. */
bool service_pause(int64_t ms);
/* Watches signals and the watchdog. loop, gateway, file, ... are set. */
enum result service_start(struct service *s, struct err *err);
void service_end(struct service *s);
/* As SIGHUP: all that a reload may change, or nothing and why. */
enum result service_reload(struct service *s, struct err *err);
/* As SIGTERM; the second call is quick. */
void service_stop(struct service *s);

#endif
