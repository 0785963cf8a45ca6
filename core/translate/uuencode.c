/* Uuencode: see uuencode.h. Owns nothing. */
#include "translate/uuencode.h"

#include "base/text.h"
#include "translate/lines.h"

#include <string.h>

#define BYTES_A_LINE 45

/* How a file spells zero: a blank may have been cut from the end of a line, a grave accent cannot. */
struct spelling {
	bool blank, grave, shortened;
};

/* The name behind `begin MODE `, or NULL: the line begins nothing. */
static const char *begin_name(const struct lines *l)
{
	const char *p = l->text + 6;
	size_t digits;
	if (l->size != l->n || strlen(l->text) != l->n || strncmp(l->text, "begin ", 6) != 0)
		return NULL;
	digits = strspn(p, "01234567");
	if (digits < 3 || digits > 4 || p[digits] != ' ')
		return NULL;
	p += digits;
	p += strspn(p, " ");
	size_t n = strlen(p);
	while (n && p[n - 1] == ' ')
		n--;
	return n && n <= UUENCODE_NAME_MAX ? p : NULL;
}

/* Bytes that a line of data holds, 0 to 63; -1: it is none. */
static int data_size(const struct lines *l, struct spelling *s)
{
	size_t n = 0;
	if (l->size != l->n)
		return -1;
	for (size_t i = 0; i < l->n; i++) {
		if (l->text[i] < ' ' || l->text[i] > '`')
			return -1;
		s->blank = s->blank || l->text[i] == ' ';
	}
	n = l->n ? (size_t)((l->text[0] - ' ') & 63) : 0;
	if (n && memchr(l->text, '`', l->n))
		s->grave = true;
	size_t least = (n * 4 + 2) / 3, most = (n + 2) / 3 * 4 + 1; /* some add a checksum */
	size_t have = l->n ? l->n - 1 : 0;
	s->shortened = s->shortened || have < least;
	return have > most && n ? -1 : (int)n;
}

/* Are the lines behind `begin` a whole file? Then size and end are filled. `end` at once is none: an empty file has its line of zero. */
static bool whole(struct lines *l, struct uuencode *f)
{
	struct spelling s = {0};
	bool over = false;
	f->size = 0;
	while (lines_next(l)) {
		if (strcmp(l->text, "end") == 0 && l->n == 3) {
			f->end = l->end;
			return (over || f->size) && (!s.shortened || (s.blank && !s.grave));
		}
		int n = over ? -1 : data_size(l, &s);
		if (n < 0 || (n == 0 && l->n > 2))
			return false;
		over = n == 0;
		f->size += (uint64_t)n;
	}
	return false;
}

enum result uuencode_find(const struct content *text, uint64_t from, struct uuencode *found)
{
	struct lines l;
	lines_begin(&l, text, from);
	while (lines_next(&l)) {
		const char *name = begin_name(&l);
		if (!name)
			continue;
		found->start = l.start;
		text_copy(found->name, sizeof found->name, name);
		size_t n = strlen(found->name);
		while (n && found->name[n - 1] == ' ')
			found->name[--n] = '\0';
		uint64_t behind = l.end;
		if (whole(&l, found))
			return OK;
		if (l.r == OK)
			lines_begin(&l, text, l.start > behind ? l.start : behind);
	}
	return l.r == OK ? E_NOTFOUND : l.r;
}

static enum result decode_line(const struct lines *l, struct sink *to, uint64_t *size)
{
	char out[64];
	size_t n = l->n ? (size_t)((l->text[0] - ' ') & 63) : 0;
	for (size_t i = 0; i < n; i++) {
		size_t at = 1 + i / 3 * 4 + i % 3;
		unsigned a = at < l->n ? (unsigned)(l->text[at] - ' ') & 63 : 0;
		unsigned b = at + 1 < l->n ? (unsigned)(l->text[at + 1] - ' ') & 63 : 0;
		unsigned shift = 2 * (unsigned)(i % 3) + 2;
		out[i] = (char)(a << shift | b >> (6 - shift));
	}
	*size += n;
	return sink_write(to, out, n);
}

enum result uuencode_decode(const struct content *text, const struct uuencode *found,
			    struct sink *to)
{
	struct lines l;
	uint64_t size = 0;
	enum result r = OK;
	lines_begin(&l, text, found->start);
	lines_next(&l); /* begin */
	while (r == OK && size < found->size && lines_next(&l) && l.start < found->end)
		r = decode_line(&l, to, &size);
	r = r == OK ? l.r : r;
	return r == OK && size != found->size ? E_CORRUPT : r;
}

uint64_t uuencode_lines(uint64_t size)
{
	return (size + BYTES_A_LINE - 1) / BYTES_A_LINE + 3;
}

static char letter(unsigned six)
{
	return six & 63 ? (char)((six & 63) + ' ') : '`';
}

static enum result write_line(struct sink *to, enum ending ending, const unsigned char *in,
			      size_t n)
{
	char out[1 + BYTES_A_LINE / 3 * 4 + 2];
	size_t len = 0;
	out[len++] = letter((unsigned)n);
	for (size_t i = 0; i < n; i += 3) {
		unsigned a = in[i], b = i + 1 < n ? in[i + 1] : 0, c = i + 2 < n ? in[i + 2] : 0;
		out[len++] = letter(a >> 2);
		out[len++] = letter(a << 4 | b >> 4);
		out[len++] = letter(b << 2 | c >> 6);
		out[len++] = letter(c);
	}
	const char *end = ending_text(ending);
	memcpy(out + len, end, strlen(end));
	return sink_write(to, out, len + strlen(end));
}

/* All that the file has for one line, also when reads give less. */
static enum result read_line(const struct content *file, uint64_t at, unsigned char *in, size_t *n)
{
	size_t got = 1;
	enum result r = OK;
	*n = 0;
	while (r == OK && got && *n < BYTES_A_LINE) {
		r = content_read(file, at + *n, in + *n, BYTES_A_LINE - *n, &got);
		*n += got;
	}
	return r;
}

enum result uuencode_write(struct sink *to, enum ending ending, const char *name,
			   const struct content *file)
{
	unsigned char in[BYTES_A_LINE];
	size_t n = 0;
	enum result r = sink_puts(to, "begin 644 ");
	if (r == OK)
		r = sink_puts(to, name);
	if (r == OK)
		r = sink_puts(to, ending_text(ending));
	for (uint64_t at = 0; r == OK && at < file->size; at += n) {
		r = read_line(file, at, in, &n);
		if (r == OK)
			r = write_line(to, ending, in, n);
	}
	if (r == OK)
		r = write_line(to, ending, in, 0);
	if (r == OK)
		r = sink_puts(to, "end");
	return r == OK ? sink_puts(to, ending_text(ending)) : r;
}
