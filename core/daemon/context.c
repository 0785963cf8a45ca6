/* The configuration of a call and the way to its gateway: see context.h. */
#include "daemon/context.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SERVICE_CONTROL RUNSTATEDIR "/smtpgate/control"

enum result context_file(const struct call *c, char out[PATH_MAX], struct err *err)
{
	const char *file = call_option(c, OPT_CONFIG), *instance = call_option(c, OPT_INSTANCE);
	char path[PATH_MAX], here[PATH_MAX];
	if (file && instance)
		return err_set(err, E_SYNTAX, "--config and --instance: give one of them");
	if (instance && (!*instance || strchr(instance, '/') || instance[0] == '.'))
		return err_set(err, E_SYNTAX, "--instance %s: a name, not a path", instance);
	if (!file && !instance)
		file = getenv("SMTPGATE_CONFIG");
	if (file && *file)
		text_copy(path, sizeof path, file);
	else
		snprintf(path, sizeof path, SYSCONFDIR "/smtpgate/%s.ini",
			 instance ? instance : "smtpgate");
	if (path[0] == '/' || !getcwd(here, sizeof here))
		here[0] = '\0';
	int n = snprintf(out, PATH_MAX, "%s%s%s", here, *here ? "/" : "", path);
	return n < PATH_MAX ? OK
			    : err_set(err, E_LIMIT, "the path of the configuration is too long");
}

void context_print_faults(const struct conf_fault *f, bool warnings, FILE *to)
{
	for (; f; f = f->next) {
		if (f->warning && !warnings)
			continue;
		fprintf(to, "%s:", f->file ? f->file : "configuration");
		if (f->line)
			fprintf(to, "%u:", f->line);
		fprintf(to, " %s: %s\n", f->warning ? "warning" : "error", f->text);
		if (f->remedy)
			fprintf(to, "  %s\n", f->remedy);
	}
}

static enum exit_status load_file(const struct call *c, const char *file, bool service,
				  bool warnings, struct settings **out)
{
	struct conf_overrides over = {.vendor = c->vendor, .service = service};
	struct region *region = NULL;
	struct conf_fault *faults = NULL;
	struct err err;
	enum result r = settings_load(file, &over, out, &region, &faults);
	context_print_faults(faults, warnings, c->err);
	if (r == E_NOTFOUND && !faults) {
		err_set(&err, r, "there is no configuration %s", file);
		err_remedy(&err, "name one with --config FILE; an empty file is a valid one");
		call_fail(c, EXIT_CONFIG, &err);
	} else if (r != OK && !faults) {
		err_set(&err, r, "%s cannot be read: %s", file, result_sentence(r));
		call_fail(c, EXIT_CONFIG, &err);
	}
	region_destroy(&region);
	return r == OK ? EXIT_DONE : r == E_NOMEM ? EXIT_TEMPORARY : EXIT_CONFIG;
}

enum exit_status context_load(const struct call *c, bool service, bool warnings,
			      struct settings **out)
{
	char file[PATH_MAX];
	struct err err;
	if (context_file(c, file, &err) != OK)
		return call_fail(c, EXIT_USAGE, &err);
	return load_file(c, file, service, warnings, out);
}

void context_control(const struct call *c, const struct settings *s, char out[PATH_MAX])
{
	const char *instance = call_option(c, OPT_INSTANCE);
	if (instance && strcmp(s->gateway.control, SERVICE_CONTROL) == 0)
		snprintf(out, PATH_MAX, RUNSTATEDIR "/smtpgate/%s/control", instance);
	else
		text_copy(out, PATH_MAX, s->gateway.control);
}

/*
 * With a faulty file a gateway that runs must still be reached, to look at it or to stop it. Only for the default file
 * or an instance's, whose socket is known: no other gateway may be taken for it.
 */
static enum result connect_blind(const struct call *c, struct link *l, struct err *err)
{
	const char *instance = call_option(c, OPT_INSTANCE), *env = getenv("SMTPGATE_CONFIG");
	char path[PATH_MAX];
	struct err unused;
	if (!call_option(c, OPT_CONFIG) && (instance || !env || !*env)) {
		snprintf(path, sizeof path, RUNSTATEDIR "/smtpgate/%s%scontrol",
			 instance ? instance : "", instance ? "/" : "");
		if (link_open(l, path, &unused) == OK)
			return OK;
	}
	return err_set(err, E_CONFIG, "the configuration is faulty");
}

/* A gateway that the service manager runs has its socket elsewhere than one that a user runs: where the key does not
 * say, both are tried. */
enum result context_connect(const struct call *c, struct link *l, struct err *err)
{
	enum result r = E_NOTFOUND;
	char tried[PATH_MAX] = "";
	*l = (struct link){.fd = -1};
	for (int service = 1; r == E_NOTFOUND && service >= 0; service--) {
		struct settings *s = NULL;
		char path[PATH_MAX];
		enum exit_status status = context_load(c, service, false, &s);
		if (status == EXIT_CONFIG)
			return connect_blind(c, l, err);
		if (status != EXIT_DONE)
			return err_set(err, E_SYNTAX, "the configuration was not read");
		context_control(c, s, path);
		settings_unref(&s);
		if (strcmp(path, tried) == 0)
			break;
		text_copy(tried, sizeof tried, path);
		r = link_open(l, path, err);
	}
	return r;
}

enum exit_status context_link(const struct call *c, struct link *l)
{
	struct err err;
	enum result r = context_connect(c, l, &err);
	if (r == OK)
		return EXIT_DONE;
	if (r == E_CONFIG || r == E_SYNTAX) /* it was said */
		return r == E_CONFIG ? EXIT_CONFIG : EXIT_USAGE;
	return call_fail(c, r == E_NOTFOUND ? EXIT_NO_DAEMON : exit_of_result(r), &err);
}

enum exit_status context_ask(const struct call *c, json_t *request,
			     bool (*line)(void *ctx, const json_t *object), void *ctx,
			     json_t **last)
{
	struct link l;
	struct err err;
	enum exit_status status = context_link(c, &l);
	if (status != EXIT_DONE) {
		json_decref(request);
		return status;
	}
	enum result r = link_ask(&l, request, line, ctx, last, &err);
	link_close(&l);
	if (r == OK || r == E_CANCELLED)
		return EXIT_DONE;
	return call_fail(c, exit_of_result(r), &err);
}
