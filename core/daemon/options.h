/*
 * Options of the commands: one list for all of them, so that the same word means the same everywhere, and --help
 * and the manual are made from and checked against it. A command names those that it takes.
 */
#ifndef SMTPGATE_DAEMON_OPTIONS_H
#define SMTPGATE_DAEMON_OPTIONS_H

#include "base/result.h"

#include <stdio.h>

/* X(id, long name or NULL, short letter or 0, word for its value or NULL, help) */
#define OPTION_LIST(X)                                                                        \
	X(OPT_CONFIG, "config", 0, "FILE", "read this configuration")                         \
	X(OPT_INSTANCE, "instance", 0, "NAME", "read NAME.ini of the configuration folder")   \
	X(OPT_HELP, "help", 0, NULL, "say what the command does")                             \
	X(OPT_VERSION, "version", 0, NULL, "print the version")                               \
	X(OPT_DAEMON, "daemon", 0, NULL, "go to the background when started")                 \
	X(OPT_PIDFILE, "pidfile", 0, "FILE", "write the process number there")                \
	X(OPT_CHANGED, "changed", 'n', NULL, "only what differs from the default")            \
	X(OPT_JSON, "json", 0, NULL, "print JSON")                                            \
	X(OPT_CSV, "csv", 0, NULL, "print comma-separated values")                            \
	X(OPT_FROM, "from", 0, "A", "sender: an address, @domain or domain")                  \
	X(OPT_TO, "to", 0, "A", "recipient: an address, @domain or domain")                   \
	X(OPT_ROUTE, "route", 0, "R", "last decided by this route or postoffice")             \
	X(OPT_ERROR, "error", 0, "TEXT", "with these words in the reason")                    \
	X(OPT_CLIENT, "client", 0, "IP", "came from this client or network")                  \
	X(OPT_LISTENER, "listener", 0, "NAME", "of this [listen NAME]")                       \
	X(OPT_ALL, "all", 0, NULL, "every message")                                           \
	X(OPT_SINCE, "since", 0, "T", "arrived at or after T")                                \
	X(OPT_UNTIL, "until", 0, "T", "arrived before T")                                     \
	X(OPT_SPOOL, "spool", 0, "DIR", "a folder on the disk that is tried")                 \
	X(OPT_KILLS, "kills", 0, "N", "how often, default 30")                                \
	X(OPT_CHECK, "check", 0, NULL,                                                        \
	  "for monitoring: one line; exit 0 well, 1 warning, 2 critical")                     \
	X(OPT_HEADERS, NULL, 't', NULL, "recipients from To, Cc and Bcc; Bcc is removed")     \
	X(OPT_IGNORE_DOT, NULL, 'i', NULL,                                                    \
	  "a line with one dot does not end the message (also -oi)")                          \
	X(OPT_SENDER, NULL, 'f', "SENDER", "envelope sender; <> is the null sender")          \
	X(OPT_NAME, NULL, 'F', "NAME", "full name of the sender, for a From that is missing") \
	X(OPT_OLD, NULL, 'o', "X", "options of sendmail: i is -i, others are ignored")        \
	X(OPT_MODE, NULL, 'b', "X",                                                           \
	  "mode of sendmail: m sends, p lists the queue, i does nothing")                     \
	X(OPT_BODY, NULL, 'B', "TYPE", "ignored: the gateway looks for itself")               \
	X(OPT_NOTIFY, NULL, 'N', "WHEN", "report: never, or some of success, failure, delay") \
	X(OPT_RETURN, NULL, 'R', "WHAT", "what reports of failure bring back: full or hdrs")  \
	X(OPT_ENVID, NULL, 'V', "ID", "name of the message in reports")                       \
	X(OPT_SETTING, NULL, 'O', "X=Y", "ignored: options of sendmail")                      \
	X(OPT_TAG, NULL, 'L', "TAG", "ignored")                                               \
	X(OPT_ASWHO, NULL, 'A', "X", "ignored")                                               \
	X(OPT_HOPS, NULL, 'h', "N", "ignored")                                                \
	X(OPT_SENDER_OLD, NULL, 'r', "SENDER", "the same as -f")                              \
	X(OPT_QUEUE, NULL, 'q', NULL, "try what waits now")                                   \
	X(OPT_VERBOSE, NULL, 'v', NULL, "ignored")                                            \
	X(OPT_GATEWAY, NULL, 'G', NULL, "ignored")

enum option_id {
#define OPTION_ENUM(id, name, letter, value, help) id,
	OPTION_LIST(OPTION_ENUM)
#undef OPTION_ENUM
		OPTION_COUNT
};

/* Ends a command's list of options. */
#define OPTION_END 0xff
/* Those that every command takes. */
extern const unsigned char options_common[];

/* What was given. */
struct options {
	const char *value
		[OPTION_COUNT]; /* NULL: not given; "" for one without a value; the last one counts */
	char **args;            /* what is no option, in order; within argv */
	int arg_count;
};

/*
 * Reads argv[1..argc-1] (argv[0] is skipped; the array is permuted) into o, adding to what it holds. accepted: ids up to
 * OPTION_END, beside the common ones. `stop`: the first argument that is no option ends them (it begins o->args). E_SYNTAX
 * with a sentence that names the option and the nearest one.
 */
enum result options_parse(const unsigned char *accepted, int argc, char **argv, int stop,
			  struct options *o, struct err *err);
/* One line for each option of the list, as --help prints it. */
void options_print(const unsigned char *accepted, FILE *to);
/* How an option is written: "--from" or "-t". */
const char *option_spelled(enum option_id id);

#endif
