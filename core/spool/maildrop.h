/* What the files of the maildrop share: its form is told in maildrop.c, who may call what in spool.h. */
#ifndef SMTPGATE_SPOOL_MAILDROP_H
#define SMTPGATE_SPOOL_MAILDROP_H

#include "spool/spool.h"

#include <limits.h>

#define MAILDROP_PREFIX "drop-"
#define MAILDROP_FIRST "smtpgate maildrop 1\n"

/* PATH/maildrop/NAME and a suffix. E_SYNTAX: no name of a file there; E_LIMIT: too long. */
enum result maildrop_path(char out[PATH_MAX], const char *path, const char *name,
			  const char *suffix, struct err *err);

#endif
