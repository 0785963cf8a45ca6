/*
 * Putting right the header of a message that an old program made, and writing it on to another sender. Pure: a header block in, another
 * out, with words of what was done. What is taken away is kept as X-Original-FIELD.
 *
 *	date        Date that is missing, that cannot be read, or that is a year behind or a day ahead of our clock
 *	message-id  missing, or no <left@right>
 *	from        missing, or without an address that can be read; one without domain gets the origin
 *	charset     bytes above 127 that nothing declares: encoded words in the header; charset and 8bit of the body, guessed from its
 *	            beginning (UTF-8, else windows-1252)
 *	mime        MIME-Version that is missing beside other MIME fields, Content-Type that is no type/subtype
 */
#ifndef SMTPGATE_MAIL_REPAIR_H
#define SMTPGATE_MAIL_REPAIR_H

#include "base/buf.h"
#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAIL_REPAIR_DATE 1u
#define MAIL_REPAIR_MESSAGE_ID 2u
#define MAIL_REPAIR_FROM 4u
#define MAIL_REPAIR_CHARSET 8u
#define MAIL_REPAIR_MIME 16u

#define MAIL_REPAIR_NOTES \
	1000 /* bytes of words about it; what does not fit is left out, "..." stands for it */

struct mail_repair {
	unsigned what; /* MAIL_REPAIR_* */
	const char
		*from; /* From becomes this address; Reply-To keeps the old one. NULL: it stays */
	const char *sender; /* reverse-path, for a From that is missing; "" */
	const char *origin, *hostname;
	int64_t now; /* wall ms */
	int offset;  /* minutes east of UTC, for a new Date */
	uint64_t random;
};

struct mail_repair_text {
	const char *header; /* the fields, with or without the empty line behind them; CRLF lines */
	size_t header_n;
	const char *body; /* its beginning */
	size_t body_n;
	bool whole; /* there is no more of the body */
};

/* Appends the new header with its empty line to out, and to notes (bounded by the caller at MAIL_REPAIR_NOTES or above) what was done:
 * "Date missing; From scanner now scanner@lan.test"; nothing when nothing was. OK, E_NOMEM, or E_LIMIT (of out). */
enum result mail_repair_header(const struct mail_repair *r, const struct mail_repair_text *text,
			       struct buf *out, struct buf *notes);

#endif
