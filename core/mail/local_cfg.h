/*
 * LOCAL.CFG of a postoffice (doc/microsoft-mail.md). How the original laid it out was never published; this layout is ours:
 * one `key = value` a line, in any order, either case, `:` for `=`, the value in quotes or not; ; and # begin comments.
 *
 *	domain = .company.com                  also: Local Domain
 *	gateway = gateway.company.com          also: SMTP Gateway Host Name
 *	router = 10.1.0.2                      also: SMTP Smart-Host IP
 *	postoffice = COMPANY/HQ                also: Local Post-Office; any number
 *
 * Pure: text in, a struct out.
 */
#ifndef SMTPGATE_MAIL_LOCAL_CFG_H
#define SMTPGATE_MAIL_LOCAL_CFG_H

#include "base/region.h"
#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>

struct mail_local_cfg {
	const char *domain, *gateway, *router; /* NULL: not set */
	const char **offices;
	size_t office_count;
};

/* Reads the n bytes of the file. E_SYNTAX names the line and what may stand there; E_NOMEM. Strings live in the region. */
enum result mail_local_cfg_parse(const char *text, size_t n, struct region *region,
				 struct mail_local_cfg *c, struct err *err);
/* Is this NETWORK/POSTOFFICE one of the local ones? Every one is when none is named. */
bool mail_local_cfg_has(const struct mail_local_cfg *c, const char *office);

/* Is the last name of this path that of a postoffice of Windows for Workgroups (WGPO0000)? Such never had gateways [Q94178]. */
bool mail_names_workgroup(const char *path);

#endif
