/* From argc and argv to a command and its exit status. */
#ifndef SMTPGATE_DAEMON_INVOKE_H
#define SMTPGATE_DAEMON_INVOKE_H

#include "daemon/exits.h"

#include <stdio.h>

/*
 * Runs what the arguments ask for. The program's name counts: sendmail, mailq and newaliases are what these names mean
 * elsewhere; smtplmn, smtpftp, smtpnvl, smtpwin and smtpxln take that vendor over [gateway] vendor. argv is permuted.
 */
enum exit_status invoke(int argc, char **argv, FILE *in, FILE *out, FILE *err);

#endif
