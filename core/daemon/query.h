/* What the client commands share: options as a filter of the control protocol, times, sizes and IDs as people write them. */
#ifndef SMTPGATE_DAEMON_QUERY_H
#define SMTPGATE_DAEMON_QUERY_H

#include "daemon/commands.h"

#include <jansson.h>
#include <stdint.h>

/*
 * The filter that options and the IDs (arguments from `first` on) ask for; *chosen (may be NULL): whether there was any. --from,
 * --to, --route, --error, --client, --since, --until, --all. NULL: err says which one is wrong (E_SYNTAX), or E_NOMEM.
 */
json_t *query_filter(const struct call *c, int first, bool *chosen, struct err *err);
/*
 * A moment: "2h", "5d" (that long ago), "2026-11-23", "2026-11-23T10:00", "2026-11-23 10:00:30", today, yesterday, now; local
 * time. now: wall ms. E_SYNTAX.
 */
enum result query_time(const char *text, int64_t now, int64_t *ms);
/* Local time to the second, "2026-11-23 10:00:30", "-" for 0; n >= 32. Returns out. */
const char *query_moment(int64_t ms, char *out, size_t n);
/* "in 5 min", "5 min ago", "now"; n >= 40. */
const char *query_distance(int64_t ms, int64_t now, char *out, size_t n);
/* "512", "1.5K", "25.0M"; n >= 24. */
const char *query_size(int64_t bytes, char *out, size_t n);
/* "<a@b>", "<>" for the null reverse-path; cut where it is longer. */
const char *query_path(const char *address, char *out, size_t n);

#endif
