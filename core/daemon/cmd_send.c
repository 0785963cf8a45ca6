/* send: a message from standard input into SPOOL/maildrop; also what is called as sendmail. */
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "mail/compose.h"
#include "daemon/context.h"
#include "daemon/newaliases.h"
#include "daemon/rights.h"
#include "mail/address.h"
#include "mail/date.h"
#include "spool/spool.h"

#include <limits.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FRAME_MAX 65536 /* bytes that missing fields may add to what was read */

struct sending {
	struct call *call;
	struct settings *settings;
	struct mail_compose compose;
	struct mail_envelope envelope;
	struct region *region;
	char user[MAIL_ADDRESS_MAX + 1], name[256];
};

/* Who sends: login name @ origin, and the full name of the password file. */
static void find_user(struct sending *s)
{
	const struct passwd *p = getpwuid(getuid());
	const char *given = call_option(s->call, OPT_NAME),
		   *gecos = p && p->pw_gecos ? p->pw_gecos : "";
	if (p)
		snprintf(s->user, sizeof s->user, "%.64s@%s", p->pw_name,
			 s->settings->gateway.origin);
	else
		snprintf(s->user, sizeof s->user, "uid%ld@%s", (long)getuid(),
			 s->settings->gateway.origin);
	if (given)
		text_copy(s->name, sizeof s->name, given);
	else
		snprintf(s->name, sizeof s->name, "%.*s", (int)strcspn(gecos, ","), gecos);
}

static enum result set_sender(struct sending *s, struct err *err)
{
	const char *given = call_option(s->call, OPT_SENDER);
	struct mail_address a;
	if (!given)
		given = call_option(s->call, OPT_SENDER_OLD);
	if (!given) {
		s->envelope.reverse_path = s->user;
		return OK;
	}
	if (!*given || strcmp(given, "<>") == 0)
		return OK; /* the null reverse-path */
	size_t n = strlen(given);
	if (given[0] == '<' && given[n - 1] == '>') {
		given++;
		n -= 2;
	}
	if (mail_address_parse(given, n, &a, NULL, err) != OK) {
		err_prefix(err, "-f %s", given);
		return E_SYNTAX;
	}
	s->envelope.reverse_path = region_printf(
		s->region, "%s@%s", a.local, *a.domain ? a.domain : s->settings->gateway.origin);
	return s->envelope.reverse_path ? OK : err_set(err, E_NOMEM, "no memory for the sender");
}

static enum result fill(struct sending *s, struct err *err)
{
	const char *old = call_option(s->call, OPT_OLD);
	const struct clock *clock = clock_system();
	const struct conf_gateway *g = &s->settings->gateway;
	s->compose = (struct mail_compose){.origin = g->origin,
					   .hostname = g->hostname,
					   .name = s->name,
					   .user = s->user,
					   .max_size = g->max_size,
					   .headers = call_option(s->call, OPT_HEADERS) != NULL,
					   .ignore_dot = call_option(s->call, OPT_IGNORE_DOT) ||
							 (old && strcmp(old, "i") == 0),
					   .now = clock_wall(clock),
					   .zone = mail_date_offset(clock_wall(clock)),
					   .unique = clock_random(clock)};
	s->region = region_new(0);
	if (!s->region)
		return err_set(err, E_NOMEM, "no memory for the message");
	find_user(s);
	mail_envelope_init(&s->envelope, s->region);
	s->envelope.arrived = s->compose.now;
	s->envelope.listener = "send";
	s->envelope.protocol = "local";
	enum result r = set_sender(s, err);
	for (int i = 0; r == OK && i < s->call->options.arg_count; i++)
		r = mail_compose_recipients(&s->compose, s->call->options.args[i],
					    strlen(s->call->options.args[i]), &s->envelope, err);
	return r;
}

/* The running gateway, if there is one, looks at once; else it finds the message when it starts. */
static void nudge(const struct call *c)
{
	struct link l;
	struct err err;
	if (context_connect(c, &l, &err) != OK)
		return;
	link_ask(&l, json_pack("{s:s}", "command", "maildrop"), NULL, NULL, NULL, NULL);
	link_close(&l);
}

/* Before the gateway ever ran: root makes the folders so that they are the gateway's, not root's. */
static enum result make_spool(const struct sending *s, struct err *err)
{
	const struct conf_gateway *g = &s->settings->gateway;
	char path[PATH_MAX];
	struct rights rights;
	if (geteuid() != 0)
		return OK;
	if ((size_t)snprintf(path, sizeof path, "%s/maildrop", g->spool) >= sizeof path)
		return err_set(err, E_LIMIT, "%s: the name is too long", g->spool);
	enum result r = rights_find(&rights, g->user, g->group, err);
	if (r == OK)
		r = rights_make_folder(&rights, g->spool, 0711, err);
	if (r == OK)
		r = rights_make_folder(&rights, path, 0700, err);
	return r == OK ? spool_maildrop_make(file_system(), g->spool, err) : r;
}

static enum exit_status store(struct sending *s, const struct buf *message)
{
	struct err err;
	umask(0027); /* the gateway reads it as its group, whatever the caller's mask */
	enum result r = make_spool(s, &err);
	if (r == OK)
		r = spool_maildrop_write(file_system(), s->settings->gateway.spool, &s->envelope,
					 buf_head(message), message->len, &err);
	if (r != OK) /* also what rights forbid: cron and others try again, or tell their owner */
		return call_fail(s->call, EXIT_TEMPORARY, &err);
	nudge(s->call);
	return EXIT_DONE;
}

static enum exit_status send_message(struct sending *s)
{
	struct buf text, message;
	struct err err;
	buf_init(&text, (size_t)s->compose.max_size);
	buf_init(&message, (size_t)s->compose.max_size + FRAME_MAX);
	enum exit_status status = EXIT_DONE;
	enum result r = mail_compose_read(&s->compose, s->call->in, &text, &err);
	if (r == OK)
		r = mail_compose_make(&s->compose, &text, &s->envelope, &message, &err);
	buf_free(&text);
	if (r != OK)
		status = call_fail(s->call, exit_of_result(r), &err);
	else if (!s->envelope.count)
		status = call_usage(s->call, "the header names no recipient");
	else
		status = store(s, &message);
	buf_free(&message);
	return status;
}

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
	struct err err;
	enum result r = fill(s, &err);
	if (r == E_SYNTAX)
		return call_usage(s->call, "%s", err.text);
	if (r != OK)
		return call_fail(s->call, exit_of_result(r), &err);
	if (!s->envelope.count && !s->compose.headers)
		return call_usage(s->call,
				  "send: name recipients, or take them from the header with -t");
	return send_message(s);
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
	region_destroy(&s.region);
	settings_unref(&s.settings);
	return status;
}
