/*
 * A consistent copy of a spool that goes on working: SPOOL/snapshot/spool.db, and hard links to the bodies that it names in
 * SPOOL/snapshot/body. Made in the spool thread in pieces between groups; what is committed meanwhile is in it too, so it is
 * the spool of the moment when it ends. `smtpgate backup` packs it into a file and removes it; one that is left is removed
 * when the next begins, and at start.
 */
#ifndef SMTPGATE_SPOOL_SNAPSHOT_H
#define SMTPGATE_SPOOL_SNAPSHOT_H

#include "base/file.h"

#define SNAPSHOT_FOLDER "snapshot"
#define SNAPSHOT_RESTORED "restored" /* SPOOL/restored: the spool comes up held, once */

/* Removes the snapshot of the spool at this path; nothing there is fine. */
enum result snapshot_remove(const char *spool, struct err *err);

#endif
