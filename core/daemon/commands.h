/*
 * The commands of smtpgate(1): one table makes dispatch, --help and the check of the manual page. Each command is one
 * file, cmd_NAME.c, with one function that gets the call and returns the exit status.
 */
#ifndef SMTPGATE_DAEMON_COMMANDS_H
#define SMTPGATE_DAEMON_COMMANDS_H

#include "base/result.h"
#include "daemon/exits.h"
#include "daemon/options.h"

#include <stdbool.h>
#include <stdio.h>

struct command;

/* One call of a command. */
struct call {
	const struct command *command;
	const char *vendor; /* that the program's name asks for (smtpftp: ftp), or NULL */
	struct options options;
	FILE *in, *out, *err;
};

struct command {
	const char *name; /* NULL ends the table */
	const char *args; /* as the usage line shows them */
	const char *summary;
	const char *help; /* what it does, in sentences; lines end in \n */
	const unsigned char *options;
	int least, most; /* arguments; most -1: any number */
	bool daemon;     /* asks the running gateway: 69 when there is none */
	enum exit_status (*run)(struct call *c);
};
extern const struct command commands[];

/* The command of this name, or NULL. */
const struct command *command_find(const char *name);
/* The nearest name, or NULL. */
const char *command_nearest(const char *name);
/* `smtpgate --help`: usage and one line for each command. */
void commands_print(FILE *to);
/* `smtpgate COMMAND --help`. */
void command_print(const struct command *c, FILE *to);

static inline const char *call_option(const struct call *c, enum option_id id)
{
	return c->options.value[id];
}
/* Prints "smtpgate: text" and the remedy to the call's standard error and returns status. */
enum exit_status call_fail(const struct call *c, enum exit_status status, const struct err *err);
/* The same with EXIT_USAGE and a pointer to --help. */
enum exit_status call_usage(const struct call *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

enum exit_status cmd_backup(struct call *c);
enum exit_status cmd_check(struct call *c);
enum exit_status cmd_config(struct call *c);
enum exit_status cmd_help(struct call *c);
enum exit_status cmd_history(struct call *c);
enum exit_status cmd_mailbox(struct call *c);
enum exit_status cmd_oauth(struct call *c);
enum exit_status cmd_probe(struct call *c);
enum exit_status cmd_queue(struct call *c);
enum exit_status cmd_reload(struct call *c);
enum exit_status cmd_restore(struct call *c);
enum exit_status cmd_route(struct call *c);
enum exit_status cmd_run(struct call *c);
enum exit_status cmd_send(struct call *c);
enum exit_status cmd_setup(struct call *c);
enum exit_status cmd_status(struct call *c);
enum exit_status cmd_stop(struct call *c);
enum exit_status cmd_test_mail(struct call *c);
enum exit_status cmd_torture(struct call *c);
enum exit_status cmd_user(struct call *c);
enum exit_status cmd_vendors(struct call *c);

#endif
