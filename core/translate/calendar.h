/*
 * What a calendar part (RFC 5545) says, in words for a reader who has no calendar: of each event or task what, when, where, who and
 * notes. Names, values and times are the sender's own. Pure.
 */
#ifndef SMTPGATE_TRANSLATE_CALENDAR_H
#define SMTPGATE_TRANSLATE_CALENDAR_H

#include "base/buf.h"
#include "translate/content.h"

#define CALENDAR_EVENTS_MAX 50   /* told of one part; it says when there are more */
#define CALENDAR_VALUE_MAX 16384 /* bytes of a value; a longer one ends with "..." */

/* Appends lines, each ended by LF, in the charset that the part is in; nothing when it holds no event. E_NOMEM, or the
 * content's failure. */
enum result calendar_words(const struct content *part, struct buf *out);

#endif
