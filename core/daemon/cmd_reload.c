/* reload and stop: asked from the running gateway over its control socket. */
#include "daemon/context.h"
#include "daemon/words.h"

#define STOP_SLACK_MS 30000 /* beyond [gateway] stop_wait: closing the spool, ending the stacks */

enum exit_status cmd_reload(struct call *c)
{
	struct settings *s = NULL;
	/* Read here first: every fault can be told, where the gateway would tell the first. */
	enum exit_status status = context_load(c, false, false, &s);
	settings_unref(&s);
	if (status == EXIT_CONFIG)
		fputs("smtpgate: nothing was reloaded: the gateway keeps the old configuration\n",
		      c->err);
	if (status != EXIT_DONE)
		return status;
	status = context_ask(c, json_pack("{s:s}", "command", "reload"), NULL, NULL, NULL);
	if (status == EXIT_DONE)
		fputs("reloaded\n", c->out);
	return status;
}

enum exit_status cmd_stop(struct call *c)
{
	struct link l;
	struct err err;
	json_t *answer = NULL;
	enum exit_status status = context_link(c, &l);
	if (status != EXIT_DONE)
		return status;
	enum result r =
		link_ask(&l, json_pack("{s:s}", "command", "stop"), NULL, NULL, &answer, &err);
	if (r == OK)
		r = link_wait_end(&l, words_number(answer, "stop_wait") + STOP_SLACK_MS, &err);
	link_close(&l);
	json_decref(answer);
	if (r != OK)
		return call_fail(c, exit_of_result(r), &err);
	fputs("stopped\n", c->out);
	return EXIT_DONE;
}
