/*
 * HTML as text: see html_text.h. Owns nothing.
 *
 *	TEXT --"<"--> OPEN --letter, "/"--> NAME --blank--> GAP <----> ATTRIBUTE --"="--> VALUE
 *	 |  ^          |                     |               |                             |
 *	 |  +--";"-----|---------------------+----- ">" -----+-----------------------------+
 *	 +--"&"--> ENTITY     OPEN --"!", "?"--> BANG --"--"--> COMMENT --"-->"--> TEXT
 *
 * A start tag of what is left out (script, style, title) leads to SKIP, which only its end tag leaves.
 */
#include "translate/html_text.h"

#include "base/text.h"

#include <string.h>

enum { TEXT, ENTITY, OPEN, NAME, GAP, ATTRIBUTE, VALUE, BANG, COMMENT, SKIP };

#define QUOTES_MAX 8 /* marks before a line */

/* ---- what is written ---- */

static enum result flush(struct html_text *h)
{
	size_t n = h->out_n;
	h->out_n = 0;
	return sink_write(h->to, h->out, n);
}

static enum result put(struct html_text *h, const char *bytes, size_t n)
{
	enum result r = OK;
	for (size_t i = 0; r == OK && i < n; i++) {
		if (h->out_n == sizeof h->out)
			r = flush(h);
		h->out[h->out_n++] = bytes[i];
	}
	return r;
}

static enum result start_line(struct html_text *h)
{
	enum result r = OK;
	for (; h->any && h->breaks && r == OK; h->breaks--)
		r = put(h, "\n", 1);
	for (unsigned i = 0; i < h->quotes && i < QUOTES_MAX && r == OK; i++)
		r = put(h, "> ", 2);
	h->breaks = 0;
	h->blank = false;
	return r;
}

static enum result show(struct html_text *h, const char *bytes, size_t n)
{
	enum result r = OK;
	if (!n)
		return OK;
	if (h->breaks || !h->any)
		r = start_line(h);
	else if (h->blank)
		r = put(h, " ", 1);
	h->blank = false;
	h->any = h->line = true;
	return r == OK ? put(h, bytes, n) : r;
}

static enum result show_text(struct html_text *h, const char *text)
{
	return show(h, text, strlen(text));
}

/* At least n line ends before what comes next. */
static void want(struct html_text *h, unsigned n)
{
	if (h->breaks < n)
		h->breaks = n;
	h->line = false;
	h->blank = false;
}

static enum result text_byte(struct html_text *h, char c)
{
	bool white = c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
	if (h->pre && c == '\n') {
		h->breaks += h->breaks < 100;
		h->line = false;
		return OK;
	}
	if (h->pre && (c == ' ' || c == '\t'))
		return show(h, &c, 1);
	if (white) {
		h->blank = h->line;
		return OK;
	}
	return show(h, &c, 1);
}

static enum result show_character(struct html_text *h, unsigned c)
{
	char out[4];
	size_t n = 0;
	if (c < 0x80)
		return text_byte(h, (char)c);
	if (c < 0x800) {
		out[n++] = (char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		out[n++] = (char)(0xe0 | c >> 12);
		out[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	} else {
		out[n++] = (char)(0xf0 | c >> 18);
		out[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		out[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	}
	out[n++] = (char)(0x80 | (c & 0x3f));
	return show(h, out, n);
}

/* ---- entities ---- */

/* What was read is no entity: it is text. */
static enum result entity_text(struct html_text *h)
{
	enum result r = show_text(h, "&");
	return r == OK ? show(h, h->name, h->name_n) : r;
}

static enum result entity(struct html_text *h, char c, bool *again)
{
	bool letter = (text_lower(c) >= 'a' && text_lower(c) <= 'z') || (c >= '0' && c <= '9') ||
		      (c == '#' && !h->name_n);
	if (letter && h->name_n < sizeof h->name - 1) {
		h->name[h->name_n++] = c;
		return OK;
	}
	h->name[h->name_n] = '\0';
	h->state = TEXT;
	unsigned found = html_entity(h->name);
	*again = c != ';' || !found;
	return found ? show_character(h, found) : entity_text(h);
}

/* ---- tags ---- */

enum role { LINE, PARAGRAPH, BREAK, RULE, ITEM, CELL, QUOTE, PRE, LINK, PICTURE, LEFT_OUT };

static const struct tag {
	const char *name;
	enum role role;
} tags[] = {
	{"div", LINE},          {"tr", LINE},         {"section", LINE},     {"article", LINE},
	{"header", LINE},       {"footer", LINE},     {"dt", LINE},          {"dd", LINE},
	{"center", LINE},       {"address", LINE},    {"option", LINE},      {"caption", LINE},
	{"p", PARAGRAPH},       {"h1", PARAGRAPH},    {"h2", PARAGRAPH},     {"h3", PARAGRAPH},
	{"h4", PARAGRAPH},      {"h5", PARAGRAPH},    {"h6", PARAGRAPH},     {"ul", PARAGRAPH},
	{"ol", PARAGRAPH},      {"dl", PARAGRAPH},    {"table", PARAGRAPH},  {"form", PARAGRAPH},
	{"br", BREAK},          {"hr", RULE},         {"li", ITEM},          {"td", CELL},
	{"th", CELL},           {"a", LINK},          {"blockquote", QUOTE}, {"pre", PRE},
	{"img", PICTURE},       {"script", LEFT_OUT}, {"style", LEFT_OUT},   {"title", LEFT_OUT},
	{"template", LEFT_OUT},
};

static const struct tag *find_tag(const char *name)
{
	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
		if (strcmp(tags[i].name, name) == 0)
			return &tags[i];
	return NULL;
}

static enum result link_tag(struct html_text *h)
{
	enum result r = OK;
	if (h->closing && *h->link) {
		h->blank = h->line;
		r = show_text(h, "<");
		if (r == OK)
			r = show_text(h, h->link);
		if (r == OK)
			r = show_text(h, ">");
	}
	if (h->closing)
		*h->link = '\0';
	return r;
}

static enum result show_tag(struct html_text *h, const struct tag *t)
{
	switch (t->role) {
	case LINE:
		want(h, 1);
		return OK;
	case PARAGRAPH:
		want(h, 2);
		return OK;
	case BREAK:
		h->breaks += h->breaks < 3;
		h->line = h->blank = false;
		return OK;
	case RULE:
		want(h, 1);
		enum result r = show_text(h, "--------");
		want(h, 1);
		return r;
	case ITEM:
		want(h, 1);
		return h->closing ? OK : show_text(h, "- ");
	case CELL:
		h->blank = h->line;
		return OK;
	case QUOTE:
		want(h, 2);
		h->quotes += !h->closing;
		h->quotes -= h->closing && h->quotes;
		return OK;
	case PRE:
		want(h, 2);
		h->pre += !h->closing;
		h->pre -= h->closing && h->pre;
		return OK;
	case LINK:
		return link_tag(h);
	case LEFT_OUT:
		h->skip = h->closing ? NULL : t->name;
		h->skip_n = 0;
		return OK;
	case PICTURE:
		return OK; /* its words were written when they were read */
	}
	return OK;
}

static enum result end_tag(struct html_text *h)
{
	const struct tag *t = find_tag(h->name);
	enum result r = t ? show_tag(h, t) : OK;
	h->state = h->skip ? SKIP : TEXT;
	return r;
}

static bool worth(const char *address)
{
	return strncmp(address, "http:", 5) == 0 || strncmp(address, "https:", 6) == 0 ||
	       strncmp(address, "ftp:", 4) == 0;
}

/* In an address "&amp;" is all that is written so. */
static void keep_link(struct html_text *h)
{
	char *out = h->link;
	for (const char *in = h->value; *in; in++) {
		*out++ = *in;
		if (strncmp(in, "&amp;", 5) == 0)
			in += 4;
	}
	*out = '\0';
}

static enum result end_value(struct html_text *h)
{
	bool whole = h->value_n < sizeof h->value;
	if (whole)
		h->value[h->value_n] = '\0';
	h->attribute[h->attribute_n] = '\0';
	if (whole && !h->closing && strcmp(h->name, "a") == 0 &&
	    strcmp(h->attribute, "href") == 0 && worth(h->value))
		keep_link(h);
	if (!whole || !h->value_n || strcmp(h->name, "img") != 0 ||
	    strcmp(h->attribute, "alt") != 0)
		return OK;
	enum result r = show_text(h, "[");
	if (r == OK)
		r = show(h, h->value, h->value_n);
	return r == OK ? show_text(h, "]") : r;
}

/* ---- one byte in each state ---- */

static bool white(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '/';
}

static enum result open_byte(struct html_text *h, char c, bool *again)
{
	char small = text_lower(c);
	h->closing = c == '/';
	h->name_n = 0;
	h->state = c == '!' || c == '?' ? BANG : NAME;
	if (c == '/' || h->state == BANG)
		return OK;
	*again = true;
	if (small >= 'a' && small <= 'z')
		return OK;
	h->state = TEXT;
	return show_text(h, "<");
}

static enum result name_byte(struct html_text *h, char c)
{
	if (!white(c) && c != '>') {
		if (h->name_n < sizeof h->name - 1)
			h->name[h->name_n++] = text_lower(c);
		return OK;
	}
	h->name[h->name_n] = '\0';
	h->state = GAP;
	return c == '>' ? end_tag(h) : OK;
}

static enum result attribute_byte(struct html_text *h, char c)
{
	if (c == '>')
		return end_tag(h);
	if (c == '=') {
		h->state = VALUE;
		h->quote = '\0';
		h->value_n = 0;
	} else if (white(c)) {
		h->state = GAP;
	} else if (h->attribute_n < sizeof h->attribute - 1) {
		h->attribute[h->attribute_n++] = text_lower(c);
	}
	return OK;
}

static enum result gap_byte(struct html_text *h, char c)
{
	if (white(c))
		return OK;
	h->state = ATTRIBUTE;
	if (c != '=')
		h->attribute_n = 0;
	return attribute_byte(h, c);
}

static enum result value_byte(struct html_text *h, char c)
{
	bool ends = h->quote ? c == h->quote : (white(c) && c != '/') || c == '>';
	if (!h->value_n && !h->quote && (c == '"' || c == '\'')) {
		h->quote = c;
		return OK;
	}
	if (!ends) {
		if (h->value_n < sizeof h->value)
			h->value[h->value_n++] = c < ' ' && c >= 0 ? ' ' : c;
		return OK;
	}
	if (!h->quote && !h->value_n && c != '>') /* blanks before the value */
		return OK;
	h->state = GAP;
	enum result r = end_value(h);
	return r == OK && c == '>' && !h->quote ? end_tag(h) : r;
}

/* <!...> ends at the next '>', <!-- at -->. The name holds what came so far. */
static enum result bang_byte(struct html_text *h, char c)
{
	if (h->state == BANG && c == '>') {
		h->state = TEXT;
		return OK;
	}
	if (h->state == BANG && h->name_n < 2) {
		h->name[h->name_n++] = c;
		if (h->name_n == 2 && h->name[0] == '-' && h->name[1] == '-') {
			h->state = COMMENT;
			h->name_n = 0;
		}
	} else if (h->state == COMMENT) {
		if (c == '>' && h->name_n >= 2)
			h->state = TEXT;
		h->name_n = c == '-' ? h->name_n + (h->name_n < 2) : 0;
	}
	return OK;
}

static void skip_byte(struct html_text *h, char c)
{
	size_t n = strlen(h->skip);
	char next = h->skip_n == 0 ? '<' : h->skip_n == 1 ? '/' : h->skip[h->skip_n - 2];
	if (text_lower(c) == next)
		h->skip_n++;
	else
		h->skip_n = c == '<';
	if (h->skip_n < n + 2)
		return;
	h->skip = NULL;
	h->closing = true;
	h->name_n = 0;
	h->state = GAP;
	*h->name = '\0';
}

static enum result take(struct html_text *h, char c, bool *again)
{
	*again = false;
	switch (h->state) {
	case ENTITY:
		return entity(h, c, again);
	case OPEN:
		return open_byte(h, c, again);
	case NAME:
		return name_byte(h, c);
	case GAP:
		return gap_byte(h, c);
	case ATTRIBUTE:
		return attribute_byte(h, c);
	case VALUE:
		return value_byte(h, c);
	case BANG:
	case COMMENT:
		return bang_byte(h, c);
	case SKIP:
		skip_byte(h, c);
		return OK;
	default:
		if (c != '<' && c != '&')
			return text_byte(h, c);
		h->state = c == '<' ? OPEN : ENTITY;
		h->name_n = 0;
		return OK;
	}
}

static enum result write_page(struct sink *s, const void *bytes, size_t n)
{
	struct html_text *h = (struct html_text *)s;
	enum result r = OK;
	for (size_t i = 0; r == OK && i < n; i++) {
		bool again = true;
		while (r == OK && again)
			r = take(h, ((const char *)bytes)[i], &again);
	}
	return r;
}

void html_text_begin(struct html_text *h, struct sink *to)
{
	memset(h, 0, sizeof *h);
	h->in.write = write_page;
	h->to = to;
	h->state = TEXT;
}

enum result html_text_end(struct html_text *h)
{
	enum result r = h->state == ENTITY ? entity_text(h) : OK;
	h->state = TEXT;
	if (r == OK && h->any)
		r = put(h, "\n", 1);
	return r == OK ? flush(h) : r;
}
