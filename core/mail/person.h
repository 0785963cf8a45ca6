/* The first mailbox of a field like From (RFC 5322 3.4): its address and the name beside it. */
#ifndef SMTPGATE_MAIL_PERSON_H
#define SMTPGATE_MAIL_PERSON_H

#include "base/result.h"
#include "mail/address.h"

#include <stdbool.h>

struct mail_person {
	struct mail_address address; /* local[0] is 0: there is none that can be read */
	char name[256];              /* as it stands there, quotes and all; a comment's text; "" */
};

/* value: unfolded. Comments, quoted names and groups are understood as far as the first mailbox needs it. Whether there is an address
 * with a domain. */
bool mail_person_parse(const char *value, struct mail_person *p);

#endif
