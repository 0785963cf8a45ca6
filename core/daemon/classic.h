/*
 * The command line of 1993: `smtpgate -cd -lacsy -d/srv/maildata -w60 -q180 -p001` on a postoffice that has its CFG files and no ini
 * (doc/microsoft-mail.md). The letters and what LOCAL.CFG and ADDR_MAP.CFG say become PATH/smtp/SMTPGATE.INI, made anew at each such
 * start, and `run` goes by it: every other command does too, with --config.
 */
#ifndef SMTPGATE_DAEMON_CLASSIC_H
#define SMTPGATE_DAEMON_CLASSIC_H

#include "daemon/commands.h"

#include <stdbool.h>
#include <stdint.h>

/* What the letters said. Strings are those of argv. */
struct classic {
	const char *path;       /* -D */
	uint32_t wait;          /* -W: seconds */
	uint32_t attempts;      /* -Q */
	uint32_t process;       /* -P: 1 to 255 */
	const char *level;      /* -C: a word of [log] level */
	bool file, screen;      /* -L, -G */
	bool received;          /* -T */
	bool log_in, log_out;   /* -MR, -MS */
	bool leave;             /* -MD */
	bool plain;             /* -RE: nothing is encapsulated */
	int64_t stop_after;     /* -BR, -BT, -BD: ms from now; 0: never */
	const char *day, *hour; /* -BD and -BT as they stand */
};

/* Is this such a command line? Its first word is a hyphen and a letter. */
bool classic_is(int argc, char **argv);
/* Reads the letters; now: wall ms, for -BT. E_SYNTAX, E_RANGE, E_UNSUPPORTED: err names the word and what may stand there. What is
 * taken but means nothing here is said on `notes`. */
enum result classic_parse(int argc, char **argv, int64_t now, struct classic *c, FILE *notes,
			  struct err *err);
/* Makes the ini and runs the gateway. */
enum exit_status classic_run(struct call *c, int argc, char **argv);

#endif
