/*
 * The ini file of a command line of 1993: see classic.h. PATH/smtp/SMTPGATE.INI says what the letters, LOCAL.CFG and ADDR_MAP.CFG say, so
 * that an operator sees what is in force. Owns nothing beyond a call; the timer of -BR and -BT is the process's.
 */
#include "base/file.h"
#include "base/text.h"
#include "daemon/classic.h"
#include "mail/address_map.h"
#include "mail/local_cfg.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CFG_MAX (1u << 20)
#define WARN_AFTER_S \
	14400 /* as [queue] warn_after has it: where mail lives no longer, the delay is told at its half */

struct making {
	const struct classic *c;
	struct region *region;
	char folder[PATH_MAX]; /* PATH/smtp, as it is spelled there */
	struct mail_local_cfg local;
	struct mail_map map;
};

static enum result read_cfg(const struct making *m, const char *name, char path[PATH_MAX],
			    char **bytes, size_t *n, struct err *err)
{
	if (file_find(m->folder, name, path, PATH_MAX))
		return file_read(path, CFG_MAX, bytes, n, err);
	err_set(err, E_NOTFOUND, "there is no %s in %s", name, m->folder);
	err_remedy(err, "write it as smtpgate.1 shows, or use an ini file: smtpgate setup");
	return E_NOTFOUND;
}

static enum result read_files(struct making *m, struct err *err)
{
	char path[PATH_MAX], *bytes;
	size_t n;
	enum result r = read_cfg(m, "LOCAL.CFG", path, &bytes, &n, err);
	if (r == OK) {
		r = mail_local_cfg_parse(bytes, n, m->region, &m->local, err);
		free(bytes);
		if (r != OK)
			err_prefix(err, "%s", path);
	}
	if (r == OK)
		r = read_cfg(m, "ADDR_MAP.CFG", path, &bytes, &n, err);
	if (r == OK) {
		r = mail_map_parse(bytes, n, m->region, &m->map, err);
		free(bytes);
		if (r != OK)
			err_prefix(err, "%s", path);
	}
	if (r == OK && !m->local.office_count && !m->map.count)
		return err_set(err, E_STATE, "%s names no postoffice, and LOCAL.CFG neither", path);
	return r;
}

static void add_route(const struct making *m, FILE *b)
{
	const char *router = m->local.router;
	if (!router)
		return;
	fprintf(b, "\n[route default]\nmatch = *\nsmart_host = %s%s\n", router,
		strchr(router, ':') ? "" : ":25");
}

/* Everything in the words of smtpgate.ini(5). */
static enum result write_ini(const struct making *m, const char *path, struct err *err)
{
	const struct classic *c = m->c;
	const char *office = m->local.office_count ? m->local.offices[0] : m->map.entries[0].office;
	char *text = NULL;
	size_t n = 0;
	FILE *b = open_memstream(&text, &n);
	if (!b)
		return err_set(err, E_NOMEM, "no memory for %s", path);
	fprintf(b, "; Made by a command line of 1993, and made anew at each start with "
		   "one.\n[gateway]\n");
	if (m->local.gateway)
		fprintf(b, "hostname = %s\n", m->local.gateway);
	fprintf(b, "spool = %s/queue.%02x\n", m->folder, m->c->process);
	fprintf(b, "\n[log]\nlevel = %s\n", c->level);
	if (c->screen)
		fprintf(b, "to = stderr\n");
	else
		fprintf(b, "to = file:%s/log/EVENTS.LOG\n", c->path);
	fprintf(b, "\n[listen smtp]\naddress = *:25\nrelay_from = none\nprofile = legacy\n");
	unsigned long long life = (unsigned long long)c->wait * c->attempts;
	fprintf(b, "\n[queue]\nretry = %us\nlifetime = %llus\n", c->wait, life);
	if (life > 1 && life <= WARN_AFTER_S)
		fprintf(b, "warn_after = %llus\n", life / 2);
	add_route(m, b);
	fprintf(b, "\n[postoffice %s]\npath = %s\nformat = mmff\nwait = %us\nreceived = %s\n",
		office, c->path, c->wait, c->received ? "keep" : "drop");
	fprintf(b, "classic_log = %s\nput = smtpput%s%s\nget = smtpget%s\n", c->file ? "yes" : "no",
		c->leave ? " --leave" : "", c->log_in ? " -mr" : "", c->log_out ? " -ms" : "");
	fprintf(b, "encapsulate = %s\n", c->plain ? "no" : "yes");
	enum result r = fclose(b) ? err_set(err, E_NOMEM, "no memory for %s", path)
				  : file_replace(file_system(), path, text, n, 0600, err);
	free(text);
	return r;
}

static enum result make(struct making *m, char path[PATH_MAX], struct err *err)
{
	char log[PATH_MAX];
	if (mail_names_workgroup(m->c->path) || file_find(m->c->path, "WGPO0000", path, PATH_MAX)) {
		err_set(err, E_UNSUPPORTED,
			"%s is a workgroup postoffice, and such never had gateways", m->c->path);
		err_remedy(err, "name the postoffice of a Microsoft Mail for PC Networks");
		return E_UNSUPPORTED;
	}
	if (!file_find(m->c->path, "smtp", m->folder, sizeof m->folder)) {
		err_set(err, E_NOTFOUND, "%s is no postoffice: there is no folder smtp",
			m->c->path);
		err_remedy(err, "mount its share, or name its folder: -d/srv/maildata");
		return E_NOTFOUND;
	}
	if (snprintf(path, PATH_MAX, "%s/SMTPGATE.INI", m->folder) >= PATH_MAX ||
	    snprintf(log, sizeof log, "%s/log", m->c->path) >= PATH_MAX)
		return err_set(err, E_LIMIT, "the path %s is too long", m->c->path);
	enum result r = read_files(m, err);
	if (r == OK && !m->c->screen)
		r = file_make_dirs(file_system(), log, 0700, err);
	return r == OK ? write_ini(m, path, err) : r;
}

/* SIGTERM at that time: the gateway ends what it does, and stops. */
static enum result stop_later(int64_t after, struct err *err)
{
	struct sigevent how = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGTERM};
	struct itimerspec when = {
		.it_value = {.tv_sec = after / 1000, .tv_nsec = after % 1000 * 1000000}};
	timer_t timer;
	if (after &&
	    (timer_create(CLOCK_BOOTTIME, &how, &timer) || timer_settime(timer, 0, &when, NULL)))
		return err_set(err, E_IO, "the timer of -BR or -BT cannot be set");
	return OK;
}

enum exit_status classic_run(struct call *c, int argc, char **argv)
{
	static char path[PATH_MAX]; /* lives as long as the call's options */
	struct classic classic;
	struct making m = {.c = &classic, .region = region_new(0)};
	struct err err;
	enum result r =
		classic_parse(argc, argv, (int64_t)time(NULL) * 1000, &classic, c->err, &err);
	if (r != OK) {
		region_destroy(&m.region);
		return call_fail(c, EXIT_USAGE, &err);
	}
	r = m.region ? make(&m, path, &err) : err_set(&err, E_NOMEM, "no memory");
	region_destroy(&m.region);
	if (r == OK)
		r = stop_later(classic.stop_after, &err);
	if (r != OK)
		return call_fail(c, EXIT_CONFIG, &err);
	c->command = command_find("run");
	c->options.value[OPT_CONFIG] = path;
	return c->command->run(c);
}
