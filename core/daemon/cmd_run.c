/*
 * run: the order in which a gateway comes up and goes down.
 *
 *	descriptors, configuration (78), fork (--daemon), signals, log
 *	gateway_prepare        socket error (123), bind (110): nothing of the spool was touched
 *	pid file, control socket, folders for the user, rights dropped for good
 *	gateway_start          75: the spool is held by another
 *	control served, pid written, READY=1, the parent may go
 *	... the loop ...       until gateway_stop has finished
 *	clients, gateway, pid file, control socket: away, in this order
 *
 * Each step has its undoing in `bring_down`, which copes with whatever was not brought up.
 */
#include "base/log.h"
#include "daemon/context.h"
#include "daemon/control.h"
#include "daemon/detach.h"
#include "daemon/handed.h"
#include "daemon/notify.h"
#include "daemon/pidfile.h"
#include "daemon/requests.h"
#include "daemon/runlog.h"
#include "daemon/service.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

struct run {
	struct call *call;
	struct settings *settings;
	struct handed handed;
	struct detach detach;
	struct runlog log;
	struct pidfile pidfile;
	struct rights rights;
	struct service service;
	struct control *control;
	struct requests_host host;
	char pid_path[PATH_MAX], control_path[PATH_MAX], state_dir[PATH_MAX];
	char *warnings; /* of the configuration, until the start is decided */
	size_t warnings_size;
	bool stopped; /* before it was up */
};

/* `socket error (123)` is the first line on standard error: what may come before waits. */
static enum exit_status load(struct run *r, bool managed)
{
	FILE *to = r->call->err, *held = open_memstream(&r->warnings, &r->warnings_size);
	if (held)
		r->call->err = held;
	enum exit_status status = context_load(r->call, managed, true, &r->settings);
	r->call->err = to;
	if (held)
		fclose(held);
	return status;
}

/* Says what was kept back: warnings, then the log. Again: nothing. */
static void say_kept(struct run *r)
{
	if (r->warnings)
		fwrite(r->warnings, 1, r->warnings_size, r->call->err);
	fflush(r->call->err);
	free(r->warnings);
	r->warnings = NULL;
	runlog_release();
}

/* What was kept back of the log follows what was said. */
static enum exit_status failed(struct run *r, enum exit_status status, const struct err *err)
{
	say_kept(r);
	LOG(LOG_ERROR, NULL, "gateway", "not started", F_S("error", err->text),
	    F_S("remedy", *err->remedy ? err->remedy : NULL));
	return status;
}

static enum exit_status fail(struct run *r, enum exit_status status, const struct err *err)
{
	call_fail(r->call, status, err);
	return failed(r, status, err);
}

static enum exit_status fail_problem(struct run *r, const struct gateway_problem *p)
{
	struct err err = p->err;
	switch (p->kind) {
	case GATEWAY_FAILED_SOCKET:
		fputs(p->block, r->call->err);
		return failed(r, EXIT_SOCKET, &err);
	case GATEWAY_STOPPED: /* the parent of --daemon was asked for a running gateway */
		r->stopped = true;
		return failed(r, r->detach.pipe >= 0 ? EXIT_FAILED : EXIT_DONE, &err);
	case GATEWAY_FAILED_CONFIG:
		return fail(r, EXIT_CONFIG, &err);
	case GATEWAY_FAILED_BIND: /* the original's word and number for a taken port */
		fprintf(r->call->err, "bind (110): %s\n  %s\n", err.text, err.remedy);
		return failed(r, EXIT_FAILED, &err);
	case GATEWAY_FAILED_SPOOL:
		if (err.code == E_BUSY || err.code == E_VERSION)
			return fail(r, err.code == E_BUSY ? EXIT_TEMPORARY : EXIT_CONFIG, &err);
		return fail(r, EXIT_FAILED, &err);
	default:
		return fail(r, EXIT_FAILED, &err);
	}
}

/* ---- up, in this order ---- */

static enum exit_status find_paths(struct run *r)
{
	const char *pid = call_option(r->call, OPT_PIDFILE);
	char here[PATH_MAX] = "", control[PATH_MAX];
	struct err err;
	if (pid && pid[0] != '/' && !getcwd(here, sizeof here))
		here[0] = '\0';
	int n = snprintf(r->pid_path, sizeof r->pid_path, "%s%s%s", here, *here ? "/" : "",
			 pid ? pid : "");
	context_control(r->call, r->settings, r->control_path);
	strcpy(control, r->control_path);
	int m = snprintf(r->state_dir, sizeof r->state_dir, "%s/stacks", dirname(control));
	if (n < (int)sizeof r->pid_path && m < (int)sizeof r->state_dir)
		return EXIT_DONE;
	err_set(&err, E_LIMIT, "a path is too long");
	return call_fail(r->call, EXIT_FAILED, &err);
}

static enum exit_status begin(struct run *r)
{
	struct err err;
	bool managed = notify_wanted();
	enum result taken = handed_take(&r->handed, &err);
	if (taken != OK)
		return call_fail(r->call, EXIT_FAILED, &err);
	handed_close_others(&r->handed);
	handed_raise_limit();
	enum exit_status status = load(r, managed);
	if (status == EXIT_DONE)
		status = find_paths(r);
	if (status != EXIT_DONE)
		return status;
	const struct conf_gateway *g = &r->settings->gateway;
	if (rights_find(&r->rights, g->user, g->group, &err) != OK)
		return call_fail(r->call, EXIT_CONFIG, &err);
	r->service.file = r->settings->file;
	r->service.vendor = r->call->vendor;
	r->service.under_manager = managed;
	if (call_option(r->call, OPT_DAEMON) && detach_start(&r->detach, &err) != OK)
		return call_fail(r->call, EXIT_FAILED, &err);
	return EXIT_DONE;
}

static enum exit_status prepare(struct run *r)
{
	struct gateway_problem problem = {.kind = GATEWAY_FAILED_OTHER};
	struct err err;
	struct gateway_options o = {.version = PACKAGE_VERSION,
				    .handed = r->handed.fds,
				    .handed_count = r->handed.count,
				    .state_dir = r->state_dir,
				    .pause = service_pause};
	service_block_signals();
	if (runlog_open(&r->log, &r->settings->log, r->detach.pipe >= 0, &err) != OK ||
	    loop_new(&r->service.loop, clock_system(), &err) != OK)
		return fail(r, EXIT_FAILED, &err);
	o.loop = r->service.loop;
	if (gateway_new(&r->service.gateway, &o, r->settings, &err) != OK)
		return fail(r, exit_of_result(err.code), &err);
	if (gateway_prepare(r->service.gateway, &problem) != OK)
		return fail_problem(r, &problem);
	return EXIT_DONE;
}

static enum result reload(void *ctx, struct err *err)
{
	return service_reload(ctx, err);
}

static void stop(void *ctx)
{
	service_stop(ctx);
}

static enum result open_control(struct run *r, struct err *err)
{
	r->host = (struct requests_host){.loop = r->service.loop,
					 .gateway = r->service.gateway,
					 .version = PACKAGE_VERSION,
					 .reload = reload,
					 .stop = stop,
					 .ctx = &r->service};
	struct control_options o = {.loop = r->service.loop,
				    .path = r->control_path,
				    .group = r->settings->gateway.control_group,
				    .rights = &r->rights,
				    .request = requests_serve,
				    .ctx = &r->host};
	return control_open(&r->control, &o, err);
}

/* What needs the rights that we came with, and then they go. */
static enum exit_status settle_rights(struct run *r)
{
	struct err err;
	enum result done = OK;
	if (*r->pid_path)
		done = pidfile_take(&r->pidfile, r->pid_path, &err);
	if (done == OK)
		done = rights_make_folder(&r->rights, r->settings->gateway.spool, 0750, &err);
	if (done == OK)
		done = open_control(r, &err);
	if (done == E_BUSY)
		return fail(r, EXIT_TEMPORARY, &err);
	if (done == OK)
		done = rights_drop(&r->rights, &err);
	if (done != OK)
		return fail(r, EXIT_FAILED, &err);
	if (geteuid() == 0 && !r->rights.change)
		LOG(LOG_WARN, NULL, "gateway", "keeps the rights of root",
		    F_S("remedy", "set user in [gateway]"));
	return EXIT_DONE;
}

static enum exit_status start(struct run *r)
{
	struct gateway_problem problem = {.kind = GATEWAY_FAILED_OTHER};
	struct err err;
	if (gateway_start(r->service.gateway, &problem) != OK)
		return fail_problem(r, &problem);
	if (service_start(&r->service, &err) != OK || control_serve(r->control, &err) != OK ||
	    pidfile_write(&r->pidfile, &err) != OK)
		return fail(r, EXIT_FAILED, &err);
	say_kept(r);
	LOG(LOG_INFO, NULL, "gateway", "started", F_S("version", PACKAGE_VERSION),
	    F_S("hostname", r->settings->gateway.hostname), F_S("file", r->settings->file));
	notify_ready("running");
	detach_done(&r->detach, (int)EXIT_DONE);
	return EXIT_DONE;
}

/* ---- down ---- */

static void end_loop(struct run *r)
{
	if (!r->service.loop)
		return;
	service_end(&r->service);
	/* Answers of the spool to clients that are gone: each frees itself. */
	while (inbox_drain(loop_inbox(r->service.loop)))
		;
	pidfile_drop(&r->pidfile);
	control_close(&r->control); /* who asked for the stop sees the end now */
	loop_destroy(&r->service.loop);
}

static void bring_down(struct run *r, bool ran)
{
	control_quiet(r->control);
	gateway_destroy(&r->service.gateway);
	if (ran)
		LOG(LOG_INFO, NULL, "gateway", "stopped", F_N("pid", getpid()));
	end_loop(r);
	settings_unref(&r->settings);
	say_kept(r);
	log_close();
}

enum exit_status cmd_run(struct call *c)
{
	struct run *r = calloc(1, sizeof *r);
	if (!r)
		return EXIT_TEMPORARY;
	r->call = c;
	r->detach = (struct detach)DETACH_NONE;
	r->pidfile = (struct pidfile)PIDFILE_NONE;
	r->service.signals.fd = -1;
	static enum exit_status (*const steps[])(struct run *) = {begin, prepare, settle_rights,
								  start};
	enum exit_status status = EXIT_DONE;
	for (size_t i = 0; i < sizeof steps / sizeof *steps && status == EXIT_DONE && !r->stopped;
	     i++)
		status = steps[i](r);
	bool ran = status == EXIT_DONE && !r->stopped;
	if (ran)
		loop_run(r->service.loop);
	bring_down(r, ran);
	detach_done(&r->detach, (int)status);
	free(r);
	return status;
}
