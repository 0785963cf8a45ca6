/*
 * One line of an MMFF header: see mmff.h. Each token is a row of a table; what is in no row but has a token's form is kept as it
 * stands. Owns nothing; strings are copied into the message's region.
 */
#include "translate/mmff.h"

#include "base/text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct line {
	struct neutral *n;
	enum mmff_line next;
	enum mmff_error error;
	char *why;
	size_t why_n;
};

/* Notes what is wrong; E_CORRUPT. */
static enum result fail(struct line *l, enum mmff_error e, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static enum result fail(struct line *l, enum mmff_error e, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	vsnprintf(l->why, l->why_n, format, ap);
	va_end(ap);
	l->error = e;
	return E_CORRUPT;
}

static const char *const types[] = {"CSI",    "SMTP",  "FAX",   "X400", "MHS",
				    "MSMAIL", "SNADS", "PROFS", "MCI",  NULL};

/* ---- addresses ---- */

/* One name of a native address, up to its end; 0 and why when it cannot be one. */
static size_t name_length(const char *name, const char *text, char *why, size_t n)
{
	size_t len = strcspn(name, "/");
	for (size_t i = 0; i < len; i++)
		if (name[i] < ' ' || name[i] > '~') {
			snprintf(why, n, "\"%s\" has a character that is not of 7 bits", text);
			return 0;
		}
	if (!len)
		snprintf(why, n, "\"%s\" has an empty name", text);
	if (len > MMFF_NAME_MAX)
		snprintf(why, n, "\"%s\" has a name of more than %d characters", text,
			 MMFF_NAME_MAX);
	return len > MMFF_NAME_MAX ? 0 : len;
}

bool mmff_address_ok(const char *text, char *why, size_t n)
{
	unsigned parts = 1;
	for (const char *p = text;; p++, parts++) {
		size_t len = name_length(p, text, why, n);
		if (!len)
			return false;
		p += len;
		if (!*p)
			break;
	}
	if (parts == 1 || parts == 3)
		return true;
	snprintf(why, n, "\"%s\" is not NETWORK/POSTOFFICE/MAILBOX", text);
	return false;
}

/* ^0D and ^0A are the line ends that could not stand in a line. In place. */
static char *unescape(char *text)
{
	char *to = text;
	for (const char *p = text; *p; to++) {
		bool cr = strncasecmp(p, "^0D", 3) == 0, lf = strncasecmp(p, "^0A", 3) == 0;
		*to = cr ? '\r' : lf ? '\n' : *p;
		p += cr || lf ? 3 : 1;
	}
	*to = '\0';
	return text;
}

/* How long the word before the first colon is when it can be a type of address; 0: there is none. */
static size_t type_length(const char *value)
{
	size_t n = 0;
	while (isalnum((unsigned char)value[n]) && n < 8)
		n++;
	return value[n] == ':' ? n : 0;
}

static enum result read_address(struct line *l, char *value, struct neutral_address *a)
{
	size_t n = type_length(value);
	a->type = "CSI";
	if (n) {
		const char *const *t = types;
		while (*t && !text_same_n(value, n, *t))
			t++;
		if (!*t)
			return fail(l, MMFF_SERVICE, "there is no type of address \"%.*s\"", (int)n,
				    value);
		a->type = *t;
		value = text_trim(value + n + 1);
	}
	a->text = region_strdup(l->n->region, unescape(value));
	if (!a->text)
		return E_NOMEM;
	char why[200];
	if (!*a->text)
		return fail(l, MMFF_ADDRESS, "it is empty");
	if (strcmp(a->type, "CSI") == 0 && !mmff_address_ok(a->text, why, sizeof why))
		return fail(l, MMFF_ADDRESS, "%s", why);
	return OK;
}

static enum result add_address(struct line *l, struct neutral_addresses *list, char *value)
{
	struct neutral_address a;
	enum result r = read_address(l, value, &a);
	if (r == OK)
		r = neutral_add_address(l->n, list, a.type, a.text);
	return r == E_LIMIT ? fail(l, MMFF_TOO_BIG, "more than %d addresses", NEUTRAL_ADDRESSES_MAX)
			    : r;
}

static enum result token_to(struct line *l, char *value)
{
	return add_address(l, &l->n->to, value);
}

static enum result token_cc(struct line *l, char *value)
{
	return add_address(l, &l->n->cc, value);
}

static enum result token_from(struct line *l, char *value)
{
	return read_address(l, value, &l->n->from);
}

/* ---- text and attachments ---- */

/* A size in decimal, below 2^53. */
static bool read_size(const char *text, uint64_t *size)
{
	*size = 0;
	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' || *size >> 53)
			return false;
		*size = *size * 10 + (uint64_t)(*text - '0');
	}
	return true;
}

static enum result add_part(struct line *l, const char *name, uint64_t size, const char *external)
{
	struct neutral_part part = {.content = content_memory("", 0)};
	part.content.size = size;
	part.name = region_strdup(l->n->region, name);
	part.external = region_strdup(l->n->region, external);
	if (!part.name || (external && !part.external))
		return E_NOMEM;
	enum result r = neutral_add_part(l->n, &part);
	return r == E_LIMIT ? fail(l, MMFF_TOO_BIG, "more than %d attachments", NEUTRAL_PARTS_MAX)
			    : r;
}

/* name size: the name may hold blanks. */
static enum result token_attachment(struct line *l, char *value)
{
	char *blank = strrchr(value, ' ');
	uint64_t size;
	if (!blank || !read_size(blank + 1, &size))
		return fail(l, MMFF_TOKEN, "ATTACHMENT has no size: %.200s", value);
	*blank = '\0';
	return add_part(l, text_trim(value), size, NULL);
}

/* The last part of a path of DOS or of ours. */
static const char *last_name(const char *path)
{
	for (const char *p = path; *p; p++)
		if (*p == '/' || *p == '\\' || *p == ':')
			path = p + 1;
	return path;
}

/* path [name] */
static enum result token_xattach(struct line *l, char *value)
{
	char *blank = strchr(value, ' ');
	if (blank)
		*blank++ = '\0';
	if (!*last_name(value))
		return fail(l, MMFF_TOKEN, "XATTACH names no file");
	const char *name = blank && *text_trim(blank) ? text_trim(blank) : last_name(value);
	return add_part(l, name, 0, value);
}

static enum result token_text(struct line *l, char *value)
{
	if (!read_size(value, &l->n->text.size))
		return fail(l, MMFF_TOKEN, "TEXT has no size: %.200s", value);
	l->next = MMFF_LINE_TEXT;
	return OK;
}

static enum result token_xtext(struct line *l, char *value)
{
	if (!*last_name(value))
		return fail(l, MMFF_XTEXT, "XTEXT names no file");
	l->next = MMFF_LINE_XTEXT;
	l->n->text_external = region_strdup(l->n->region, value);
	return l->n->text_external ? OK : E_NOMEM;
}

/* ---- the rest ---- */

/* Digits up to `most`, then the sign; -1 when it is something else. Moves *p behind the sign. */
static int number(const char **p, int digits, char sign)
{
	int value = 0;
	for (; digits && **p >= '0' && **p <= '9'; digits--, (*p)++)
		value = value * 10 + (**p - '0');
	if (**p != sign)
		return -1;
	if (sign)
		(*p)++;
	return value;
}

/* A date that is none is kept as it stands: the message is dated when it is taken. */
static enum result token_date(struct line *l, char *value)
{
	const char *p = value;
	int year = number(&p, 4, '-'), month = number(&p, 2, '-'), day = number(&p, 2, '\0');
	if (year < 1 || month < 1 || month > 12 || day < 1 || day > 31)
		return E_NOTFOUND;
	l->n->year = year;
	l->n->month = month;
	l->n->day = day;
	return OK;
}

static enum result token_time(struct line *l, char *value)
{
	const char *p = value;
	int hour = number(&p, 2, ':'), minute = 0;
	if (hour >= 0 && strchr(p, ':')) {
		minute = number(&p, 2, ':');
		minute = number(&p, 2, '\0') < 0 ? -1 : minute;
	} else if (hour >= 0) {
		minute = number(&p, 2, '\0');
	}
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59)
		return E_NOTFOUND;
	l->n->hour = hour;
	l->n->minute = minute;
	return OK;
}

static enum result token_subject(struct line *l, char *value)
{
	l->n->subject = region_strdup(l->n->region, value);
	return l->n->subject ? OK : E_NOMEM;
}

static enum result token_priority(struct line *l, char *value)
{
	l->n->priority = *value ? region_strdup(l->n->region, value) : NULL;
	return l->n->priority || !*value ? OK : E_NOMEM;
}

/* EXT:type:length:name; the value is the next line. */
static enum result token_ext(struct line *l, char *value)
{
	char *length = strchr(value, ':'), *name = length ? strchr(length + 1, ':') : NULL;
	if (!name || !name[1])
		return fail(l, MMFF_PARTITION, "EXT is not EXT:type:length:name");
	*length++ = *name++ = '\0';
	struct neutral_field f = {.type = region_strdup(l->n->region, value),
				  .length = region_strdup(l->n->region, length),
				  .name = region_strdup(l->n->region, name),
				  .value = ""};
	if (!f.type || !f.length || !f.name)
		return E_NOMEM;
	l->next = MMFF_LINE_VALUE;
	enum result r = neutral_add_field(l->n, &f);
	return r == E_LIMIT ? fail(l, MMFF_TOO_BIG, "too many EXT fields") : r;
}

static enum result token_version(struct line *l, char *value)
{
	return fail(l, MMFF_PARSER,
		    "the header ends with neither TEXT nor XTEXT before VERSION:%.20s", value);
}

static const struct {
	const char *token;
	enum result (*read)(struct line *l, char *value);
} tokens[] = {
	{"TO", token_to},
	{"CC", token_cc},
	{"FROM", token_from},
	{"DATE", token_date},
	{"TIME", token_time},
	{"SUBJECT", token_subject},
	{"PRIORITY", token_priority},
	{"ATTACHMENT", token_attachment},
	{"ATTACHMENTS", token_attachment},
	{"XATTACH", token_xattach},
	{"TEXT", token_text},
	{"XTEXT", token_xtext},
	{"EXT", token_ext},
	{"VERSION", token_version},
};

bool mmff_line_is(const char *text, const char *token)
{
	size_t n = strlen(token);
	return strncasecmp(text, token, n) == 0 && text[n] == ':';
}

static enum result keep_unknown(struct line *l, const char *text)
{
	const char *copy = region_strdup(l->n->region, text);
	enum result r = copy ? neutral_add_unknown(l->n, copy) : E_NOMEM;
	return r == E_LIMIT ? fail(l, MMFF_TOO_BIG, "too many lines that are not understood") : r;
}

static enum result dispatch(struct line *l, const char *text, char *value)
{
	for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++)
		if (mmff_line_is(text, tokens[i].token)) {
			enum result r = tokens[i].read(l, value);
			return r == E_NOTFOUND ? keep_unknown(l, text) : r;
		}
	size_t n = 0;
	while (isalnum((unsigned char)text[n]) || text[n] == '-' || text[n] == '_')
		n++;
	if (!n || text[n] != ':')
		return fail(l, MMFF_NO_TOKEN, "%.200s", text);
	return keep_unknown(l, text);
}

enum result mmff_line_read(struct neutral *n, const char *text, enum mmff_line *next,
			   enum mmff_error *e, char *why, size_t why_n)
{
	struct line l = {
		.n = n, .next = MMFF_LINE_MORE, .error = MMFF_MEMORY, .why = why, .why_n = why_n};
	const char *colon = strchr(text, ':');
	enum result r;
	*why = '\0';
	if (*next == MMFF_LINE_VALUE) {
		struct neutral_field *f = &n->fields.items[n->fields.count - 1];
		f->value = region_strdup(n->region, text);
		r = f->value ? OK : E_NOMEM;
	} else if (!colon) {
		r = fail(&l, MMFF_PARTITION, "%.200s", text);
	} else {
		char *value = region_strdup(n->region, colon + 1);
		r = value ? dispatch(&l, text, text_trim(value)) : E_NOMEM;
	}
	*next = l.next;
	*e = l.error;
	return r;
}
