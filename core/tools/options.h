/*
 * The command line of the FFAPI programs (doc/microsoft-mail.md): single letters in either case with the value attached, or in the next
 * word; then the name of the message file. Our own are long: --charset, --here, --leave, --help, --version.
 */
#ifndef SMTPGATE_TOOLS_OPTIONS_H
#define SMTPGATE_TOOLS_OPTIONS_H

#include "base/result.h"
#include "translate/ending.h"

#include <stdbool.h>

#define FFAPI_MOST 50 /* messages of one run of smtpget, as it always was */

struct ffapi_options {
	const char *postoffice;             /* -d; "." */
	int ending;                         /* -f0, -f1, -f2: an enum ending; -1: not given */
	bool extended;                      /* -h */
	bool encapsulate;                   /* -j */
	bool keep;                          /* -k, -md */
	const char *log;                    /* -l; NULL: none */
	unsigned most;                      /* -n; 0: not given */
	int priority;                       /* -p: 1..5, or 0 */
	bool received, sent;                /* -mr, -ms */
	bool external_text, external_parts; /* -y */
	const char *charset; /* of the texts, as the C library calls it; NULL: not given */
	bool here;           /* --here */
	bool leave;          /* --leave */
	bool version, help;
	const char *file; /* NULL: none was named */
};

/* Reads argv. E_RANGE names what is wrong and what may stand there; the caller says 64. */
enum result ffapi_options_parse(int argc, char **argv, struct ffapi_options *o, struct err *err);
/* Is a message of this priority ("5", "R"; NULL: none) of at least `least`? Letters and none count as 1. */
bool ffapi_priority_fits(const char *priority, int least);

#endif
