/* Recipients of copies: see copy.h. */
#include "route/copy.h"

static bool any_bcc(const struct settings *s)
{
	for (size_t i = 0; i < s->route_count; i++)
		if (s->routes[i].bcc.count)
			return true;
	return false;
}

enum result route_copy(const struct route_world *w, const struct route_from *from,
		       struct mail_envelope *e)
{
	size_t count = any_bcc(w->settings) ? e->count : 0;
	enum result r = OK;
	for (size_t i = 0; i < count && r == OK; i++) {
		struct route_decision d;
		route_decide(w, from, e->recipients[i], &d);
		if (d.kind != ROUTE_SMART && d.kind != ROUTE_MX)
			continue;
		for (size_t k = 0; k < d.route->bcc.count && r == OK; k++)
			r = mail_envelope_add_once(e, d.route->bcc.items[k], "");
	}
	return r;
}

bool route_is_copy(const struct settings *s, const char *address)
{
	for (size_t i = 0; i < s->route_count; i++)
		for (size_t k = 0; k < s->routes[i].bcc.count; k++)
			if (mail_address_same(s->routes[i].bcc.items[k], address))
				return true;
	return false;
}
