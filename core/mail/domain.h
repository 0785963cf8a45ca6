/*
 * What stands behind the @: domain names and address literals (RFC 5321 4.1.2, 4.1.3), as text.
 * A name may be written in UTF-8 (U-labels, RFC 5890); its ASCII form (A-labels, "xn--...") is what
 * the DNS has, and what two of them are compared by. A label may have underscores, as names of PCs
 * do; a trailing dot is refused.
 */
#ifndef SMTPGATE_MAIL_DOMAIN_H
#define SMTPGATE_MAIL_DOMAIN_H

#include "base/net.h"
#include "base/result.h"

#include <stddef.h>

#define MAIL_DOMAIN_MAX 255 /* octets, RFC 5321 4.5.3.1.2 */
#define MAIL_LABEL_MAX 63   /* octets between two dots, RFC 1035 2.3.4 */

/* Checks n bytes as a domain name, or, when they begin with "[", as an address literal. OK,
 * E_SYNTAX, E_LIMIT, E_UNSUPPORTED (neither ASCII nor a name of IDNA), E_NOMEM; err (may be NULL)
 * gets the sentence. */
enum result mail_domain_check(const char *text, size_t n, struct err *err);
/* Checks a domain name (not a literal) and writes its ASCII form in lower case. Results as above,
 * E_LIMIT too when out is too small: MAIL_DOMAIN_MAX + 1 fits. */
enum result mail_domain_normalise(const char *domain, char *out, size_t n);
/* "[192.0.2.1]" or "[IPv6:2001:db8::1]" as bits; E_SYNTAX for anything else, other tags too. */
enum result mail_literal_parse(const char *domain, struct net_ip *ip);
/* The other way: an IP as an address literal with brackets; n >= 55. Returns out. */
const char *mail_literal_format(const struct net_ip *ip, char *out, size_t n);

#endif
