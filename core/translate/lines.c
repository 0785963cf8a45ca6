/* Lines of a text: see lines.h. Owns nothing. */
#include "translate/lines.h"

void lines_begin(struct lines *l, const struct content *c, uint64_t at)
{
	l->content = *c;
	l->at = at;
	l->block_at = at;
	l->block_n = 0;
	l->r = OK;
	l->start = l->end = at;
	l->size = 0;
	l->n = 0;
}

static int peek(struct lines *l)
{
	if (l->at >= l->block_at + l->block_n) {
		l->block_at = l->at;
		l->r = content_read(&l->content, l->at, l->block, sizeof l->block, &l->block_n);
		if (l->r != OK || !l->block_n) {
			l->block_n = 0;
			return -1;
		}
	}
	return (unsigned char)l->block[l->at - l->block_at];
}

int lines_byte(struct lines *l)
{
	int c = peek(l);
	l->at += c >= 0;
	return c;
}

bool lines_next(struct lines *l)
{
	int c = peek(l);
	l->start = l->end = l->at;
	l->n = 0;
	l->size = 0;
	if (c < 0)
		return false;
	while (c >= 0 && c != '\r' && c != '\n') {
		if (l->n < LINES_MOST)
			l->text[l->n++] = (char)c;
		l->size++;
		l->at++;
		c = peek(l);
	}
	l->text[l->n] = '\0';
	l->at += c >= 0;
	if (c == '\r' && peek(l) == '\n')
		l->at++;
	l->end = l->at;
	return l->r == OK;
}
