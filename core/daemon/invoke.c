/* Dispatch: see invoke.h. */
#include "daemon/invoke.h"

#include "base/log.h"
#include "base/text.h"
#include "daemon/classic.h"
#include "daemon/commands.h"
#include "daemon/newaliases.h"
#include "transport/registry.h"

#include <string.h>

#ifndef PACKAGE_VERSION
#include "config.h"
#endif

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	path = slash ? slash + 1 : path;
	return text_starts(path, "lt-") ? path + 3 : path; /* libtool's name in a build folder */
}

/* Common options that end the call at once: --version, --help. True when one was there. */
static bool answered(const struct call *c)
{
	if (call_option(c, OPT_VERSION))
		fprintf(c->out, "smtpgate %s\n", PACKAGE_VERSION);
	else if (call_option(c, OPT_HELP) && c->command)
		command_print(c->command, c->out);
	else if (call_option(c, OPT_HELP))
		commands_print(c->out);
	else
		return false;
	return true;
}

static enum exit_status refuse_parse(const struct call *c, const struct err *err)
{
	return call_usage(c, "%s%s%s", err->text, *err->remedy ? ": " : "", err->remedy);
}

/* argv[0] is the command's name. */
static enum exit_status run_command(struct call *c, int argc, char **argv)
{
	struct err err;
	if (options_parse(c->command->options, argc, argv, 0, &c->options, &err) != OK)
		return refuse_parse(c, &err);
	if (answered(c))
		return EXIT_DONE;
	if (c->options.arg_count < c->command->least)
		return call_usage(c, "%s needs an argument", c->command->name);
	if (c->command->most >= 0 && c->options.arg_count > c->command->most)
		return call_usage(c, "%s: one argument too many: %s", c->command->name,
				  c->options.args[c->command->most]);
	return c->command->run(c);
}

static enum exit_status find_and_run(struct call *c, int argc, char **argv)
{
	struct err err;
	if (options_parse(NULL, argc, argv, 1, &c->options, &err) != OK)
		return refuse_parse(c, &err);
	if (answered(c))
		return EXIT_DONE;
	if (!c->options.arg_count) {
		commands_print(c->err);
		return EXIT_USAGE;
	}
	const char *name = c->options.args[0], *near = command_nearest(name);
	c->command = command_find(name);
	if (!c->command)
		return call_usage(c, "there is no command %s%s%s%s", name,
				  near ? ": did you mean " : "", near ? near : "", near ? "?" : "");
	return run_command(c, c->options.arg_count, c->options.args);
}

static enum exit_status run_mailq(struct call *c, int argc, char **argv)
{
	static char list[] = "list";
	struct err err;
	c->command = command_find("queue");
	if (options_parse(c->command->options, argc, argv, 0, &c->options, &err) != OK)
		return refuse_parse(c, &err);
	if (answered(c))
		return EXIT_DONE;
	char *args[] = {list, NULL};
	c->options.args = args;
	c->options.arg_count = 1;
	return c->command->run(c);
}

enum exit_status invoke(int argc, char **argv, FILE *in, FILE *out, FILE *err)
{
	struct call c = {.in = in, .out = out, .err = err};
	log_configure(&(struct log_settings){.level = LOG_ERROR}); /* `run` has its own settings */
	const char *name = argc > 0 ? base_name(argv[0]) : "smtpgate";
	if (strcmp(name, "mailq") == 0)
		return run_mailq(&c, argc, argv);
	if (strcmp(name, "newaliases") == 0) {
		c.command = command_find("send");
		return newaliases(&c);
	}
	if (strcmp(name, "sendmail") == 0) {
		c.command = command_find("send");
		return run_command(&c, argc, argv);
	}
	c.vendor = registry_vendor_of_program(name);
	if (classic_is(argc, argv))
		return classic_run(&c, argc, argv);
	return find_and_run(&c, argc, argv);
}

enum exit_status cmd_help(struct call *c)
{
	if (!c->options.arg_count) {
		commands_print(c->out);
		return EXIT_DONE;
	}
	const struct command *about = command_find(c->options.args[0]);
	if (!about)
		return call_usage(c, "there is no command %s", c->options.args[0]);
	command_print(about, c->out);
	return EXIT_DONE;
}
