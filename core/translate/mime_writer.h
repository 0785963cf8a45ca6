/* What the files of the mail writer share: for core/translate/mime_write.c, mime_classic.c and mime_eml.c only. */
#ifndef SMTPGATE_TRANSLATE_MIME_WRITER_H
#define SMTPGATE_TRANSLATE_MIME_WRITER_H

#include "translate/mime_write.h"

struct writer {
	const struct neutral *n;
	const struct mime_form *form;
	struct sink *to;
	struct mime_counts *counts;
	char boundary[MIME_BOUNDARY_MAX];
	uint64_t head_at;  /* where the text begins behind the lines that repeat the header */
	struct buf fields; /* those lines in UTF-8, where they are header fields (SMTPHEAD) */
	enum result r;     /* the first failure; nothing is written after it */
};

/* Each writes, unless there has been a failure. */
void mime_put(struct writer *w, const char *text);
void mime_end_line(struct writer *w);
void mime_field(struct writer *w, const char *name, const char *value);
/* A value in the charset of the postoffice, encoded where it must be. */
void mime_text_field(struct writer *w, const char *name, const char *text);
/* A text of the message in UTF-8, control characters as blanks; NULL and a failure when memory is short. */
char *mime_utf8(struct writer *w, const char *text);
/* Converts a text into `in`; what was lost is added. */
void mime_convert(struct writer *w, const struct content *text, struct sink *in, uint64_t *lost);

/* A sink that rewrites line ends. */
struct mime_ending {
	struct sink in;
	struct ending_writer writer;
};
void mime_ending_begin(struct mime_ending *e, struct sink *to, enum ending ending);

/* Can this file go as message/rfc822? And so it goes. */
bool mime_is_eml(struct writer *w, const char *name, const struct content *file);
void mime_put_eml(struct writer *w, const struct content *file);

/* The last fields and the body as the original wrote them: RFC 1154, uuencode, X-MS-Attachment. */
void mime_classic(struct writer *w);

#endif
