/* What is put right when a spool is opened, before its threads run. */
#ifndef SMTPGATE_SPOOL_RECOVER_H
#define SMTPGATE_SPOOL_RECOVER_H

#include "spool/thread.h"

/* Removes body files that no message names; sets aside messages whose body file is missing or
 * short. */
enum result recover_bodies(struct spool *s, struct err *err);

#endif
