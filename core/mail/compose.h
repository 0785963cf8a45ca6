/*
 * What a program wrote, on the standard input of `send` or into a pickup folder, becomes a message: line ends as they travel (CRLF), the fields that RFC 5322 wants and
 * are missing, Bcc away, recipients out of the header when asked. Text in, text out.
 */
#ifndef SMTPGATE_MAIL_COMPOSE_H
#define SMTPGATE_MAIL_COMPOSE_H

#include "base/buf.h"
#include "base/region.h"
#include "base/result.h"
#include "mail/envelope.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct mail_compose {
	const char *asks;     /* for each recipient (mail/asks.h); NULL: nothing */
	const char *origin;   /* behind addresses without @ */
	const char *hostname; /* in the Message-ID */
	const char *name;     /* of the sender, for a From that is missing; NULL or "": none */
	const char *user;     /* "jdoe@company.com": From when the reverse-path is null */
	uint64_t max_size;    /* bytes of the finished message */
	bool headers;         /* -t: recipients from the header */
	bool ignore_dot;      /* -i */
	bool whole_from;      /* a From without domain gets origin, as recipients do */
	int64_t now;          /* wall ms */
	int zone;             /* minutes east of UTC */
	uint64_t unique;      /* for the Message-ID */
};

/*
 * Reads a message up to its end (end of file, or a line with one dot) with CRLF line ends: LF, CRLF, CR runs before LF and a CR
 * alone end a line. A first line "From ..." of a mailbox file is left out. E_LIMIT: larger than max_size; E_IO: reading failed.
 */
enum result mail_compose_read(const struct mail_compose *c, FILE *in, struct buf *text,
			      struct err *err);
/*
 * Makes the message of the text; recipients of -t are added to the envelope. Text without a header gets one. E_SYNTAX: a
 * recipient cannot be understood, or name has a control character; E_LIMIT; E_NOMEM.
 */
enum result mail_compose_make(const struct mail_compose *c, struct buf *text,
			      struct mail_envelope *envelope, struct buf *message, struct err *err);
/* An address as given on the command line, alone or a list of them: added to the envelope with origin. */
enum result mail_compose_recipients(const struct mail_compose *c, const char *list, size_t n,
				    struct mail_envelope *envelope, struct err *err);

#endif
