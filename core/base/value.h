/*
 * Values as they stand in an ini file, read into numbers. One grammar for the daemon's keys and for
 * those of a transport module (doc: smtpgate.ini(5), "Types"). No blanks are trimmed, no locale is
 * asked, `out` is only written on OK. E_SYNTAX: not of this type; E_RANGE: too large for 64 bits,
 * or outside the bounds.
 */
#ifndef SMTPGATE_BASE_VALUE_H
#define SMTPGATE_BASE_VALUE_H

#include "base/result.h"

#include <stdbool.h>
#include <stdint.h>

/* yes true on 1, no false off 0, in any case. */
enum result value_bool(const char *text, bool *out);
/* Decimal with an optional sign, min <= *out <= max; both 0: no bound. */
enum result value_int(const char *text, int64_t min, int64_t max, int64_t *out);
/* "30s 5m 2h 5d", also "250ms", in milliseconds. A bare number is seconds and sets *bare (which may
 * be NULL): the caller warns; a bare 0 needs no unit. Never negative. */
enum result value_time(const char *text, int64_t *ms, bool *bare);
/* Bytes: "512", "64K", "50M", "2G" (powers of 1024, either case). Never negative. */
enum result value_size(const char *text, int64_t *bytes);

#endif
