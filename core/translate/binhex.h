/*
 * BinHex 4.0 (RFC 1741, appendix A): a file of a Macintosh within a text, found by itself. Its checksums must fit; what is
 * damaged is text. Nothing is in memory as a whole.
 */
#ifndef SMTPGATE_TRANSLATE_BINHEX_H
#define SMTPGATE_TRANSLATE_BINHEX_H

#include "translate/sink.h"

#define BINHEX_NAME_MAX 63
#define BINHEX_FORK_MAX (1u << 30) /* bytes of a fork; runs make much of little */

struct binhex {
	uint64_t start, end; /* bytes of the text: its line of words, and behind its last colon */
	uint32_t data, resource;        /* bytes of its forks */
	char name[BINHEX_NAME_MAX + 1]; /* as it stands there; never empty */
};

/* The first whole file at or behind `from`. OK; E_NOTFOUND: there is none; or the content's failure. */
enum result binhex_find(const struct content *text, uint64_t from, struct binhex *found);
/* The bytes of its data fork. E_CORRUPT: `found` is not of this text. */
enum result binhex_decode(const struct content *text, const struct binhex *found, struct sink *to);

#endif
