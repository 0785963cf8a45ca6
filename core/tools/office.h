/*
 * A postoffice as a folder: PATH/MAILBOX, each a Maildir of Internet messages that any mail program reads; PATH/outgoing, the mailbag, a
 * Maildir of MMFF messages for the gateway; PATH/smtp with LOCAL.CFG and ADDR_MAP.CFG, names in any case, either may be absent.
 */
#ifndef SMTPGATE_TOOLS_OFFICE_H
#define SMTPGATE_TOOLS_OFFICE_H

#include "base/region.h"
#include "deliver/maildir_file.h"
#include "mail/address_map.h"
#include "mail/local_cfg.h"
#include "translate/neutral.h"

#define OFFICE_BAG "outgoing"
#define OFFICE_ADMIN "admin" /* mailbox of Postmaster and what has none */

struct office {
	const char *path;
	struct region *region;
	const struct file_ops *files;
	struct mail_local_cfg local;
	struct mail_map map;
	bool here; /* every recipient is one of this postoffice: none is for the mailbag */
	char host[MAILDIR_HOST_MAX];
	struct maildir_namer namer;
};

/*
 * Opens the postoffice. E_NOTFOUND: there is no such folder; E_UNSUPPORTED: it is the postoffice of Windows for Workgroups,
 * which never had gateways; E_SYNTAX: one of its files is faulty, named with the line. office_close must follow an OK.
 */
enum result office_open(struct office *o, const char *path, const struct file_ops *files,
			struct err *err);
void office_close(struct office *o);

enum office_way { OFFICE_MAILBOX, OFFICE_BAGGED };
/*
 * Where an address leads: into a mailbox here (its name on disk in `mailbox`, MAILDIR_NAME_MAX + 1 bytes), or into the mailbag.
 * Postmaster without a mailbox is the administrator. E_NOTFOUND: there is no such mailbox.
 */
enum result office_find(const struct office *o, const struct neutral_address *a,
			enum office_way *way, char *mailbox, struct err *err);
/* An address as mail writes it, by the map; without a line for it, MAILBOX@POSTOFFICE.NETWORK.invalid. a NULL: Postmaster of this
 * host. OK; E_NOTFOUND: it has no such form; E_NOMEM. For mime_form. */
enum result office_address(void *office, const struct neutral_address *a, struct region *region,
			   const char **out);

#endif
