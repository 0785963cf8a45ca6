/*
 * Addresses of the envelope (RFC 5321 4.1.2 Mailbox): one address in, its parts out. Both parts may
 * be UTF-8 (RFC 6531 3.3); whether a peer may say such a one is the caller's business. Other bytes
 * above 127 are E_UNSUPPORTED, and the caller says 553 5.6.7.
 *
 * An address travels through the gateway as text, spelled as the client spelled it, quotes and all:
 * `"a b"@Example.NET`. Two spellings of one mailbox are compared by mail_address_same, never by
 * strcmp.
 */
#ifndef SMTPGATE_MAIL_ADDRESS_H
#define SMTPGATE_MAIL_ADDRESS_H

#include "base/result.h"
#include "mail/domain.h"

#include <stdbool.h>
#include <stddef.h>

#define MAIL_LOCAL_MAX 64 /* octets as spelled, RFC 5321 4.5.3.1.1 */
#define MAIL_ADDRESS_MAX (MAIL_LOCAL_MAX + 1 + MAIL_DOMAIN_MAX) /* local@domain, without NUL */

struct mail_address {
	char local[MAIL_LOCAL_MAX + 1]; /* as spelled, a quoted one with its quotes */
	/* As spelled, a literal with its brackets; "": there was none. */
	char domain[MAIL_DOMAIN_MAX + 1];
	bool quoted;  /* local is a Quoted-string */
	bool literal; /* domain is "[192.0.2.1]" or "[IPv6:2001:db8::1]" */
	bool routed;  /* a source route "@a,@b:" stood before it and was dropped (appendix C) */
};

/* Bytes of the character beyond ASCII that begins the n bytes and may stand in an address: UTF-8, and none of the controls U+0080
 * to U+009F (RFC 6531 3.3). 0: there is none. */
size_t mail_address_wide(const char *at, size_t n);
/* Is all of it ASCII? */
bool mail_address_is_ascii(const char *address);
/* The address as SMTP without SMTPUTF8 may carry it: a domain in UTF-8 becomes its ASCII form. Is the local part in UTF-8, or the
 * address none, it is copied as it is. out: MAIL_ADDRESS_MAX + 1 fits every address; E_LIMIT. */
enum result mail_address_narrow(const char *address, char *out, size_t n);

/*
 * Reads one address from the first n bytes of text, no angle brackets around it. With `used` it
 * stops behind the address (before ">" or a blank) and says how many bytes that were; with used
 * NULL nothing may follow. A local part alone ("postmaster", "root") is OK with an empty domain:
 * the caller decides whether it takes that. A label may have underscores, as names of PCs do; a
 * trailing dot is refused. E_SYNTAX: malformed; E_LIMIT: a part is too long; E_UNSUPPORTED: not
 * UTF-8, or a domain that is none of IDNA; E_NOMEM. err (may be NULL) gets the sentence.
 */
enum result mail_address_parse(const char *text, size_t n, struct mail_address *a, size_t *used,
			       struct err *err);

/* The same over a whole string into two buffers (MAIL_LOCAL_MAX + 1, MAIL_DOMAIN_MAX + 1 always
 * fit; E_LIMIT when they do not). domain comes in ASCII and lower-cased, "" when there is none. */
enum result mail_address_split(const char *address, char *local, size_t local_n, char *domain,
			       size_t domain_n);

/* Writes the one spelling that all spellings of a mailbox share: quotes only where needed, domain
 * in ASCII and lower case, IP literals as inet_ntop prints them. The local part keeps its case. out:
 * MAIL_ADDRESS_MAX + 1 fits. Results of mail_address_parse; E_LIMIT when out is too small. */
enum result mail_address_canonical(const char *address, char *out, size_t n);

/* Same mailbox? Canonical forms, case of both parts ignored (RFC 5321 2.4 lets local parts differ
 * by case; nobody's do). Two unparsable ones are the same when they are the same text. */
bool mail_address_same(const char *a, const char *b);

/* Removes quotes and backslashes of a local part: `"a\"b"` gives `a"b`. One without quotes is
 * copied. E_SYNTAX (it is no local part), E_LIMIT (out is too small; MAIL_LOCAL_MAX + 1 fits). */
enum result mail_local_unquote(const char *local, char *out, size_t n);
/* Writes any name as a local part, quoted when it is no dot-string. E_SYNTAX: a control character,
 * bytes that are not UTF-8 or nothing; E_LIMIT: longer than MAIL_LOCAL_MAX or out is too small. */
enum result mail_local_quote(const char *name, char *out, size_t n);

#endif
