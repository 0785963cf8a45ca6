/* What is in content, looked at many bytes at a time: every byte of every message passes here. */
#ifndef SMTPGATE_BASE_SCAN_H
#define SMTPGATE_BASE_SCAN_H

#include <stdbool.h>
#include <stddef.h>

struct scan {
	bool cr;        /* the last byte was a CR: what follows decides whether it was bare */
	bool bare;      /* a CR without LF or an LF without CR (RFC 5321 2.3.8) */
	bool nul, high; /* a NUL; a byte above 127 */
};

/* The next n bytes; begin with all false. What was found stays found. */
void scan_content(struct scan *s, const char *bytes, size_t n);
/* How many bytes at the front are below 128. */
size_t scan_ascii(const char *bytes, size_t n);

#endif
