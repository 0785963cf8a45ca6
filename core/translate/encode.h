/*
 * What MIME makes of bytes (RFC 2045, 2047, 2231): streams that encode what comes into another sink, and texts for headers. Bounded
 * state each; no call holds more than a line.
 */
#ifndef SMTPGATE_TRANSLATE_ENCODE_H
#define SMTPGATE_TRANSLATE_ENCODE_H

#include "translate/ending.h"

/* A stream is a sink by its first member: write into it, then end it. */
struct encode_base64 {
	struct sink in;
	struct sink *to;
	enum ending ending;
	unsigned char held[3];
	size_t held_n, column;
};
void encode_base64_begin(struct encode_base64 *e, struct sink *to, enum ending ending);
/* The rest, padded, without an end of line. */
enum result encode_base64_pad(struct encode_base64 *e);
/* The rest and the end of the last line. */
enum result encode_base64_end(struct encode_base64 *e);

/* Quoted-printable of a text: its line ends (any) stay line ends. */
struct encode_quoted {
	struct sink in;
	struct sink *to;
	enum ending ending;
	bool cr;
	size_t n;
	char line[80]; /* what was encoded of this line since the last soft break */
	char last;     /* a blank that must be encoded if the line ends here; 0: none */
};
void encode_quoted_begin(struct encode_quoted *e, struct sink *to, enum ending ending);
enum result encode_quoted_end(struct encode_quoted *e);

/* Looks at a text: may it travel as it is (7 bits, no control characters but TAB, lines of 998 bytes at most)? */
struct encode_look {
	struct sink in;
	size_t column;
	bool eight, control, long_line;
};
void encode_look_begin(struct encode_look *l);
bool encode_look_plain(const struct encode_look *l);

/* Text (UTF-8) as the value of an unstructured header field: as it is, or as encoded words on folded lines. */
enum result encode_header(struct sink *to, enum ending ending, const char *text);
/* `; name=...` as a parameter: a quoted string, or RFC 2231 in pieces, each on a line of its own. */
enum result encode_parameter(struct sink *to, enum ending ending, const char *name,
			     const char *text);

#endif
