/* May this client send there? route_admit of route.h. Pure; cannot fail. */
#include "route/route.h"

#include "base/text.h"
#include "route/client.h"
#include "route/local.h"

#include <stdio.h>

/* "postmaster" alone is taken from whoever may connect, wherever it is kept. */
static bool is_postmaster(const char *forward_path)
{
	return text_same(forward_path, "postmaster");
}

static void deny(const struct conf_listen *listen, const char *key, const char *reason,
		 struct route_decision *d)
{
	route_refuse(d, 550, "5.7.1", "%s", reason);
	d->route = NULL;
	d->mailbox[0] = '\0';
	snprintf(d->rule, sizeof d->rule, "listen %s: %s", listen->name, key);
}

void route_admit(const struct route_world *w, const struct conf_listen *listen,
		 const struct route_from *from, const char *forward_path, struct route_decision *d)
{
	route_decide(w, from, forward_path, d);
	if (from->user || route_client_fits(&listen->relay_from, from->client))
		return;
	if (d->kind == ROUTE_REFUSE && !d->address[0])
		return; /* it cannot be read: that is what to say */
	if (!d->postoffice && !is_postmaster(forward_path))
		deny(listen, "relay_from", "relaying denied", d);
	else if (!route_client_fits(&listen->accept_from, from->client))
		deny(listen, "accept_from", "mail from your address is not accepted here", d);
}
