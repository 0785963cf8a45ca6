/* Bodies that the field Encoding counts out (RFC 1154): see mime_reader.h. Owns nothing. */
#include "translate/mime_reader.h"

#include "translate/lines.h"
#include "translate/rfc1154.h"
#include "translate/uuencode.h"

#include <stdlib.h>

struct counted {
	struct reader *r;
	const struct content *text;
	const char *charset;
	struct rfc1154 e;
	struct content *parts; /* the lines of each */
	const char **names;
	size_t name_count, next_name;
	bool all_named; /* each part behind the first text is a file: 7-bit ones are sent as text */
};

/* The lines of each part, with one empty line between two; false: the body is not so, or could not be read. */
static bool count_out(struct counted *c)
{
	struct lines l;
	lines_begin(&l, c->text, 0);
	for (size_t i = 0; i < c->e.count; i++) {
		struct rfc1154_part *p = &c->e.parts[i];
		uint64_t start = l.end;
		if (i && (!lines_next(&l) || l.size))
			return false;
		start = l.end;
		for (uint64_t k = 0; p->rest || k < p->lines; k++)
			if (!lines_next(&l)) {
				if (p->rest)
					break;
				return false;
			}
		c->parts[i] = content_part(c->text, start, l.end - start);
	}
	struct content behind = content_part(c->text, l.end, c->text->size - l.end);
	return c->r->r == OK && l.r == OK && mime_blank(c->r, &behind);
}

static void read_names(struct counted *c, GMimeMessage *m)
{
	GMimeHeaderList *list = g_mime_object_get_header_list(GMIME_OBJECT(m));
	int count = g_mime_header_list_get_count(list);
	c->names = region_alloc(c->r->region, ((size_t)count + 1) * sizeof *c->names);
	for (int i = 0; c->names && i < count; i++) {
		GMimeHeader *h = g_mime_header_list_get_header_at(list, i);
		if (g_ascii_strcasecmp(g_mime_header_get_name(h), "X-MS-Attachment") != 0 &&
		    g_ascii_strcasecmp(g_mime_header_get_name(h), "X-NC-Attachment") != 0)
			continue;
		char *value = mime_head_value(h);
		const char *name = rfc1154_name(value, c->r->region);
		g_free(value);
		if (!name)
			c->r->r = E_NOMEM;
		c->names[c->name_count++] = name;
	}
	if (!c->names)
		c->r->r = E_NOMEM;
}

/* The field's name, else the one that stands in the part, else one that is made up. */
static const char *name_of(struct counted *c, const char *own)
{
	const char *name = NULL;
	if (c->next_name < c->name_count)
		name = c->names[c->next_name++];
	if (name && *name)
		return mime_name_of(c->r, name, "UTF-8");
	return mime_name_of(c->r, own, c->charset);
}

struct one {
	const struct content *text;
	struct uuencode file;
};

static enum result write_one(void *ctx, struct sink *to)
{
	struct one *o = ctx;
	return uuencode_decode(o->text, &o->file, to);
}

/* A file of uuencode; a damaged one as it came. */
static void take_uuencode(struct counted *c, const struct content *part)
{
	struct one o = {.text = part};
	enum result r = uuencode_find(part, 0, &o.file);
	if (r == OK)
		mime_alone(c->r, part, o.file.start, o.file.end);
	if (r == OK)
		mime_attach(c->r, name_of(c, o.file.name), mime_make(c->r, write_one, &o));
	else if (r == E_NOTFOUND)
		mime_attach(c->r, name_of(c, ""), *part);
	else
		c->r->r = r;
}

static void take_part(struct counted *c, size_t i)
{
	const struct content *part = &c->parts[i];
	enum rfc1154_kind kind = c->e.parts[i].kind;
	if (kind == RFC1154_UUENCODE)
		take_uuencode(c, part);
	else if (kind == RFC1154_TEXT && (!i || !c->all_named)) {
		if (i)
			mime_add_words(c->r, "\n");
		mime_add_piece(c->r, *part, c->charset, false);
	} else
		mime_attach(c->r, name_of(c, ""), *part);
}

bool mime_counted(struct reader *r, GMimeMessage *m, const struct content *text,
		  const char *charset)
{
	struct counted c = {.r = r, .text = text, .charset = charset};
	size_t files = 0;
	GMimeHeader *h = g_mime_header_list_get_header(
		g_mime_object_get_header_list(GMIME_OBJECT(m)), "Encoding");
	if (!h || r->r != OK)
		return false;
	char *value = mime_head_value(h);
	enum result read = rfc1154_read(value, r->region, &c.e);
	g_free(value);
	if (read == OK)
		c.parts = region_alloc(r->region, c.e.count * sizeof *c.parts);
	if (read == E_NOMEM || (read == OK && !c.parts))
		r->r = E_NOMEM;
	if (read != OK || !c.parts || !count_out(&c))
		return false;
	for (size_t i = 0; i < c.e.count; i++)
		files += c.e.parts[i].kind == RFC1154_UUENCODE;
	read_names(&c, m);
	c.all_named = c.name_count > files;
	for (size_t i = 0; i < c.e.count && r->r == OK && !r->whole; i++)
		take_part(&c, i);
	return true;
}
