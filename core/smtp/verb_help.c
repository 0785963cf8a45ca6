/* HELP (RFC 5321 4.1.1.8): the verbs of the table that are of use here. */
#include "smtp/session.h"

#include <stdio.h>
#include <string.h>

void smtp_verb_help(struct smtp_server *s, char *args)
{
	(void)args;
	struct smtp_reply reply;
	smtp_reply_set(&reply, 214, "2.0.0", "Commands:");
	bool tls = s->config->starttls != SMTP_STARTTLS_OFF;
	for (const struct smtp_verb *v = smtp_verbs_next(s, NULL); v; v = smtp_verbs_next(s, v)) {
		if (v->run == smtp_verb_starttls && !tls)
			continue;
		size_t have = strlen(reply.text);
		snprintf(reply.text + have, sizeof reply.text - have, " %s", v->name);
	}
	smtp_session_reply(s, &reply);
}
