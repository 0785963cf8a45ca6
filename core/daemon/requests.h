/*
 * What the control socket can be asked, answered from the running gateway. A table of {command, who may, function}:
 *
 *	status                             {"status": {...}}
 *	queue.list  filter, recipients, attempts   {"entry"} lines, each followed by its {"recipient"}, {"attempt"} lines
 *	queue.act   action, filter, reason  {"ok", "matched": n}
 *	queue.flush filter                  the same, and destinations forget their waits
 *	history.verify known, hash         {"ok", "first", "last", "messages", "head", "faults", "texts"}
 *	maildrop                            `send` wrote a message
 *	spool.snapshot                     {"ok", "spool", "messages", "last"}; root or the gateway's own user only
 *	reload, stop                        root or the gateway's own user only
 *
 * Asking the spool takes time: such an answer is a job (control.h) whose spool request is answered in the loop's inbox.
 */
#ifndef SMTPGATE_DAEMON_REQUESTS_H
#define SMTPGATE_DAEMON_REQUESTS_H

#include "daemon/control.h"
#include "gateway/gateway.h"

/* The running gateway as requests see it. */
struct requests_host {
	struct loop *loop;
	struct gateway *gateway;
	const char *version;
	enum result (*reload)(void *ctx, struct err *err);
	void (*stop)(void *ctx); /* may be called again: a second stop is quick */
	void *ctx;
};

/* For control_options.request; ctx is the requests_host. */
void requests_serve(void *ctx, struct control_client *c, const json_t *request);

/* Entries that one page asks of the spool. */
#define REQUESTS_PAGE 100

/* Each answers one command, now or by a job (request_NAME.c). */
void request_status(struct requests_host *h, struct control_client *c, const json_t *request);
void request_list(struct requests_host *h, struct control_client *c, const json_t *request);
void request_act(struct requests_host *h, struct control_client *c, const json_t *request);
void request_verify(struct requests_host *h, struct control_client *c, const json_t *request);
void request_snapshot(struct requests_host *h, struct control_client *c, const json_t *request);
void request_flush(struct requests_host *h, struct control_client *c, const json_t *request);

#endif
