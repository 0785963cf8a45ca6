/* Addresses of Microsoft Mail: see postoffice.h. */
#include "gateway/postoffice.h"

#include "base/text.h"
#include "mail/address.h"

#include <string.h>

/* The domain of NETWORK/POSTOFFICE: of the address maps, that of home first, then of the sections. NULL: none has it. */
static const char *domain_of(const struct settings *s, const struct conf_postoffice *home,
			     const char *office)
{
	const char *domain = home ? mail_map_domain(&home->native, office) : NULL;
	for (size_t i = 0; i < s->postoffice_count && !domain; i++)
		domain = mail_map_domain(&s->postoffices[i].native, office);
	for (size_t i = 0; i < s->postoffice_count && !domain; i++)
		if (text_same(s->postoffices[i].name, office))
			domain = s->postoffices[i].domains.items[0];
	return domain;
}

enum result postoffice_address(const struct settings *s, const struct conf_postoffice *home,
			       const char *native, struct region *region, const char **out)
{
	const char *slash = strrchr(native, '/'), *mailbox = slash ? slash + 1 : native;
	char local[MAIL_LOCAL_MAX + 1];
	const char *office = slash  ? region_memdup(region, native, (size_t)(slash - native))
			     : home ? home->name
				    : NULL;
	if (slash && !office)
		return E_NOMEM;
	const char *domain = office ? domain_of(s, home, office) : NULL;
	if (!domain || mail_local_quote(mailbox, local, sizeof local) != OK)
		return E_NOTFOUND;
	*out = region_printf(region, "%s@%s", local, domain);
	return *out ? OK : E_NOMEM;
}

const char *postoffice_native(const struct conf_postoffice *p, const char *address,
			      const char *mailbox, struct region *region)
{
	const char *at = strrchr(address, '@');
	const struct mail_map_entry *e = at ? mail_map_office(&p->native, at + 1) : NULL;
	return region_printf(region, "%s/%s", e ? e->office : p->name, mailbox);
}

enum result postoffice_table(const struct conf_postoffice *p, const char *name, struct table *t,
			     bool *odd, struct err *err)
{
	return p->tables ? table_open_in(p->tables, name, t, odd, err)
			 : table_open(p->path, name, t, odd, err);
}
