/*
 * A neutral message as an Internet message (RFC 5322 with MIME): what leaves a postoffice. Texts become UTF-8, plain where they are
 * plain and quoted-printable otherwise, attachments base64; a body without attachments is one part. Everything streams.
 */
#ifndef SMTPGATE_TRANSLATE_MIME_WRITE_H
#define SMTPGATE_TRANSLATE_MIME_WRITE_H

#include "translate/ending.h"
#include "translate/neutral.h"
#include "translate/table.h"

/* The Extended field that says: the lines that HEADLEN counts are header fields of the mail that this once was. */
#define MIME_FIELD_HEAD "SMTPHEAD"
/* The field of a part that says: it is a file, and no mail that was forwarded, though its type is message/rfc822. */
#define MIME_FIELD_EML "X-MMFF-File"
#define MIME_BOUNDARY "=_mmff_" /* begins every boundary of ours */
#define MIME_BOUNDARY_MAX 40

struct mime_form {
	enum ending ending;  /* of all lines */
	const char *charset; /* what the message's texts are in, as the C library calls it */
	bool uuencode;       /* attachments as the original wrote them, for readers without MIME */
	bool no_receipts;    /* whoever asks for one */
	const struct table
		*table;       /* SMTPOUT.TBL, over subject and text before `charset`; NULL: none */
	const char *hostname; /* of Message-ID */
	uint64_t unique;      /* random: Message-ID and boundary are made of it */
	int64_t now;          /* wall ms, for what has no date */
	int offset;           /* minutes east of UTC in which the postoffice tells its time */
	/* An address as local@domain, in the region; a NULL address is a sender that was not named. OK; E_NOTFOUND: it cannot
	 * be written, and is left out; E_NOMEM. */
	enum result (*address)(void *ctx, const struct neutral_address *a, struct region *region,
			       const char **out);
	void *ctx;
};

struct mime_counts {
	uint64_t lost; /* bytes of texts that mean nothing in the charset: U+FFFD stands for each */
};

/*
 * Writes the message; parts with `external` must have been given their contents. Header fields that MMFF has beyond mail's
 * (a priority of a letter, lines that were not understood) become X-MMFF-Priority and X-MMFF-Line. The leading lines of the
 * text that repeat the header (HEADLEN) are left out, or are the header (SMTPHEAD). E_NOMEM, E_NOTFOUND (no such charset), or the sink's or a content's
 * failure. counts may be NULL.
 */
enum result mime_write(const struct neutral *n, const struct mime_form *form, struct sink *to,
		       struct mime_counts *counts);

#endif
