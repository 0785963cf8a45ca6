/* The line reader in front of inih: see reader.h. Owns one line buffer for the time of the call. */
#include "conf/reader.h"
#include "conf/fault.h"
#include "base/text.h"

#include <ini.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	const char *at, *end; /* what is still to be read */
	unsigned line;        /* the physical line last read, from 1 */
	bool in_section;      /* a section line was seen, good or bad */
	const struct conf_reader_events *events;
	void *ctx;
	size_t len, given; /* of text: bytes, and how many inih has */
	char text[CONF_LINE_MAX + 2];
};

static void refuse(struct reader *r, const char *remedy, const char *text)
{
	r->events->fault(r->ctx, r->line, remedy, text);
}

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

/* May these bytes stand in a line? Calls fault when not. */
static bool check_bytes(struct reader *r, const char *line, size_t n)
{
	if (n > CONF_LINE_MAX) {
		char text[80];
		snprintf(text, sizeof text, "the line has %zu bytes, more than %u", n,
			 CONF_LINE_MAX);
		refuse(r, "a long list may be written by repeating its key", text);
		return false;
	}
	for (size_t i = 0, len; i < n; i += len) {
		unsigned char c = (unsigned char)line[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f) {
			char text[80];
			snprintf(text, sizeof text, "the line has a control character (0x%02x)", c);
			refuse(r, c == '\r' ? "lines end in LF or CRLF" : NULL,
			       c ? text : "the line has a NUL byte");
			return false;
		}
		len = text_utf8_n(line + i, n - i);
		if (!len) {
			refuse(r, "save the file as UTF-8", "the line is not UTF-8");
			return false;
		}
	}
	return true;
}

/* Cuts the next physical line out of the bytes; false at the end. */
static bool next_line(struct reader *r, const char **line, size_t *n)
{
	if (r->at == r->end)
		return false;
	const char *lf = memchr(r->at, '\n', (size_t)(r->end - r->at));
	*line = r->at;
	*n = (size_t)((lf ? lf : r->end) - r->at);
	r->at = lf ? lf + 1 : r->end;
	r->line++;
	if (lf && *n && (*line)[*n - 1] == '\r')
		--*n;
	while (*n && blank(**line)) {
		++*line;
		--*n;
	}
	while (*n && blank((*line)[*n - 1]))
		--*n;
	return true;
}

static bool name_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '-' || c == '_' || c == '/';
}

/* Splits `[word name] ; comment` in place. NULL when it is good, else what is wrong. */
static const char *split_section(char *text, char **word, char **name)
{
	char *close = strchr(text, ']');
	if (!close)
		return "the section line has no ]";
	char *behind = close + 1;
	while (blank(*behind))
		behind++;
	if (*behind && *behind != ';')
		return "text stands behind the ] of the section line";
	*close = '\0';
	*word = text_trim(text + 1);
	*name = NULL;
	if (!**word)
		return "the section has no name";
	char *gap = *word;
	while (*gap && !blank(*gap))
		gap++;
	if (!*gap)
		return NULL;
	*gap = '\0';
	*name = text_trim(gap + 1);
	if (strlen(*name) > CONF_NAME_MAX)
		return "the section's name is longer than 40 characters";
	for (const char *p = *name; *p; p++)
		if (!name_character(*p))
			return "the section's name may hold letters, digits and .-_/ only";
	return NULL;
}

static void take_section(struct reader *r)
{
	char *word, *name;
	r->in_section = true;
	const char *wrong = split_section(r->text, &word, &name);
	if (wrong)
		refuse(r, "it is written [section] or [section NAME]", wrong);
	r->events->section(r->ctx, wrong ? NULL : word, wrong ? NULL : name, r->line);
}

/* Is r->text `key = value` below a section? Calls fault when not. What a refused line holds is not repeated beyond
 * its first word: it may be a secret. */
static bool check_pair(struct reader *r)
{
	char text[160], shown[68], *equals = strchr(r->text, '=');
	size_t key = 0;
	while (name_character(r->text[key]))
		key++;
	char *behind = r->text + key;
	while (blank(*behind))
		behind++;
	if (!r->in_section) {
		refuse(r, "begin with [gateway]", "text stands before the first section");
		return false;
	}
	if (key && behind == equals)
		return true;
	if (equals == r->text) {
		refuse(r, NULL, "no key stands before the =");
	} else if (!equals) {
		r->text[strcspn(r->text, " \t:")] = '\0';
		snprintf(text, sizeof text, "\"%s\" has no = behind it",
			 conf_fault_shown(r->text, shown));
		refuse(r, "it is written: key = value", text);
	} else {
		refuse(r, "it is written: key = value",
		       "the text before the = is not a key (letters, digits and _)");
	}
	return false;
}

/* Reads on to the next line that is a key with its value; false at the end. */
static bool next_pair(struct reader *r)
{
	const char *line;
	size_t n;
	while (next_line(r, &line, &n)) {
		if (!check_bytes(r, line, n)) {
			if (n && *line == '[') {
				r->in_section = true;
				r->events->section(r->ctx, NULL, NULL, r->line);
			}
			continue;
		}
		if (!n || *line == ';' || *line == '#')
			continue;
		memcpy(r->text, line, n);
		r->text[n] = '\0';
		if (*line == '[') {
			take_section(r);
		} else if (check_pair(r)) {
			r->text[n] = '\n';
			r->len = n + 1;
			r->given = 0;
			return true;
		}
	}
	return false;
}

/* What inih calls instead of fgets: the next line, or the rest of one that did not fit. */
static char *give_line(char *to, int size, void *stream)
{
	struct reader *r = stream;
	if (r->given == r->len && !next_pair(r))
		return NULL;
	size_t n = r->len - r->given;
	if (n > (size_t)size - 1)
		n = (size_t)size - 1;
	memcpy(to, r->text + r->given, n);
	to[n] = '\0';
	r->given += n;
	return to;
}

/* Takes the quotes off a value that begins with one, in place; NULL, or what is wrong with it. */
static const char *unquote(char *value)
{
	char *to = value, *p = value + 1;
	for (; *p && *p != '"'; p++) {
		if (*p == '\\' && (p[1] == '"' || p[1] == '\\'))
			p++;
		*to++ = *p;
	}
	if (!*p)
		return "the value has no closing quote";
	for (p++; blank(*p);)
		p++;
	if (*p && *p != ';')
		return "text stands behind the closing quote";
	*to = '\0';
	return NULL;
}

/* Ends a value at its comment: a `;` that begins it or follows a blank. */
static void cut_comment(char *value)
{
	for (char *p = value; *p; p++) {
		if (*p != ';' || (p > value && !blank(p[-1])))
			continue;
		while (p > value && blank(p[-1]))
			p--;
		*p = '\0';
		return;
	}
}

static int take_pair(void *user, const char *section, const char *key, const char *value)
{
	struct reader *r = user;
	(void)section; /* always empty: inih never sees a section line */
	/* inih's value is the tail of its own line; ours is changed instead. */
	size_t n = strlen(value);
	memcpy(r->text, value, n + 1);
	const char *wrong = NULL;
	if (*r->text == '"')
		wrong = unquote(r->text);
	else
		cut_comment(r->text);
	if (wrong)
		refuse(r, NULL, wrong);
	else
		r->events->pair(r->ctx, key, r->text, r->line);
	return 1;
}

enum result conf_reader_parse(const char *bytes, size_t n, const struct conf_reader_events *events,
			      void *ctx)
{
	struct reader *r = calloc(1, sizeof *r);
	if (!r)
		return E_NOMEM;
	r->at = bytes;
	r->end = bytes + n;
	r->events = events;
	r->ctx = ctx;
	if (n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
		r->at += 3;
	if (n >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0)) {
		r->at = r->end;
		r->line = 1;
		refuse(r, "save the file as UTF-8", "the file is UTF-16");
	}
	ini_allow_multiline = false;
	ini_allow_inline_comments = false;
	ini_allow_bom = false;
	ini_use_stack = false;
	ini_allow_realloc = true;
	ini_max_line = (int)CONF_LINE_MAX + 3;
	int status = ini_parse_stream(give_line, r, take_pair, r);
	free(r);
	return status == -2 ? E_NOMEM : OK;
}
