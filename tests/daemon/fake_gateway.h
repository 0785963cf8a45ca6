/* A gateway for tests of core/daemon: one stack, one listener, wishes recorded. */
#ifndef SMTPGATE_TESTS_DAEMON_FAKE_GATEWAY_H
#define SMTPGATE_TESTS_DAEMON_FAKE_GATEWAY_H

#include "gateway/gateway.h"

struct fake_gateway {
	struct settings settings;
	struct spool *spool; /* NULL: it is stopping */
	int kicks, flushes, looks;
};
extern struct fake_gateway fake_gateway;
struct gateway *fake_gateway_handle(void);

#endif
