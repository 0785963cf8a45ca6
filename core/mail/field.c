/* Fields of a header block: see field.h. Owns nothing. */
#include "mail/field.h"

#include "base/text.h"

#include <string.h>

static const char *line_end(const char *at, const char *end)
{
	const char *lf = memchr(at, '\n', (size_t)(end - at));
	return lf ? lf + 1 : end;
}

/* The name in front of a colon, blanks before that not counted; 0: the line is no field. */
static size_t name_of(const char *line, const char *end, const char **value)
{
	const char *at = line;
	while (at<end && * at> ' ' && *at <= '~' && *at != ':')
		at++;
	size_t n = (size_t)(at - line);
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	*value = at + 1;
	return at < end && *at == ':' ? n : 0;
}

bool mail_field_next(const char *at, const char *end, struct mail_field_at *field)
{
	if (at == end)
		return false;
	const char *next = line_end(at, end);
	size_t name_n = name_of(at, end, &field->value);
	if (!name_n)
		return false;
	while (next < end && (*next == ' ' || *next == '\t'))
		next = line_end(next, end);
	const char *last = next;
	if (last > field->value && last[-1] == '\n')
		last--;
	if (last > field->value && last[-1] == '\r')
		last--;
	field->line = at;
	field->line_n = (size_t)(next - at);
	field->name_n = name_n;
	field->value_n = (size_t)(last - field->value);
	return true;
}

bool mail_field_is(const struct mail_field_at *field, const char *name)
{
	return text_same_n(field->line, field->name_n, name);
}

enum result mail_field_unfold(const struct mail_field_at *field, struct buf *out)
{
	buf_clear(out);
	bool blank = false;
	for (size_t i = 0; i < field->value_n; i++) {
		char c = field->value[i];
		if ((c >= 0 && c <= ' ') || c == 127) {
			blank = out->len > 0;
			continue;
		}
		char bytes[2] = {' ', c};
		enum result r = out->len + 2 > MAIL_VALUE_MAX
					? E_LIMIT
					: buf_append(out, bytes + !blank, 1u + blank);
		if (r != OK) {
			buf_clear(out);
			return r;
		}
		blank = false;
	}
	return OK;
}
