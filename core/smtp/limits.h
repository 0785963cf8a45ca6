/*
 * What a server says that it takes of one session and one transaction (LIMITS, RFC 9422), and how recipients are parted
 * by it. 0: it said nothing of that. Pure; fails never: what cannot be read is passed by.
 */
#ifndef SMTPGATE_SMTP_LIMITS_H
#define SMTPGATE_SMTP_LIMITS_H

#include <stddef.h>

struct smtp_limits {
	unsigned mail;         /* MAILMAX: transactions of one session */
	unsigned rcpt;         /* RCPTMAX: recipients of one transaction */
	unsigned rcpt_domains; /* RCPTDOMAINMAX: different domains among them */
};

#define SMTP_LIMITS_PORTION 1000 /* recipients at most where domains are to be counted */

/* Takes the value of a LIMITS line of EHLO's answer: "RCPTMAX=20 MAILMAX=5". */
void smtp_limits_take(struct smtp_limits *limits, const char *value);
/* How many of these recipients go into one transaction, from the first on; at least 1 when there is one. */
size_t smtp_limits_portion(const struct smtp_limits *limits, const char *const *recipients,
			   size_t count);

#endif
