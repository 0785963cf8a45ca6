/* Reports about a message: to its sender, or to the operator when the sender cannot be told. */
#ifndef SMTPGATE_GATEWAY_BOUNCE_H
#define SMTPGATE_GATEWAY_BOUNCE_H

#include "gateway/internal.h"
#include "mail/report.h"

/*
 * Makes the report on these recipients as a new message in `region`. A failure of a message with the null reverse-path goes
 * to [gateway] admin (a double bounce); of one that was for the admin already, nowhere: it is logged. A delay
 * and a success are told to senders only. instead: who gets it in place of all these, NULL: nobody. E_NOTFOUND: there is nobody to
 * tell, logged when it is a failure. E_NOMEM.
 */
enum result bounce_make(struct gateway *g, const struct settings *settings,
			const struct spool_message *m, const struct mail_report_rcpt *rcpts,
			size_t count, const char *instead, struct region *region,
			struct spool_new *out);

#endif
