/* What the files of the mail reader share: for core/translate/mime_*.c only. */
#ifndef SMTPGATE_TRANSLATE_MIME_READER_H
#define SMTPGATE_TRANSLATE_MIME_READER_H

#include "translate/mime_read.h"
#include "translate/sink.h"

#include <gmime/gmime.h>

/* A piece of the text to be: bytes as they are in the mail, or words of ours. */
struct mime_piece {
	struct mime_piece *next;
	struct content raw;
	const char *charset; /* what it is in, as the C library calls it */
	bool html;
};

struct reader {
	const struct mime_source *source;
	struct region *region;
	struct neutral *n;
	struct mime_told *told;
	struct mime_piece *pieces, **end;
	size_t piece_count;
	unsigned attachments; /* without a name so far */
	bool doubtful;        /* GMime has left something out */
	uint64_t *kept;       /* where the types stand of mails that are files */
	size_t kept_count;
	unsigned kept_boundaries; /* lines in those that look like boundaries */
	const char *whole;        /* why it must be attached whole; nothing more is read then */
	enum result r;            /* the first failure */
};

/* ---- mime_parts.c ---- */
/* Takes a mail apart: texts into pieces, the rest into attachments. */
void mime_parts(struct reader *r, GMimeMessage *m, unsigned depth);
/* Another attachment. A NULL name: memory was short. */
void mime_attach(struct reader *r, const char *name, struct content content);

/* ---- mime_kept.c ---- */
/* Finds the parts that are mails and stay files. */
void mime_kept_find(struct reader *r);
/* The mail, as GMime is to see it. */
GMimeStream *mime_kept_stream(struct reader *r);

/* ---- mime_files.c ---- */
/* A plain text: files of uuencode and BinHex within become attachments, what is around them pieces. */
void mime_text_files(struct reader *r, const struct content *text, const char *charset);
/* A part that is uuencode, BinHex or TNEF by its header becomes what is in it; false: it is not. text: it is shown as text. */
bool mime_packed(struct reader *r, GMimePart *part, bool text);
/* What fn writes, in the scratch file. */
struct content mime_make(struct reader *r, enum result (*fn)(void *ctx, struct sink *to),
			 void *ctx);

/* ---- mime_tnef.c ---- */
/* What is in TNEF becomes attachments; false: it cannot be read, and there are none. */
bool mime_tnef(struct reader *r, const struct content *raw);

/* ---- mime_1154.c ---- */
/* The text of a mail whose field Encoding counts its parts out; false: it has no such field, or the body is not so. */
bool mime_counted(struct reader *r, GMimeMessage *m, const struct content *text,
		  const char *charset);

/* ---- mime_body.c ---- */
/* What is in a part, decoded into the scratch file. */
struct content mime_decode(struct reader *r, GMimePart *part);
/* Its bytes as they are encoded, likewise. */
struct content mime_encoded(struct reader *r, GMimePart *part);
/* A whole object as it stands in the mail, likewise. */
struct content mime_raw(struct reader *r, GMimeObject *object);
bool mime_blank(struct reader *r, const struct content *c);
/* Only the bytes from start to end are used of c: where more stands around them, the mail is kept whole besides. */
void mime_alone(struct reader *r, const struct content *c, uint64_t start, uint64_t end);
void mime_add_piece(struct reader *r, struct content raw, const char *charset, bool html);
/* Words of ours (UTF-8, copied). */
void mime_add_words(struct reader *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The charset to read a text by: what it is declared to be where that is known, else what its bytes look like. */
const char *mime_charset(struct reader *r, const char *declared, const struct content *raw);
/* The text of the message: `head` (UTF-8 lines, may be empty), a note of what was lost, and the pieces. */
void mime_text(struct reader *r, struct buf *head, unsigned lines);
/* A string (UTF-8) in the charset of the postoffice, control characters as blanks; at most n bytes of it. told (may be NULL) gets
 * what was lost: not of what stands in the text as well. */
const char *mime_string(struct reader *r, const char *text, size_t n, struct mime_told *told);

/* ---- mime_head.c ---- */
/* Subject, sender, date, priority; and the fields as lines into `head`. Returns how many. */
unsigned mime_head(struct reader *r, GMimeMessage *m, struct buf *head);
/* The value of a field in UTF-8 on one line; g_free it. */
char *mime_head_value(GMimeHeader *h);
/* The few lines that stand above a forwarded mail. */
void mime_head_short(struct reader *r, GMimeMessage *m);

/* ---- mime_receipt.c ---- */
/* Does it ask for a receipt, and may there be one? */
bool mime_wants_receipt(GMimeMessage *m);

/* ---- mime_name.c ---- */
/* The name of an attachment in the charset of the postoffice; made up where it has none. */
const char *mime_name(struct reader *r, GMimeObject *part);
/* The same; NULL where it has none. */
const char *mime_name_given(struct reader *r, GMimeObject *part);
/* A name that stands in a text of this charset, likewise made up where nothing is left of it. */
const char *mime_name_of(struct reader *r, const char *bytes, const char *charset);

#endif
