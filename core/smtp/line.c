/* Lines with a bound: see line.h. Owns the copy of a split line; fails when memory for it is short.
 */
#include "smtp/line.h"

#include <string.h>

void smtp_line_init(struct smtp_line *l, size_t max)
{
	*l = (struct smtp_line){.max = max};
	buf_init(&l->held, max);
}

void smtp_line_free(struct smtp_line *l)
{
	buf_free(&l->held);
}

/* n bytes with LF at their end. */
static enum smtp_line_event whole(struct smtp_line *l, const char *text, size_t n)
{
	l->bare = n < 2 || text[n - 2] != '\r';
	l->text = text;
	l->n = n - (l->bare ? 1 : 2);
	return SMTP_LINE_WHOLE;
}

static enum result hold(struct smtp_line *l, const char *bytes, size_t n)
{
	size_t room = l->max - l->held.len;
	l->over = l->over || n > room;
	return buf_append(&l->held, bytes, n < room ? n : room);
}

enum smtp_line_event smtp_line_take(struct smtp_line *l, const char *bytes, size_t n, size_t *used)
{
	if (l->given) {
		buf_clear(&l->held);
		l->given = l->over = false;
	}
	const char *lf = memchr(bytes, '\n', n);
	*used = lf ? (size_t)(lf - bytes) + 1 : n;
	if (lf && !l->held.len && *used <= l->max)
		return whole(l, bytes, *used);
	if (hold(l, bytes, *used) != OK)
		return SMTP_LINE_NOMEM;
	if (!lf)
		return SMTP_LINE_MORE;
	l->given = true;
	if (!l->over)
		return whole(l, buf_head(&l->held), l->held.len);
	l->bare = false;
	l->text = buf_head(&l->held);
	l->n = l->held.len;
	return SMTP_LINE_LONG;
}
