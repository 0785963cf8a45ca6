/*
 * Line ends. Files of Microsoft Mail end their lines with CR, LF or CR LF, mail with CR LF, files of this system with
 * LF. A text is read with whatever it has (CR LF counts as one end) and written with what is asked for.
 */
#ifndef SMTPGATE_TRANSLATE_ENDING_H
#define SMTPGATE_TRANSLATE_ENDING_H

#include "translate/sink.h"

#include <stdbool.h>

/* Numbered as -f0, -f1 and -f2 of the FFAPI programs number them. */
enum ending { ENDING_CR, ENDING_LF, ENDING_CRLF };

/* "\r", "\n" or "\r\n". */
const char *ending_text(enum ending e);

/* Rewrites the line ends of a text that comes in pieces. */
struct ending_writer {
	struct sink *to;
	enum ending ending;
	bool cr; /* the last byte was a CR: an LF after it belongs to it */
};
void ending_start(struct ending_writer *w, struct sink *to, enum ending ending);
/* The next n bytes; results as sink_write. No call ends a text: a line end is written as soon as it begins. */
enum result ending_put(struct ending_writer *w, const char *bytes, size_t n);
/* A whole content. */
enum result ending_content(struct sink *to, enum ending ending, const struct content *c);

#endif
