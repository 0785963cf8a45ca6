/* Where the helper program is, and whether it may be trusted: it may be run by root. */
#ifndef SMTPGATE_NVL_PATH_H
#define SMTPGATE_NVL_PATH_H

#include "nvl/nvl_talk.h"

#include <limits.h>

/*
 * The installed helper; before it that of a build tree which this module was loaded from; before both the one that
 * SMTPGATE_NVL_HELPER names, unless this program runs with more rights than its caller. Whichever it is, it and every
 * folder above it must belong to root or to us and be writable by nobody else (a sticky folder such as /tmp passes), as
 * the modules themselves. false: why says what is wrong with it.
 */
bool nvl_path_find(char out[PATH_MAX], struct nvl_word *why);

#endif
