/* A secret typed by a person, or piped in by a script: one line of the call's input, never an argument. */
#ifndef SMTPGATE_DAEMON_PASSWORD_H
#define SMTPGATE_DAEMON_PASSWORD_H

#include "base/result.h"

#include <stddef.h>
#include <stdio.h>

/* Reads a line into out (n bytes with the NUL). On a terminal the prompt goes to `err` and nothing that is typed is shown;
 * `twice`: there it is asked for again. E_CLOSED: no line; E_LIMIT: too long; E_SYNTAX: the two differ; E_IO. */
enum result password_read(FILE *in, FILE *err, const char *prompt, int twice, char *out, size_t n,
			  struct err *why);

#endif
