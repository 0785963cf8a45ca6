/* Errors in the form of FFAPI: see mmff.h. Owns nothing. */
#include "translate/mmff.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
	unsigned number;
	const char *text;
} errors[] = {
#define MMFF_ROW(name, number, text) {number, text},
	MMFF_ERROR_LIST(MMFF_ROW)
#undef MMFF_ROW
};

enum result mmff_err(struct err *err, enum result code, enum mmff_error e, unsigned message,
		     unsigned line, const char *format, ...)
{
	char words[ERR_TEXT_MAX - 80] = "";
	if (format) {
		va_list ap;
		va_start(ap, format);
		vsnprintf(words, sizeof words, format, ap);
		va_end(ap);
	}
	return err_set(err, code, "%03u-%03u-%03u %s%s%s", errors[e].number, message, line,
		       errors[e].text, *words ? ": " : "", words);
}
