/*
 * A mail (RFC 5322 with MIME) as a neutral message: what comes into a postoffice. By GMime, in a process of its own: GLib
 * ends the process when memory is short, and the mail is anybody's.
 *
 * The best text of the mail is the text: plain before HTML, HTML as readable text when there is no other, forwarded mails' texts
 * behind it. Everything else is an attachment under its name. Before the text stand the header fields, one a line, and an
 * empty line: HEADLEN counts them, SMTPHEAD says that they are fields. What cannot be taken apart is attached whole.
 */
#ifndef SMTPGATE_TRANSLATE_MIME_READ_H
#define SMTPGATE_TRANSLATE_MIME_READ_H

#include "translate/neutral.h"
#include "translate/table.h"

#define MIME_DEPTH_MAX 50          /* parts within parts */
#define MIME_HEAD_MAX (2u << 20)   /* bytes of the mail's header */
#define MIME_BOUNDARIES_MAX 20000u /* lines that look like boundaries */
#define MIME_WHOLE_NAME "MESSAGE.EML"

struct mime_source {
	int fd;        /* of the mail; it is sought in */
	uint64_t size; /* its bytes */
	int scratch; /* an empty file: contents lie there decoded, for as long as the message is used */
	const char *
		charset; /* of the postoffice, as the C library calls it: text, names and subject become it */
	const struct table
		*table; /* SMTPIN.TBL, over subject and text behind `charset`; NULL: none */
	bool received;  /* Received fields stay in the text */
};

struct mime_told {
	uint64_t changed,
		lost;      /* characters in other letters; characters that could not be written */
	const char *whole; /* why the mail is attached whole; NULL: it was taken apart */
};

/* mime_begin once a process before, mime_end at its end. */
void mime_begin(void);
void mime_end(void);
/*
 * Fills n, with From as its sender (type SMTP, when there is one) and without recipients. OK; E_NOMEM; E_IO and its kin: a file could
 * not be read or written (errno is set); E_NOTFOUND: the C library does not know the charset.
 */
enum result mime_read(const struct mime_source *s, struct region *region, struct neutral *n,
		      struct mime_told *told);

#endif
