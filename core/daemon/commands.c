/* Finding and describing commands: see commands.h. Owns nothing. */
#include "daemon/commands.h"

#include "base/text.h"

#include <stdarg.h>
#include <string.h>

#define COMMANDS_MAX 64

const struct command *command_find(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

const char *command_nearest(const char *name)
{
	const char *names[COMMANDS_MAX] = {NULL};
	for (size_t i = 0; commands[i].name && i + 1 < COMMANDS_MAX; i++)
		names[i] = commands[i].name;
	return text_nearest(name, names);
}

void commands_print(FILE *to)
{
	fputs("usage: smtpgate COMMAND [options]\n\n", to);
	for (const struct command *c = commands; c->name; c++)
		fprintf(to, "  %-9s %s\n", c->name, c->summary);
	fputs("\nEach takes:\n", to);
	options_print(options_common, to);
	/* the path stands on a line of its own: nobody knows how long a prefix is */
	fputs("\nThe configuration is what --config, SMTPGATE_CONFIG or --instance says, or\n"
	      "  " SYSCONFDIR "/smtpgate/smtpgate.ini\n"
	      "Manual: smtpgate(1), smtpgate.ini(5).\n",
	      to);
}

void command_print(const struct command *c, FILE *to)
{
	fprintf(to, "usage: smtpgate %s%s%s\n\n%s%s", c->name, *c->args ? " " : "", c->args,
		c->help, *c->help ? "\n" : "");
	options_print(c->options, to);
	options_print(options_common, to);
}

enum exit_status call_fail(const struct call *c, enum exit_status status, const struct err *err)
{
	fprintf(c->err, "smtpgate: %s\n", err->text);
	if (*err->remedy)
		fprintf(c->err, "  %s\n", err->remedy);
	return status;
}

enum exit_status call_usage(const struct call *c, const char *format, ...)
{
	va_list ap;
	fputs("smtpgate: ", c->err);
	va_start(ap, format);
	vfprintf(c->err, format, ap);
	va_end(ap);
	if (c->command)
		fprintf(c->err, "\n  usage: smtpgate %s %s\n", c->command->name, c->command->args);
	else
		fputs("\n  smtpgate --help lists the commands\n", c->err);
	return EXIT_USAGE;
}
