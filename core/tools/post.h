/* One message into the mailboxes of a postoffice and its mailbag: for smtpput. */
#ifndef SMTPGATE_TOOLS_POST_H
#define SMTPGATE_TOOLS_POST_H

#include "base/clock.h"
#include "tools/office.h"

struct post {
	struct office *office;
	const struct clock *clock;
	const char *charset;         /* of the message's texts, as the C library calls it */
	const struct neutral *shown; /* what readers see */
	const struct neutral
		*sealed; /* whose To and Cc say who gets it; the same, or what it was wrapped in */
	/* Filled: */
	struct neutral_addresses refused; /* who cannot get it for good */
	char reason[256];                 /* of the first of them */
	uint64_t lost;                    /* bytes without a meaning in the charset */
	size_t delivered;
};

/* Posts it to everybody. OK also when some were refused; else nothing is said about who got it: E_FULL, E_IO, ... it is to be
 * tried again. */
enum result post(struct post *p, struct err *err);

#endif
