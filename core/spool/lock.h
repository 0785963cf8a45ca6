/*
 * One owner per spool: SPOOL/lock, held by an open file description lock (it does not fall with
 * some other descriptor of the same file, as a POSIX lock does, and excludes a second opening in
 * the same process too). Such a lock names no process, so the holder writes who it is into the
 * file.
 */
#ifndef SMTPGATE_SPOOL_LOCK_H
#define SMTPGATE_SPOOL_LOCK_H

#include "spool/spool.h"

/* Takes the lock; *fd holds it until it is closed. Nothing is written yet. E_BUSY names the holder.
 */
enum result lock_take(const struct spool_options *o, int *fd, struct err *err);
/* Writes pid, start time, host and version into the file that is locked. */
enum result lock_sign(const struct spool_options *o, int fd, struct err *err);

#endif
