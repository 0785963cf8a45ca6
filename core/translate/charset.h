/*
 * Charsets of old systems and UTF-8, in pieces, by iconv of the C library. Nothing is lost in silence: what a charset does not
 * have becomes the nearest letters of a table ("ä" "ae", "€" "EUR") or '?', and is counted; bytes that mean nothing become
 * U+FFFD, and are counted too.
 */
#ifndef SMTPGATE_TRANSLATE_CHARSET_H
#define SMTPGATE_TRANSLATE_CHARSET_H

#include "base/region.h"
#include "translate/sink.h"

#include <stdbool.h>

/* What the C library calls a charset of ours ("cp437", "iso646-de", "utf-8", ...; case ignored), or NULL: there is none. */
const char *charset_find(const char *name);
/* The names that are known, NULL at the end. */
const char *const *charset_names(void);

/* May a charset named in a message be converted at all? */
bool charset_known(const char *name);

struct charset {
	void *cd; /* iconv_t */
	bool to_utf8, makes_utf8;
	struct sink *to;
	uint64_t changed; /* characters written as other letters */
	uint64_t lost;    /* characters written as '?' or U+FFFD */
	char held[16];    /* the beginning of a character */
	size_t held_n;
};
/*
 * Starts a conversion from (to_utf8) or to the charset; `name` as the C library knows it. E_NOTFOUND: it knows none of this name;
 * E_NOMEM. charset_end must follow an OK.
 */
enum result charset_begin(struct charset *c, const char *name, bool to_utf8, struct sink *to);
/* The next n bytes, split wherever they are. OK or the sink's failure. */
enum result charset_put(struct charset *c, const char *bytes, size_t n);
/* Ends the text (half a character counts as lost) and frees what begin took. The first failure of these, or OK. */
enum result charset_end(struct charset *c);
/* A whole string; counts may be NULL. The text is in the region; NULL: memory or an unknown charset. */
char *charset_string(struct region *region, const char *name, bool to_utf8, const char *text,
		     uint64_t *changed, uint64_t *lost);

/* The letters that stand for a character in plain ASCII, or NULL: none are known. */
const char *charset_letters(uint32_t character);

#endif
