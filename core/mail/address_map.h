/*
 * ADDR_MAP.CFG of a postoffice (doc/microsoft-mail.md): which native postoffice has which domain. One map a line,
 * `NETWORK/POSTOFFICE<blanks>domain`; empty lines and those that begin with ; or # are comments. Searched from the top, without
 * regard to case, first match wins: outgoing mail by postoffice, incoming mail by domain. `.x.y` is every host below x.y, and
 * is never written on outgoing mail. Pure: text in, text out.
 */
#ifndef SMTPGATE_MAIL_ADDRESS_MAP_H
#define SMTPGATE_MAIL_ADDRESS_MAP_H

#include "base/region.h"
#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>

#define MAIL_NATIVE_NAME_MAX 10 /* bytes of a network, a postoffice, a mailbox */
#define MAIL_XXENC "XXENC"      /* the mailbox of encapsulated messages (Q87039) */
#define MAIL_NATIVE_MAX (3 * MAIL_NATIVE_NAME_MAX + 2)

struct mail_map_entry {
	const char *office; /* NETWORK/POSTOFFICE */
	const char *domain; /* as the line spells it */
};
struct mail_map {
	struct mail_map_entry *entries;
	size_t count;
};

/* Reads the n bytes of the file. E_SYNTAX names the line; E_NOMEM. Strings live in the region. */
enum result mail_map_parse(const char *text, size_t n, struct region *region, struct mail_map *m,
			   struct err *err);
/* The domain of a postoffice for outgoing mail, or NULL. */
const char *mail_map_domain(const struct mail_map *m, const char *office);
/* The line of a domain for incoming mail, or NULL. */
const struct mail_map_entry *mail_map_office(const struct mail_map *m, const char *domain);

/* Can this be a mailbox: 1 to 10 printable characters of 7 bits, no slash? */
bool mail_map_mailbox_ok(const char *name);

/*
 * A native address NETWORK/POSTOFFICE/MAILBOX as an Internet address in the region. E_NOTFOUND: no line has its postoffice;
 * E_SYNTAX: it is no native address; E_NOMEM.
 */
enum result mail_map_outgoing(const struct mail_map *m, const char *native, struct region *region,
			      const char **address, struct err *err);
/*
 * The other way: `address` (local@domain) as NETWORK/POSTOFFICE/MAILBOX; n > MAIL_NATIVE_MAX. E_NOTFOUND: no line has its domain;
 * E_RANGE: the local part cannot be a mailbox (above 10 characters, not of 7 bits, a slash).
 */
enum result mail_map_incoming(const struct mail_map *m, const char *address, char *native, size_t n,
			      struct err *err);

#endif
