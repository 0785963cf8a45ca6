/* Questions to a person at a terminal, or to a script that writes a line for each. */
#ifndef SMTPGATE_DAEMON_ASK_H
#define SMTPGATE_DAEMON_ASK_H

#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct ask {
	FILE *in, *out;
};

/* Prints "question [standard]: ", reads a line into out without blanks at its ends; an empty one is the standard (NULL: it is
 * asked again). E_CLOSED: there is no further line, err names the question; E_IO. */
enum result ask_line(const struct ask *a, const char *question, const char *standard, char *out,
		     size_t n, struct err *err);
/* yes or no; as ask_line. */
enum result ask_yes(const struct ask *a, const char *question, bool standard, bool *yes,
		    struct err *err);
/* One of the choices, by its number from 1 on or its first word; a list of them is printed. NULL ends them. */
enum result ask_choice(const struct ask *a, const char *question, const char *const *choices,
		       size_t *chosen, struct err *err);

#endif
