/* Aliases where mail is taken: one recipient becomes those that its name stands for. Pure but for the world's mailboxes. */
#ifndef SMTPGATE_ROUTE_ALIAS_H
#define SMTPGATE_ROUTE_ALIAS_H

#include "mail/aliases.h"
#include "route/route.h"

#define ROUTE_ALIAS_DEPTH 10  /* aliases of aliases */
#define ROUTE_ALIAS_MAX 10000 /* recipients that one stands for */

/*
 * Is this forward-path an alias: a name without domain, at origin or at a local domain, that has no mailbox there? Then add is called
 * for each address that it stands for in the end, and *count says how many there were. 0: it is none, or nothing that it stands for
 * could be delivered: it is decided as it is. A circle ends where it began: that name stands for itself. E_NOMEM, E_LIMIT,
 * or what add returned. add may be NULL: only count.
 */
enum result route_alias(const struct route_world *w, const struct mail_aliases *a,
			const struct route_from *from, const char *forward_path,
			enum result (*add)(void *ctx, const char *address), void *ctx,
			size_t *count);
/* May this client send to an alias? As to local domains (route_admit); d says why not. */
bool route_alias_admit(const struct conf_listen *listen, const struct route_from *from,
		       struct route_decision *d);

#endif
