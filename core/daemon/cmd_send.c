/* send: a message from standard input into SPOOL/maildrop; also what is called as sendmail. */
#include "base/text.h"
#include "daemon/context.h"
#include "daemon/newaliases.h"
#include "daemon/sending.h"

#include <string.h>

/* sendmail -q: what waits is tried now. */
static bool is_flush(struct call *c, enum exit_status *status)
{
	static char flush[] = "flush";
	static char *args[] = {flush, NULL};
	if (!call_option(c, OPT_QUEUE))
		return false;
	c->command = command_find("queue");
	c->options.args = args;
	c->options.arg_count = 1;
	*status = c->command->run(c);
	return true;
}

static enum exit_status send_with(struct sending *s)
{
	struct buf text;
	struct err err;
	const char *sender = call_option(s->call, OPT_SENDER);
	enum result r =
		sending_begin(s, sender ? sender : call_option(s->call, OPT_SENDER_OLD), &err);
	if (r == E_SYNTAX)
		return call_usage(s->call, "%s", err.text);
	if (r != OK)
		return call_fail(s->call, exit_of_result(r), &err);
	if (!s->envelope.count && !s->compose.headers)
		return call_usage(s->call,
				  "send: name recipients, or take them from the header with -t");
	buf_init(&text, (size_t)s->compose.max_size);
	r = mail_compose_read(&s->compose, s->call->in, &text, &err);
	if (r == OK)
		return sending_finish(s, &text);
	buf_free(&text);
	return call_fail(s->call, exit_of_result(r), &err);
}

/* sendmail's modes that are other commands, or are none of ours. True: *status says what came of it. */
static bool other_mode(struct call *c, enum exit_status *status)
{
	static char list[] = "list";
	char *args[] = {list, NULL};
	const char *mode = call_option(c, OPT_MODE);
	if (!mode || strcmp(mode, "m") == 0)
		return false;
	if (strcmp(mode, "p") == 0) {
		c->command = command_find("queue");
		c->options.args = args;
		c->options.arg_count = 1;
		*status = c->command->run(c);
	} else if (strcmp(mode, "i") == 0) {
		*status = newaliases(c);
	} else {
		*status = call_usage(
			c, "-b%s: this sendmail sends (-bm), lists the queue (-bp) and no more",
			mode);
	}
	return true;
}

enum exit_status cmd_send(struct call *c)
{
	struct sending s = {.call = c};
	enum exit_status status;
	if (other_mode(c, &status) || is_flush(c, &status))
		return status;
	status = context_load(c, false, false, &s.settings);
	if (status == EXIT_DONE)
		status = send_with(&s);
	sending_end(&s);
	return status;
}
