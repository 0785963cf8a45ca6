/* Addresses of Microsoft Mail: see postoffice.h. */
#include "gateway/postoffice.h"

#include "base/text.h"
#include "mail/address.h"

#include <string.h>

const char *postoffice_address(const struct settings *s, const struct conf_postoffice *home,
			       const char *native, struct region *region)
{
	const char *slash = strrchr(native, '/'), *mailbox = slash ? slash + 1 : native;
	char local[MAIL_LOCAL_MAX + 1];
	if (slash) {
		size_t n = (size_t)(slash - native), i = 0;
		while (i < s->postoffice_count && !text_same_n(native, n, s->postoffices[i].name))
			i++;
		home = i < s->postoffice_count ? &s->postoffices[i] : NULL;
	}
	if (!home || mail_local_quote(mailbox, local, sizeof local) != OK)
		return NULL;
	return region_printf(region, "%s@%s", local, home->domains.items[0]);
}
