/* Addresses of Microsoft Mail by the address maps and the postoffices of the settings, and their tables of characters. */
#ifndef SMTPGATE_GATEWAY_POSTOFFICE_H
#define SMTPGATE_GATEWAY_POSTOFFICE_H

#include "base/region.h"
#include "conf/settings.h"
#include "translate/table.h"

/*
 * NETWORK/POSTOFFICE/MAILBOX as local@domain, in the region; a mailbox alone is of `home` (NULL: of none). E_NOTFOUND: there is no such
 * postoffice, or it cannot be written as an address; E_NOMEM.
 */
enum result postoffice_address(const struct settings *s, const struct conf_postoffice *home,
			       const char *native, struct region *region, const char **out);
/* The other way: the native form of a mailbox at this postoffice, for mail to `address`: by its map, else by its name. NULL: no memory. */
const char *postoffice_native(const struct conf_postoffice *p, const char *address,
			      const char *mailbox, struct region *region);
/* Reads its SMTPIN.TBL or SMTPOUT.TBL, where `tables` says. As table_open. */
enum result postoffice_table(const struct conf_postoffice *p, const char *name, struct table *t,
			     bool *odd, struct err *err);

#endif
