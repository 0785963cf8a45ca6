/*
 * The lines of a text wherever it lies, one at a time: ended by CR, LF or CR LF, or by the end of the text. Owns nothing.
 */
#ifndef SMTPGATE_TRANSLATE_LINES_H
#define SMTPGATE_TRANSLATE_LINES_H

#include "translate/content.h"

#include <stdbool.h>

#define LINES_MOST 1024 /* bytes of a line that are told */

struct lines {
	struct content content;
	uint64_t at; /* of the next byte */
	uint64_t block_at;
	size_t block_n;
	enum result r;  /* why it could not be read */
	uint64_t start; /* the line: its first byte, */
	uint64_t end;   /* and behind its end */
	uint64_t size;  /* its bytes without the end; may be more than are told */
	size_t n;       /* bytes told */
	char text[LINES_MOST + 1];
	char block[4096];
};

/* Begins at an offset of the text. */
void lines_begin(struct lines *l, const struct content *c, uint64_t at);
/* The next line into text, with a NUL behind it; false at the end, or with `r` not OK. */
bool lines_next(struct lines *l);
/* One byte of the text, without regard to lines; -1 at the end, or with `r` not OK. */
int lines_byte(struct lines *l);

#endif
