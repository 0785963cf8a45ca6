/*
 * Names of attachments as DOS wants them, for a postoffice with `names = 8.3`: up to eight signs, a dot and up to three, in capitals, no two
 * of a message alike, and none that is a device.
 */
#ifndef SMTPGATE_TRANSLATE_DOS_NAMES_H
#define SMTPGATE_TRANSLATE_DOS_NAMES_H

#include "translate/neutral.h"

#define DOS_NAME_MAX 13 /* with its NUL */

/*
 * One name by itself, into out. Blanks go, further dots and what DOS does not take become `_`; so do bytes above 127 unless `high`: in a
 * code page each is one letter, in UTF-8 a part of one. A name of which nothing is left is ATT.
 */
void dos_name(const char *name, bool high, char out[DOS_NAME_MAX]);
/* All attachments of a message; what is alike gets ~1, ~2 ... before its dot. E_NOMEM. */
enum result dos_names(struct neutral *n, bool high);

#endif
