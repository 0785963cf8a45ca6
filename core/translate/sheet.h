/*
 * The sheet that goes with a mail to the translator: what it cannot know from the mail itself. Lines `key value`, one a line, so that
 * ten thousand recipients fit. Written by the gateway, read in the worker process; both are of one build.
 */
#ifndef SMTPGATE_TRANSLATE_SHEET_H
#define SMTPGATE_TRANSLATE_SHEET_H

#include "translate/neutral.h"
#include "translate/sink.h"
#include "translate/table.h"

#define SHEET_MAX (8u << 20) /* bytes of a sheet */

struct sheet {
	const char *charset;       /* of the postoffice, as the C library calls it */
	const struct table *table; /* SMTPIN.TBL of the postoffice; NULL: none */
	bool received;             /* Received lines stay in the text */
	bool dos_names;            /* attachments get names of eight and three */
	bool no_receipts;          /* whoever asks for one */
	/* The sender when the mail's From does not say who it is. Text NULL: nobody. */
	struct neutral_address sender;
	bool always;                 /* sender stands whatever From says: the null reverse-path */
	struct neutral_addresses to; /* who gets it */
};

enum result sheet_write(const struct sheet *s, struct sink *to);
/* Reads n bytes; strings live in the region. E_SYNTAX, E_LIMIT, E_NOMEM. */
enum result sheet_read(const char *bytes, size_t n, struct region *region, struct sheet *s);

#endif
