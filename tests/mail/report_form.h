/* What every report must be like, whatever it was made from: shared by test_report and the fuzz
 * target. */
#ifndef SMTPGATE_TESTS_REPORT_FORM_H
#define SMTPGATE_TESTS_REPORT_FORM_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* One of the fields that a report's header has, in their order. */
static inline bool report_form_field(const char *line, size_t *next)
{
	static const char *const fields[] = {"From:",           "To:",
					     "Subject:",        "Date:",
					     "Message-ID:",     "References:",
					     "Auto-Submitted:", "MIME-Version:",
					     "Content-Type:",   "Content-Transfer-Encoding: 8bit"};
	while (*next < sizeof fields / sizeof *fields) {
		const char *field = fields[(*next)++];
		if (strncmp(line, field, strlen(field)) == 0)
			return true;
	}
	return false;
}

/* May the byte stand there? In the header and in the words for people (part 1), UTF-8 too: one character, whose bytes are *n. */
static inline bool report_form_byte(const char *c, size_t part, size_t *n)
{
	*n = part <= 1 && *c < 0 ? text_utf8(c) : 1;
	if (*c < 0)
		return part <= 1 && *n && text_code(c) >= 0xa0;
	return part == 3 ? *c && *c != '\r' : (*c >= ' ' || *c == '\t') && *c <= '~';
}

/* NULL, or what is wrong with a line: bytes, length, end. *n: its length with CRLF. Only in a returned original may
 * control characters stand: it is given back as it came. */
static inline const char *report_form_line(const char *p, const char *end, size_t part, size_t *n)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p));
	if (!lf || lf == p || lf[-1] != '\r')
		return "a line does not end with CRLF";
	*n = (size_t)(lf - p) + 1;
	if (*n > 1000)
		return "a line is longer than 998 bytes";
	size_t one;
	for (const char *c = p; c < lf - 1; c += one)
		if (!report_form_byte(c, part, &one))
			return "a byte is not printable ASCII";
	return NULL;
}

/* NULL, or what is wrong with a report of n bytes (a string). */
static inline const char *report_form_fault(const char *report, size_t n)
{
	const char *end = report + n, *quote = strstr(report, "boundary=\"");
	size_t next = 0, length, parts = 0, closed = 0;
	bool header = true;
	if (!quote || strlen(report) != n)
		return "it has no boundary or a NUL";
	const char *boundary = quote + 10;
	size_t width = strcspn(boundary, "\"");
	for (const char *p = report; p < end; p += length) {
		const char *fault = report_form_line(p, end, parts, &length);
		if (fault)
			return fault;
		if (header && length > 2 && *p != '\t' && !report_form_field(p, &next))
			return "its header has a field that is not ours";
		header = header && length > 2;
		bool delimiter = length >= width + 4 && !memcmp(p, "--", 2) &&
				 !memcmp(p + 2, boundary, width);
		parts += delimiter && length == width + 4;
		closed += delimiter && length == width + 6 && !memcmp(p + width + 2, "--", 2);
	}
	return parts == 3 && closed == 1 && !header ? NULL : "it has not three parts";
}

#endif
