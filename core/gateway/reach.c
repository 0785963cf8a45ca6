/* Reaching those who are told of trouble: see reach.h. Owns the aliases while it asks. */
#include "gateway/reach.h"

#include "base/file.h"
#include "base/text.h"
#include "gateway/internal.h"
#include "route/alias.h"

#include <stdlib.h>
#include <string.h>

static bool is_alias(const struct route_world *w, const struct route_from *from,
		     const char *address)
{
	const char *path = w->settings->gateway.aliases;
	struct mail_aliases *aliases = NULL;
	char *text = NULL;
	size_t n, count = 0;
	if (path && file_read(path, MAIL_ALIASES_MAX, &text, &n, NULL) == OK &&
	    mail_aliases_read(text, n, NULL, NULL, &aliases, NULL) == OK &&
	    route_alias(w, aliases, from, address, NULL, NULL, &count) != OK)
		count = 0;
	free(text);
	mail_aliases_unref(&aliases);
	return count > 0;
}

bool reach_ok(const struct settings *s, const char *address, struct err *err)
{
	const struct route_world world = {s, gateway_mailbox, NULL, gateway_away};
	const struct route_from from = {.reverse_path = "", .listener = "notify"};
	struct route_decision d;
	if (is_alias(&world, &from, address))
		return true;
	route_decide(&world, &from, address, &d);
	if (d.kind == ROUTE_REFUSE)
		err_set(err, E_NOTFOUND, "mail for %s would be refused: %s", address, d.reason);
	else if (d.kind == ROUTE_HOLD && !d.route)
		err_set(err, E_NOTFOUND, "mail for %s would be held: %s", address, d.reason);
	else
		return true;
	return false;
}

void reach_look(const struct settings *s, void (*tell)(void *ctx, const struct err *err), void *ctx)
{
	const struct conf_notify *n = &s->notify;
	const struct {
		const char *key, *section, *address;
	} who[] = {
		{"admin", "gateway", s->gateway.admin},
		{"to", "notify", n->on ? n->to : NULL},
		{"heartbeat_to", "notify", n->heartbeat_every ? n->heartbeat_to : NULL},
	};
	for (size_t i = 0; i < sizeof who / sizeof *who; i++) {
		struct err err;
		bool again = false;
		for (size_t j = 0; j < i && who[i].address; j++)
			again |= who[j].address && text_same(who[j].address, who[i].address);
		if (!who[i].address || again || reach_ok(s, who[i].address, &err))
			continue;
		err_remedy(&err, "set %s in [%s] to an address that a postoffice or a route takes",
			   who[i].key, who[i].section);
		tell(ctx, &err);
	}
}
