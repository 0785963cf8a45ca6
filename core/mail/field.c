/* Fields of a header in memory: see field.h. Owns nothing. */
#include "mail/field.h"

#include "base/text.h"

#include <string.h>

bool mail_field_next(const char *at, const char *end, struct mail_field_at *f)
{
	const char *colon = at;
	while (colon<end && * colon> ' ' && *colon < 0x7f && *colon != ':')
		colon++;
	*f = (struct mail_field_at){.start = at, .name = (size_t)(colon - at)};
	while (colon < end && (*colon == ' ' || *colon == '\t'))
		colon++; /* "To : x", as obsolete writers put it */
	if (!f->name || colon == end || *colon != ':')
		return false;
	f->value = colon + 1;
	const char *line = at;
	do {
		const char *lf = memchr(line, '\n', (size_t)(end - line));
		line = lf ? lf + 1 : end;
	} while (line < end && (*line == ' ' || *line == '\t'));
	f->n = (size_t)(line - at);
	return true;
}

bool mail_field_named(const struct mail_field_at *f, const char *name)
{
	return text_same_n(f->start, f->name, name);
}

size_t mail_field_length(const struct mail_field_at *f)
{
	return f->n - (size_t)(f->value - f->start);
}
