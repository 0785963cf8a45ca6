/* RCPT (RFC 5321 4.1.1.3) with NOTIFY and ORCPT (RFC 3461). Recipients are counted, not kept: each costs the same, the first and the
 * ten thousandth. */
#include "base/text.h"
#include "mail/asks.h"
#include "smtp/param.h"
#include "smtp/path.h"
#include "smtp/session.h"

#include <string.h>

static enum result take_notify(void *to, const char *value)
{
	return mail_asks_notify(to, value);
}

static enum result take_orcpt(void *to, const char *value)
{
	return mail_asks_orcpt(to, value);
}

static const struct smtp_param known[] = {
	{"NOTIFY", take_notify},
	{"ORCPT", take_orcpt},
	{NULL, NULL},
};

static void answered(struct smtp_server *s, struct smtp_reply *reply)
{
	if (smtp_reply_is(reply, 2)) {
		s->recipients++;
		smtp_session_move(s, SMTP_EV_RCPT);
	}
	smtp_session_reply(s, reply);
}

void smtp_verb_rcpt(struct smtp_server *s, char *args)
{
	struct smtp_reply reply;
	struct mail_asks_rcpt asks = {0};
	char text[MAIL_ASKS_RCPT_TEXT];
	char *rest, *path = smtp_verb_path(s, args, "TO:", SMTP_PATH_POSTMASTER, "5.1.3", &rest);
	if (!path)
		return;
	if (smtp_param_take(known, rest, &asks, &reply) != OK) {
		smtp_session_reply(s, &reply);
		return;
	}
	if (!smtp_verb_path_fits(s, path))
		return;
	if (s->config->max_recipients && s->recipients >= s->config->max_recipients) {
		smtp_session_refuse(s, SMTP_RULE_RECIPIENTS,
				    smtp_reply_set(&reply, 452, "4.5.3", "Too many recipients"));
		return;
	}
	const char *to = text_same(path, "postmaster") ? "postmaster" : path;
	smtp_reply_set(&reply, 250, "2.1.5", "Ok");
	enum smtp_verdict verdict =
		s->ops->on_rcpt
			? s->ops->on_rcpt(s->ctx, to, mail_asks_rcpt_print(&asks, text), &reply)
			: SMTP_DONE;
	smtp_session_settle(s, verdict, &reply, answered);
}
