/*
 * Writing lines of a header or of plain text that carry foreign words: wrapped at blanks, 7-bit
 * unless it is said, CRLF ends. Whatever the words are, they cannot end a line, start a field or make a line longer
 *than RFC 5322 allows.
 *
 *	struct mail_fold f;
 *	mail_fold_start(&f, out, "\t", 78);
 *	mail_fold_word(&f, "Subject:");
 *	mail_fold_text(&f, subject);
 *	result = mail_fold_end(&f);
 */
#ifndef SMTPGATE_MAIL_FOLD_H
#define SMTPGATE_MAIL_FOLD_H

#include "base/buf.h"
#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>

#define MAIL_LINE_MAX 998 /* bytes without CRLF, RFC 5322 2.1.1 */

struct mail_fold {
	struct buf *out;    /* not owned */
	const char *indent; /* what continued lines begin with; blanks */
	size_t width;       /* columns after which a word goes on the next line */
	size_t column, words;
	bool wide;          /* UTF-8 is kept */
	enum result result; /* the first failure; kept, so that only the end need look */
};

/* Begins a line. Nothing is written yet; a text line of its own may begin with the indent:
 * mail_fold_break. */
void mail_fold_start(struct mail_fold *f, struct buf *out, const char *indent, size_t width);
/* One word that is not broken at its blanks, after a blank when others stand before it on the line.
 * Control characters become '?', and bytes above 127 too, but for UTF-8 where `wide` is set. One too long for any line is cut into several.
 */
void mail_fold_word(struct mail_fold *f, const char *word);
/* Words of a text: blanks and control characters separate them. */
void mail_fold_text(struct mail_fold *f, const char *text);
/* A new line that begins with the indent; at the start: the indent. */
void mail_fold_break(struct mail_fold *f);
/* Ends the line with CRLF. OK, E_NOMEM or E_LIMIT of anything since the start. */
enum result mail_fold_end(struct mail_fold *f);

/* Copies a name (host, ID, what a peer called itself) so that it is one harmless word: letters,
 * digits and ".-_:[]" stay, everything else becomes '?'. Cut to fit; returns out. */
const char *mail_fold_name(const char *name, char *out, size_t n);

#endif
