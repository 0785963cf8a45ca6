/*
 * MMFF, the message file of FFAPI (doc/microsoft-mail.md): messages one after another, each a header of lines TOKEN:value, then
 * the text and the attachments as they are, with no separator.
 *
 * The reader takes tokens in either case, finds the line terminator by itself and keeps what it does not know. A message that is
 * broken costs itself only: the next one begins at the next VERSION line that is followed by a token. Contents are ranges of
 * the file; a header is bounded.
 */
#ifndef SMTPGATE_TRANSLATE_MMFF_H
#define SMTPGATE_TRANSLATE_MMFF_H

#include "translate/ending.h"
#include "translate/neutral.h"

#define MMFF_LINE_MAX 16384u       /* bytes of one line */
#define MMFF_HEADER_MAX (4u << 20) /* bytes of one header */
#define MMFF_NAME_MAX 10           /* bytes of a network's, a postoffice's and a mailbox's name */
#define MMFF_VERSION "VERSION:3.00"

/* X(name, number, text) The published errors of FFAPI. */
#define MMFF_ERROR_LIST(X)                                       \
	X(MMFF_NO_OUTPUT, 10, "no output file")                  \
	X(MMFF_MEMORY, 20, "insufficient memory")                \
	X(MMFF_OPEN, 52, "file open")                            \
	X(MMFF_SERVICE_TYPE, 80, "bad service type")             \
	X(MMFF_TOKEN, 140, "unknown error processing token")     \
	X(MMFF_NO_TOKEN, 141, "cannot match token")              \
	X(MMFF_ADDRESS, 142, "bad address")                      \
	X(MMFF_PARSER, 143, "unknown parser error")              \
	X(MMFF_PARTITION, 144, "unable to partition line")       \
	X(MMFF_TOO_BIG, 145, "group fields too big")             \
	X(MMFF_XTEXT, 146, "bad or missing XTEXT file")          \
	X(MMFF_TEXT_FILE, 147, "failure opening text body file") \
	X(MMFF_SERVICE, 151, "unknown service")                  \
	X(MMFF_UNSUPPORTED, 190, "not supported")                \
	X(MMFF_SUBMIT, 201, "failure submitting message")

enum mmff_error {
#define MMFF_ENUM(name, number, text) name,
	MMFF_ERROR_LIST(MMFF_ENUM)
#undef MMFF_ENUM
		MMFF_ERROR_COUNT
};

/* Fills err with "142-001-003 bad address: ..." (number, message, line) and returns code. The words after the colon say what
 * is wrong with what; format NULL leaves them out. */
enum result mmff_err(struct err *err, enum result code, enum mmff_error e, unsigned message,
		     unsigned line, const char *format, ...) __attribute__((format(printf, 6, 7)));

/* ---- reading ---- */

struct mmff_reader {
	struct content file; /* of all messages */
	int force; /* an enum ending to take instead of the one that is found; -1: find it */
	uint64_t start, end; /* where the last message lay, whole or broken */
	unsigned message;    /* its number, from 1; 0: none was read yet */
	unsigned line;       /* the line of its header that was read last, from 1 */
	enum ending ending;  /* its terminator */
	/* The reader's own. */
	uint64_t at, window_at;
	size_t window_n;
	enum result trouble;
	char window[4096];
	char text[MMFF_LINE_MAX + 1];
};

void mmff_reader_init(struct mmff_reader *r, const struct content *file, int force);
/*
 * The next message of the file. OK: n is filled. E_NOTFOUND: there is no further one. E_CORRUPT: it is broken; err says in FFAPI's
 * form why, and the next call goes on behind it. E_NOMEM and E_IO (err in the same form): it cannot be gone on.
 */
enum result mmff_next(struct mmff_reader *r, struct region *region, struct neutral *n,
		      struct err *err);

/* ---- one line of a header: for the reader ---- */

enum mmff_line { MMFF_LINE_MORE, MMFF_LINE_VALUE, MMFF_LINE_TEXT, MMFF_LINE_XTEXT };
/*
 * Reads one line (without terminator) into n. *next says what comes: another line, the value of an EXT line, or the text of
 * n->text.size bytes. Sizes of attachments are set, their places not yet. Else the error, with words in `why`.
 */
enum result mmff_line_read(struct neutral *n, const char *line, enum mmff_line *next,
			   enum mmff_error *e, char *why, size_t why_n);
/* Does text begin with this token and a colon, in either case? */
bool mmff_line_is(const char *text, const char *token);
/* May a native address look so: NETWORK/POSTOFFICE/MAILBOX of 10 bytes of 7 bits each at most, or a mailbox alone? Else
 * `why` gets the words. */
bool mmff_address_ok(const char *text, char *why, size_t n);

/* ---- writing ---- */

struct mmff_form {
	enum ending ending;
	bool extended; /* CC, Extended fields and lines that were not understood are written; else CC becomes TO */
};
/*
 * Writes one message. Line ends of the text become those of the form; line ends inside addresses become ^0D and ^0A, inside
 * other values blanks. A text or part with `external` is named, not written. OK or the sink's or a content's failure.
 */
enum result mmff_write(const struct neutral *n, const struct mmff_form *form, struct sink *to);

#endif
