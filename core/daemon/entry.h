/* Messages of the spool as lines of the control protocol, and filters as its clients give them. */
#ifndef SMTPGATE_DAEMON_ENTRY_H
#define SMTPGATE_DAEMON_ENTRY_H

#include "base/region.h"
#include "spool/spool.h"

#include <jansson.h>

/* {"entry": {...}}: envelope and a summary of its recipients: how many in each state, the earliest next attempt, and of the
 * recipient that tells most (a waiting one, else a held one, else the first) address, state, rule, peer, status, reason. */
json_t *entry_json(const struct spool_entry *e);
/* {"recipient": {...}} of the i-th. */
json_t *entry_recipient_json(const struct spool_entry *e, size_t i);
/* {"attempt": {...}} of the i-th. */
json_t *entry_attempt_json(const struct spool_entry *e, size_t i);

/*
 * Reads {"numbers": [..], "from", "to", "rule", "error", "client", "since", "until", "all", "ended"}, every member optional,
 * object may be NULL; strings are copied into region. E_SYNTAX names a member that is unknown or of the wrong type: a filter
 * that is not understood must not become one that matches more.
 */
enum result filter_read(const json_t *object, struct region *region, struct spool_filter *f,
			struct err *err);
/* Does it choose at all? (For actions: an empty one without `all` is refused.) */
bool filter_chooses(const struct spool_filter *f);

#endif
