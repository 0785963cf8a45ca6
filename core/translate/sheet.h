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

/* What is made of the mail: a message of what it says; or, when it is a capsule (capsule.h), what the gateway must know of it, what is inside for
 * smtpput -j to take out, or what is inside as it is. A mail that is none becomes a message of what it says (OPEN: one without recipients). */
enum sheet_make { SHEET_MAIL, SHEET_OPEN, SHEET_SEALED, SHEET_INSIDE };

struct sheet {
	const char *charset;       /* of the postoffice, as the C library calls it */
	const struct table *table; /* SMTPIN.TBL of the postoffice; NULL: none */
	bool received;             /* Received lines stay in the text */
	bool dos_names;            /* attachments get names of eight and three */
	bool no_receipts;          /* whoever asks for one */
	enum sheet_make make;
	/* The sender when the mail's From does not say who it is. Text NULL: nobody. */
	struct neutral_address sender;
	bool always;                 /* sender stands whatever From says: the null reverse-path */
	struct neutral_addresses to; /* who gets it */
};

enum result sheet_write(const struct sheet *s, struct sink *to);
/* Reads n bytes; strings live in the region. E_SYNTAX, E_LIMIT, E_NOMEM. */
enum result sheet_read(const char *bytes, size_t n, struct region *region, struct sheet *s);

#endif
