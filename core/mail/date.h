/* Dates as a message writes them (RFC 5322 3.3): "Mon, 23 Nov 2026 10:00:00 +0000". */
#ifndef SMTPGATE_MAIL_DATE_H
#define SMTPGATE_MAIL_DATE_H

#include "base/result.h"

#include <stddef.h>
#include <stdint.h>

#define MAIL_DATE_MAX 40 /* bytes of a date with its NUL */

/* wall_ms: since 1970 UTC. offset: minutes east of UTC, -1439..1439 ("+0530" is 330). Years 0 to
 * 9999; outside of them the nearest moment is written. n >= MAIL_DATE_MAX. Returns out. */
const char *mail_date_format(int64_t wall_ms, int offset, char *out, size_t n);
/* What the host's time zone (TZ, /etc/localtime) has for `offset` at that moment. */
int mail_date_offset(int64_t wall_ms);

/* Reads one (RFC 5322 3.3 and, for years and zones, 4.3); comments may follow. The day of the week is not compared. OK or E_SYNTAX. */
enum result mail_date_parse(const char *text, int64_t *wall_ms);

#endif
