/* Whose an address is: see sender.h. Pure; cannot fail. */
#include "route/sender.h"

#include "base/text.h"
#include "mail/address.h"
#include "route/local.h"

#include <string.h>

static bool is_ours(const struct settings *s, char *domain)
{
	return text_same(domain, s->gateway.origin) || text_same(domain, s->gateway.hostname) ||
	       route_local_find(s, text_lower_all(domain));
}

bool route_sender_owned(const struct settings *s, const char *user, const char *reverse_path)
{
	char local[MAIL_LOCAL_MAX + 1], domain[MAIL_DOMAIN_MAX + 1];
	if (!*reverse_path)
		return true;
	if (strchr(user, '@'))
		return text_same(user, reverse_path);
	return mail_address_split(reverse_path, local, sizeof local, domain, sizeof domain) == OK &&
	       text_same(user, local) && is_ours(s, domain);
}
