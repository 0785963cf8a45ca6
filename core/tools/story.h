/*
 * What the FFAPI programs tell: errors in FFAPI's form on standard error, the log file of -l with lines `hh:mm:ss - text`, and
 * the mail logs of -mr and -ms in the postoffice's folder log/.
 */
#ifndef SMTPGATE_TOOLS_STORY_H
#define SMTPGATE_TOOLS_STORY_H

#include "translate/neutral.h"

#include <stdio.h>

struct story {
	const char *program;
	FILE *err;       /* standard error, or what a test reads */
	FILE *log;       /* NULL: none */
	unsigned failed; /* errors told */
};

/* Opens the log for appending; E_DENIED and its kin name it. */
enum result story_begin(struct story *s, const char *program, FILE *err_to, const char *log,
			struct err *err);
void story_end(struct story *s);
/* An error, to both; counts. */
void story_error(struct story *s, const struct err *err);
/* An event, to the log alone. */
void story_event(struct story *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* One line `yyyy-mm-dd hh:mm:ss from > to: subject` at the end of POSTOFFICE/log/NAME; what cannot be written is told as an error. */
void story_mail(struct story *s, const char *postoffice, const char *name, const struct neutral *n);

#endif
