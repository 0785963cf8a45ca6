/* A message of a local program on its way into SPOOL/maildrop: what `send` and `test-mail` share. */
#ifndef SMTPGATE_DAEMON_SENDING_H
#define SMTPGATE_DAEMON_SENDING_H

#include "conf/settings.h"
#include "daemon/commands.h"
#include "mail/address.h"
#include "mail/compose.h"
#include "spool/spool.h"

struct sending {
	struct call *call;
	struct settings *settings;
	struct mail_compose compose;
	struct mail_envelope envelope;
	struct region *region;
	char user[MAIL_ADDRESS_MAX + 1], name[256];
	char file[SPOOL_MAILDROP_NAME]; /* in the maildrop; the message's session from then on */
};

/* Who sends, and whom to: the call's arguments. call and settings are set before; sender NULL: the login name, "" or "<>": the
 * null reverse-path. E_SYNTAX: an address cannot be understood; E_NOMEM. */
enum result sending_begin(struct sending *s, const char *sender, struct err *err);
/* Makes the message of the text, which is freed, stores it and tells the gateway, if one runs: EXIT_DONE, or an exit status after it
 * was said. */
enum exit_status sending_finish(struct sending *s, struct buf *text);
void sending_end(struct sending *s);

#endif
