/* The inside of a repair, shared by repair.c (the fields of who and when) and repair_mime.c (those of what it is). */
#ifndef SMTPGATE_MAIL_REPAIR_PART_H
#define SMTPGATE_MAIL_REPAIR_PART_H

#include "mail/field.h"
#include "mail/repair.h"

struct repair {
	const struct mail_repair *how;
	const struct mail_repair_text *text;
	struct buf *out, *notes;
	struct buf value; /* an unfolded one */
	enum result result;
	bool date, message_id, from, reply_to; /* were there */
	bool version, type, encoding;
	bool transported;    /* by an encoding, or in parts: the body says itself what it is */
	bool body_high;      /* undeclared bytes above 127 in the body */
	const char *charset; /* what they are likely to be */
};

/* Words of what was done; old: a value to show behind them, or NULL. */
void repair_note(struct repair *x, const char *what, const char *old);
/* A line of the new header, and one with a value that may have bytes above 127 (persons: see eight_bit.h). */
void repair_put(struct repair *x, const char *name, const char *value);
void repair_put_high(struct repair *x, const char *name, const char *value, bool persons);
/* The field as it was. */
void repair_keep(struct repair *x, const struct mail_field_at *f);
/* The field under another name. */
void repair_rename(struct repair *x, const struct mail_field_at *f, const char *name);

/* A look at all fields, before the first is written. */
void repair_mime_look(struct repair *x);
/* Takes a MIME field; false: it is none of those. */
bool repair_mime_take(struct repair *x, const struct mail_field_at *f);
/* Those that were missing. */
void repair_mime_end(struct repair *x);

#endif
