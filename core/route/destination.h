/*
 * Where a decision leads, as one text: recipients with the same text may share a connection, and
 *limits (connections, rate) count by it. The text is also what `queue` and the log show.
 *
 *	postoffice COMPANY/HQ     "postoffice:COMPANY/HQ"
 *	its mailbox XXENC         "unpack:COMPANY/HQ"
 *	route out, MX             "out|mx:example.net", "out|mx:[192.0.2.1]"
 *	route default, smart host "default|smart:smtp.example.net:587,backup.example.net:25"
 *	hold, discard, refuse     "" (they lead nowhere)
 */
#ifndef SMTPGATE_ROUTE_DESTINATION_H
#define SMTPGATE_ROUTE_DESTINATION_H

#include "base/buf.h"
#include "base/result.h"
#include "route/route.h"

#include <stdbool.h>

/* Appends the text; names are lower case, so that it can be compared by strcmp. E_NOMEM, E_LIMIT
 * (out's bound). */
enum result route_destination_format(const struct route_decision *d, struct buf *out);
/* Do both lead to the same place? What leads nowhere is the same as nothing. */
bool route_destination_same(const struct route_decision *a, const struct route_decision *b);

#endif
