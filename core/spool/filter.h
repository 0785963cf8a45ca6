/* Which messages, and which of their recipients, an operator's filter means. Pure. */
#ifndef SMTPGATE_SPOOL_FILTER_H
#define SMTPGATE_SPOOL_FILTER_H

#include "spool/spool.h"

/* No field of it is set (`all` and `ended` are not looked at). */
bool filter_empty(const struct spool_filter *f);
/* Do reverse-path, client and time of arrival fit? (Numbers are the caller's business.) */
bool filter_message(const struct spool_filter *f, const struct spool_entry *e);
/* Do address, rule and reason of this one recipient fit? */
bool filter_rcpt(const struct spool_filter *f, const struct spool_rcpt *r);
/* The message fits, and one of its recipients at least. */
bool filter_match(const struct spool_filter *f, const struct spool_entry *e);

#endif
