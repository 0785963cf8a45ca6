/* A local program's message into the maildrop: see sending.h. Owns the region of the envelope, and the settings. */
#include "daemon/sending.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "daemon/context.h"
#include "daemon/rights.h"
#include "daemon/table.h"
#include "mail/asks.h"
#include "mail/date.h"

#include <limits.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FRAME_MAX 65536 /* bytes that missing fields may add to what was read */

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

static enum result set_sender(struct sending *s, const char *given, struct err *err)
{
	struct mail_address a;
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

/* As Postfix's sendmail: what cannot be understood is told and left out, for the message matters more. */
static void left_out(const struct sending *s, enum option_id id, const char *value, const char *why)
{
	fprintf(s->call->err, "smtpgate: %s ", option_spelled(id));
	table_put(s->call->err, "", value, "");
	fprintf(s->call->err, ": %s; sent without it\n", why);
}

/* "failure, delay" as well as "failure,delay". */
static bool read_notify(const char *value, struct mail_asks_rcpt *asks)
{
	char word[64];
	size_t n = 0;
	for (; *value && n + 1 < sizeof word; value++)
		if (*value != ' ' && *value != '\t')
			word[n++] = *value;
	word[n] = '\0';
	return !*value && mail_asks_notify(asks, word) == OK;
}

static bool read_envid(const char *value, struct mail_asks *asks)
{
	char text[MAIL_ENVID_MAX + 1];
	return mail_xtext_encode(value, text, sizeof text) && mail_asks_envid(asks, text) == OK;
}

/* -N, -R and -V of sendmail: what is wanted of reports (RFC 3461). */
static enum result set_asks(struct sending *s, struct err *err)
{
	const char *notify = call_option(s->call, OPT_NOTIFY);
	const char *ret = call_option(s->call, OPT_RETURN);
	const char *envid = call_option(s->call, OPT_ENVID);
	struct mail_asks_rcpt rcpt = {.notify = 0};
	struct mail_asks asks = {.ret = MAIL_RET_UNSAID};
	char text[MAIL_ASKS_TEXT], each[MAIL_ASKS_RCPT_TEXT];
	if (notify && !read_notify(notify, &rcpt)) {
		left_out(s, OPT_NOTIFY, notify, "it is never, or some of success, failure, delay");
		rcpt.notify = 0;
	}
	if (ret && mail_asks_ret(&asks, ret) != OK)
		left_out(s, OPT_RETURN, ret, "it is full or hdrs");
	if (envid && !read_envid(envid, &asks))
		left_out(s, OPT_ENVID, envid,
			 "it has 1 to 100 characters, of which + and = count three times");
	s->compose.asks = region_strdup(s->region, mail_asks_rcpt_print(&rcpt, each));
	s->envelope.asks = region_strdup(s->region, mail_asks_print(&asks, text));
	return s->compose.asks && s->envelope.asks
		       ? OK
		       : err_set(err, E_NOMEM, "no memory for the sender");
}

enum result sending_begin(struct sending *s, const char *sender, struct err *err)
{
	const char *old = call_option(s->call, OPT_OLD);
	const struct clock *clock = clock_system();
	const struct conf_gateway *g = &s->settings->gateway;
	s->compose = (struct mail_compose){.origin = g->origin,
					   .hostname = g->hostname,
					   .name = s->name,
					   .user = s->user,
					   .max_size = g->max_size,
					   .whole_from = true,
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
	enum result r = set_sender(s, sender, err);
	if (r == OK)
		r = set_asks(s, err);
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
	spool_maildrop_name(s->file);
	umask(0027); /* the gateway reads it as its group, whatever the caller's mask */
	enum result r = make_spool(s, &err);
	if (r == OK)
		r = spool_maildrop_write_as(file_system(), s->settings->gateway.spool, s->file,
					    &s->envelope, buf_head(message), message->len, &err);
	if (r != OK) /* also what rights forbid: cron and others try again, or tell their owner */
		return call_fail(s->call, EXIT_TEMPORARY, &err);
	nudge(s->call);
	return EXIT_DONE;
}

enum exit_status sending_finish(struct sending *s, struct buf *text)
{
	struct buf message;
	struct err err;
	buf_init(&message, (size_t)s->compose.max_size + FRAME_MAX);
	enum exit_status status;
	enum result r = mail_compose_make(&s->compose, text, &s->envelope, &message, &err);
	buf_free(text);
	if (r != OK)
		status = call_fail(s->call, exit_of_result(r), &err);
	else if (!s->envelope.count)
		status = call_usage(s->call, "the header names no recipient");
	else
		status = store(s, &message);
	buf_free(&message);
	return status;
}

void sending_end(struct sending *s)
{
	region_destroy(&s->region);
	settings_unref(&s->settings);
}
