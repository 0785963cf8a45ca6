/* A control socket in this process for tests: one loop, served by hand, and raw clients. */
#ifndef SMTPGATE_TESTS_DAEMON_HARNESS_H
#define SMTPGATE_TESTS_DAEMON_HARNESS_H

#include "base/loop.h"
#include "daemon/control.h"

struct harness {
	struct clock_fake clock;
	struct loop *loop;
	struct control *control;
	char path[300];
};

/* Opens and serves a control socket in the scratch folder; asserts. Its monotonic clock stands still until moved. */
void harness_open(struct harness *h,
		  void (*request)(void *ctx, struct control_client *c, const json_t *r), void *ctx);
void harness_close(struct harness *h);
/* A connected, non-blocking client. */
int harness_connect(const struct harness *h);
void harness_send(int fd, const char *text);
/* Turns the loop until nothing more happens. */
void harness_settle(struct harness *h);
/* Settles and returns all that the client got meanwhile; static storage of 4 MiB. *eof (may be NULL): the gateway closed. */
const char *harness_read(struct harness *h, int fd, int *eof);

#endif
