/* Which postoffice has a domain, and which of its mailboxes a name is: for core/route only. */
#ifndef SMTPGATE_ROUTE_LOCAL_H
#define SMTPGATE_ROUTE_LOCAL_H

#include "route/route.h"

#include <stdbool.h>

/*
 * The postoffice of a domain (lower case, no literal), or NULL. A domain that is written out wins
 * over every ".suffix", the longest suffix over shorter ones, the first in file order over its
 * equals. ".company.com" has all domains below company.com, not company.com itself.
 */
const struct conf_postoffice *route_local_find(const struct settings *s, const char *domain);
/* Fills d for a local part (as spelled) at a postoffice: ROUTE_LOCAL, or ROUTE_REFUSE 550 5.1.1. */
void route_local_decide(const struct route_world *w, const struct conf_postoffice *p,
			const char *local, struct route_decision *d);
/* Makes d a refusal; format is of the reason. */
void route_refuse(struct route_decision *d, int code, const char *status, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Is this mailbox of the postoffice the one where encapsulated messages come in? It never is where their key says no, or where there is no Microsoft
 * Mail. */
bool route_local_unpacks(const struct conf_postoffice *p, const char *mailbox);

#endif
