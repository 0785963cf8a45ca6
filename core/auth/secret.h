/*
 * Passwords and other secrets that the ini file refers to but never holds.
 *
 *	file:/PATH        the file's content; nobody else may read or change it (mode 0600 or 0640)
 *	credential:NAME   the file NAME in $CREDENTIALS_DIRECTORY, as systemd's LoadCredential= leaves it
 *	command:WORDS     what the program says on standard output (within 10 s, its standard error in the error's text)
 *
 * One line end at the end is not part of the secret. Nothing here ever writes a secret into a text for people.
 */
#ifndef SMTPGATE_AUTH_SECRET_H
#define SMTPGATE_AUTH_SECRET_H

#include "base/clock.h"
#include "base/result.h"

#define SECRET_MAX 8192 /* bytes of one; refresh tokens are the longest */

/* malloc'd, for secret_free. E_CONFIG: the reference is of none of the forms; E_NOTFOUND, E_DENIED, E_TIMEOUT, E_REFUSED (the program
 * failed), E_SYNTAX (empty, or it has control characters: a second line is one), E_LIMIT, E_NOMEM. Blocks: a program may take its time. */
enum result secret_read(const char *reference, const struct clock *clock, char **secret,
			struct err *err);
/* No memory of this process is written into a core file any more, whoever asks. Changing the user undoes it. */
void secret_guard(void);
/* Clears it first. */
void secret_free(char **secret);

#endif
