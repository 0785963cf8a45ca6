/*
 * A look at a message while it passes: fed its content in any chunks, it finds where the header
 *ends, counts hops and keeps a few fields. It changes nothing and holds at most MAIL_HEADER_KEPT
 *bytes, whatever the message is.
 *
 *	            ":"                        not blank
 *	  NAME -----------> VALUE  <--+  LINE -----------> NAME (next field)
 *	   |                  | LF    |   |  blank: the field goes on
 *	   | no field         +------>+---+
 *	   v                              |  empty line
 *	  BODY <--------------------------+
 *
 * A line that is no field ends the header before it (RFC 5322 wants an empty line; some programs
 *forget it). A line ends at LF, with CR before it or (noted as bare) without. A bare CR is a
 *character of its line.
 */
#ifndef SMTPGATE_MAIL_HEADER_H
#define SMTPGATE_MAIL_HEADER_H

#include "base/buf.h"
#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAIL_HEADER_KEPT (16u * 1024) /* bytes of kept fields in all */
#define MAIL_HEADER_VALUE 998         /* bytes of one kept value; the rest of it is cut off */
#define MAIL_RECEIVED_MAX 100         /* more Received fields are a loop (RFC 5321 6.3) */

/* X(name, field) The fields that are kept. */
#define MAIL_FIELD_LIST(X)                             \
	X(MAIL_FIELD_MESSAGE_ID, "Message-ID")         \
	X(MAIL_FIELD_DATE, "Date")                     \
	X(MAIL_FIELD_FROM, "From")                     \
	X(MAIL_FIELD_SUBJECT, "Subject")               \
	X(MAIL_FIELD_DELIVERED_TO, "Delivered-To")     \
	X(MAIL_FIELD_AUTO_SUBMITTED, "Auto-Submitted") \
	X(MAIL_FIELD_RETURN_PATH, "Return-Path")

enum mail_field {
#define MAIL_FIELD_ENUM(name, field) name,
	MAIL_FIELD_LIST(MAIL_FIELD_ENUM)
#undef MAIL_FIELD_ENUM
		MAIL_FIELD_COUNT
};

enum mail_header_end {
	MAIL_HEADER_OPEN,  /* not reached yet */
	MAIL_HEADER_BLANK, /* an empty line, as it should be */
	MAIL_HEADER_TEXT,  /* a line that is no field: the body begins with it */
	MAIL_HEADER_EOF,   /* the message ended: a header without a body */
};

struct mail_header {
	/* Read these; set as far as was fed. */
	enum mail_header_end end;
	uint64_t size;        /* bytes of content */
	uint64_t header_size; /* bytes of the header with its empty line; the body begins here (0:
				 it has no header) */
	unsigned fields;      /* 0 when the header has ended: body only */
	unsigned received;    /* Received fields */
	unsigned counts[MAIL_FIELD_COUNT];
	bool eight_bit; /* a byte above 127 somewhere */
	bool bare;      /* a CR without LF or an LF without CR somewhere */
	bool nul;       /* a NUL somewhere (RFC 5322 forbids it) */
	bool full;      /* MAIL_HEADER_KEPT was reached: later fields are counted, not kept */
	/* The scanner's own. */
	int state, field;
	bool cr, blanks;
	uint64_t line_start;
	size_t name_len, value_len;
	char name[16];
	struct buf kept;
};

void mail_header_init(struct mail_header *h);
void mail_header_free(struct mail_header *h);
/* The next n bytes of content. OK or E_NOMEM. */
enum result mail_header_feed(struct mail_header *h, const void *bytes, size_t n);
/* The content is over: a header without a body ends here. Nothing may be fed after it. OK or
 * E_NOMEM. */
enum result mail_header_finish(struct mail_header *h);

/* Value of the first field of this name, unfolded, each run of blanks one blank, or NULL. Control
 * characters but TAB are not in it (they are blanks). Valid until the next feed. */
const char *mail_header_get(const struct mail_header *h, enum mail_field field);
/* The n-th (from 0), or NULL. */
const char *mail_header_get_nth(const struct mail_header *h, enum mail_field field, unsigned n);

/*
 * Is this message on its way in a circle? True above MAIL_RECEIVED_MAX Received fields, and when it
 * has a Delivered-To of this very recipient (NULL: not asked), or more Delivered-To than could be
 * kept. Answer 554 5.4.6.
 */
bool mail_header_loops(const struct mail_header *h, const char *recipient);

#endif
