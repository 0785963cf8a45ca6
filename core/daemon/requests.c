/* Dispatch of control requests: see requests.h. */
#include "daemon/requests.h"

#include "base/log.h"
#include "base/text.h"
#include "daemon/words.h"

#include <string.h>
#include <unistd.h>

static void request_maildrop(struct requests_host *h, struct control_client *c,
			     const json_t *request)
{
	(void)request;
	gateway_look(h->gateway);
	control_ok(c, NULL);
}

static void request_reload(struct requests_host *h, struct control_client *c, const json_t *request)
{
	struct err err;
	(void)request;
	if (h->reload(h->ctx, &err) == OK)
		control_ok(c, NULL);
	else
		control_error(c, &err);
}

static void request_stop(struct requests_host *h, struct control_client *c, const json_t *request)
{
	int64_t wait = gateway_settings(h->gateway)->gateway.stop_wait;
	(void)request;
	control_ok(c, json_pack("{s:I}", "stop_wait", (json_int_t)wait));
	control_hold(
		c); /* the asker waits for the end of the connection, which is that of the gateway */
	h->stop(h->ctx);
}

struct request_row {
	const char *command;
	bool owner; /* root or the gateway's own user only */
	bool act;   /* changes something: logged */
	void (*serve)(struct requests_host *h, struct control_client *c, const json_t *request);
};
static const struct request_row rows[] = {
	{"status", false, false, request_status},
	{"queue.list", false, false, request_list},
	{"queue.act", false, true, request_act},
	{"queue.flush", false, true, request_flush},
	{"history.verify", false, false, request_verify},
	{"spool.snapshot", true, true, request_snapshot},
	{"maildrop", false, false, request_maildrop},
	{"reload", true, true, request_reload},
	{"stop", true, true, request_stop},
};

static void log_action(const struct control_peer *p, const char *command, bool allowed)
{
	LOG(allowed ? LOG_INFO : LOG_WARN, NULL, "control", allowed ? "asked" : "refused",
	    F_S("command", command), F_N("uid", p->uid), F_N("pid", p->pid));
}

static const struct request_row *find(const char *command)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].command, command) == 0)
			return &rows[i];
	return NULL;
}

void requests_serve(void *ctx, struct control_client *c, const json_t *request)
{
	struct requests_host *h = ctx;
	const char *command = words_text(request, "command");
	const struct request_row *row = find(command);
	const struct control_peer *p = control_peer(c);
	struct err err;
	if (!row) {
		err_set(&err, E_UNSUPPORTED, "this gateway does not know the command \"%.40s\"",
			command);
		err_remedy(&err, "is it of another version? it says: smtpgate %s", h->version);
		control_error(c, &err);
		return;
	}
	bool allowed = !row->owner || p->uid == 0 || p->uid == geteuid();
	if (row->act || !allowed)
		log_action(p, command, allowed);
	if (allowed) {
		row->serve(h, c, request);
		return;
	}
	err_set(&err, E_DENIED, "%s: only root and the gateway's own user may", command);
	control_error(c, &err);
}
