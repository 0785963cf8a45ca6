/*
 * Files that are mails, on their way out: as message/rfc822, so that who gets them sees a mail, where RFC 2046 5.2.1 lets them be that: it
 * may not be encoded, so they are lines of 7 bits that end in CR LF and begin with a header field. What is no such file stays one in
 * base64. Owns nothing.
 */
#include "translate/mime_writer.h"

#include "base/text.h"

#include <string.h>

#define COLUMNS_MAX 998 /* RFC 5322 2.1.1 */

struct eml {
	const char *boundary; /* with its dashes: no line may begin with it */
	size_t column;
	char before;
	bool begun;  /* the first line is a field's */
	size_t same; /* letters of the line that are the boundary's */
};

/* May this byte come next? */
static bool fits(struct eml *e, char c)
{
	const bool end = c == '\r' || c == '\n';
	if (!c || (unsigned char)c > 0x7f || (c == '\n') != (e->before == '\r'))
		return false;
	e->before = c;
	if (!e->begun && c == ':')
		e->begun = e->column > 0;
	if (!e->begun && (c <= ' ' || c > '~' || c == ':'))
		return false;
	if (e->same == e->column && e->boundary[e->same] == c)
		e->same++;
	if (!e->boundary[e->same])
		return false;
	e->column = end ? 0 : e->column + 1;
	e->same = end ? 0 : e->same;
	return e->column <= COLUMNS_MAX;
}

bool mime_is_eml(struct writer *w, const char *name, const struct content *file)
{
	char block[4096], boundary[sizeof w->boundary + 2] = "--";
	struct eml e = {.boundary = strcat(boundary, w->boundary)};
	size_t got = 0;
	if (!text_ends(name, ".eml"))
		return false;
	for (uint64_t at = 0; w->r == OK && at < file->size; at += got) {
		w->r = content_read(file, at, block, sizeof block, &got);
		for (size_t i = 0; i < got; i++)
			if (!fits(&e, block[i]))
				return false;
	}
	return w->r == OK && e.begun && e.before != '\r';
}

void mime_put_eml(struct writer *w, const struct content *file)
{
	struct mime_ending e;
	mime_ending_begin(&e, w->to, w->form->ending);
	if (w->r == OK)
		w->r = sink_content(&e.in, file);
}
