/* The asking end of the control socket: what `queue`, `status`, `reload` and `stop` use. Every wait is bounded. */
#ifndef SMTPGATE_DAEMON_LINK_H
#define SMTPGATE_DAEMON_LINK_H

#include "base/buf.h"
#include "base/result.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define LINK_CONNECT_MS 5000
#define LINK_ANSWER_MS 90000  /* without a byte of the answer */
#define LINK_LINE (16u << 20) /* bytes of one line of an answer */

struct link {
	int fd; /* -1: not connected */
	struct buf in;
};

/* Connects. E_NOTFOUND: nobody answers there ("the gateway is not running (no answer at PATH)", with a remedy); E_DENIED: its
 * owner keeps us out; E_TIMEOUT. */
enum result link_open(struct link *l, const char *path, struct err *err);
void link_close(struct link *l);

/*
 * Sends the request (the reference is taken) and hands each line of the answer but the last to `line` (may be NULL), which
 * returns false to stop listening (E_CANCELLED). The last one, "ok", is stored in *last (may be NULL; the caller's reference).
 * An "error" line becomes the result and err. E_CLOSED: the gateway went away; E_TIMEOUT; E_CORRUPT: not our protocol.
 */
enum result link_ask(struct link *l, json_t *request, bool (*line)(void *ctx, const json_t *object),
		     void *ctx, json_t **last, struct err *err);
/* Waits until the gateway closes the connection (after `stop`): OK, or E_TIMEOUT after ms. */
enum result link_wait_end(struct link *l, int64_t ms, struct err *err);

#endif
