/* Lines as fields: see mime_fields.h. Owns nothing. */
#include "translate/mime_fields.h"

#include "base/text.h"
#include "translate/encode.h"

#include <stdlib.h>
#include <string.h>

#define ITEM_MOST 4096 /* bytes of one address with its name; a longer one is encoded as words */

static bool ascii(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] < ' ' || s[i] > '~')
			return false;
	return true;
}

/* Bytes of a field's name at the start of a line; 0: it is none. */
static size_t name_length(const char *line)
{
	size_t n = 0;
	while (line[n] > ' ' && line[n] <= '~' && line[n] != ':')
		n++;
	return line[n] == ':' && n <= 76 ? n : 0;
}

bool mime_fields_has(const char *head, const char *name)
{
	size_t n = strlen(name);
	for (const char *line = head; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (name_length(line) == n && text_same_n(line, n, name))
			return true;
	}
	return false;
}

static bool sent(const char *line, size_t n)
{
	static const char *const not [] = {"MIME-Version", "Bcc", "Resent-Bcc", "Return-Path"};
	for (size_t i = 0; i < sizeof not / sizeof *not ; i++)
		if (text_same_n(line, n, not [i]))
			return false;
	return !(n > 8 && text_same_n(line, 8, "Content-"));
}

static bool of_addresses(const char *line, size_t n)
{
	static const char *const names[] = {"From",
					    "To",
					    "Cc",
					    "Reply-To",
					    "Sender",
					    "Resent-From",
					    "Resent-To",
					    "Resent-Cc",
					    "Disposition-Notification-To",
					    "Return-Receipt-To"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (text_same_n(line, n, names[i]))
			return true;
	return false;
}

/* ---- addresses ---- */

/* Bytes up to the comma that ends the first item of a list: not one in quotes, brackets or comments. */
static size_t item_length(const char *s)
{
	unsigned depth = 0;
	bool quoted = false, angle = false;
	size_t n = 0;
	for (; s[n]; n++) {
		if (s[n] == '\\' && s[n + 1])
			n++;
		else if (s[n] == '"')
			quoted = !quoted;
		else if (quoted)
			continue;
		else if (s[n] == '(')
			depth++;
		else if (s[n] == ')')
			depth -= depth > 0;
		else if (s[n] == '<' || s[n] == '>')
			angle = s[n] == '<';
		else if (s[n] == ',' && !depth && !angle)
			break;
	}
	return n;
}

/* A name without its quotes and their escapes. */
static void unquote(char *name)
{
	char *out = name;
	for (const char *in = name; *in; in++) {
		if (*in == '"')
			continue;
		if (*in == '\\' && in[1])
			in++;
		*out++ = *in;
	}
	*out = '\0';
}

static enum result put_item(struct sink *to, enum ending ending, const char *s, size_t n)
{
	char item[ITEM_MOST];
	if (ascii(s, n) || n >= sizeof item)
		return sink_write(to, s, n);
	memcpy(item, s, n);
	item[n] = '\0';
	char *angle = strrchr(item, '<');
	if (!angle || !ascii(angle, strlen(angle)))
		return encode_header(to, ending, item);
	const char *address = s + (angle - item);
	*angle = '\0';
	unquote(item);
	enum result r = encode_header(to, ending, text_trim(item));
	if (r == OK)
		r = sink_puts(to, " ");
	return r == OK ? sink_write(to, address, n - (size_t)(address - s)) : r;
}

static enum result put_list(struct sink *to, enum ending ending, char *value)
{
	enum result r = OK;
	while (r == OK && *value) {
		size_t n = item_length(value);
		bool more = value[n] == ',';
		value[n] = '\0';
		char *item = text_trim(value);
		r = put_item(to, ending, item, strlen(item));
		value += n + more;
		if (r == OK && more && *value) {
			r = sink_puts(to, ",");
			if (r == OK)
				r = sink_puts(to, ending_text(ending));
			if (r == OK)
				r = sink_puts(to, "\t");
		}
	}
	return r;
}

/* ---- a line ---- */

static enum result put_field(struct sink *to, enum ending ending, char *line)
{
	size_t n = name_length(line);
	if (!n || !sent(line, n))
		return OK;
	enum result r = sink_write(to, line, n);
	if (r == OK)
		r = sink_puts(to, ": ");
	char *value = text_trim(line + n + 1);
	if (r == OK)
		r = of_addresses(line, n) ? put_list(to, ending, value)
					  : encode_header(to, ending, value);
	return r == OK ? sink_puts(to, ending_text(ending)) : r;
}

enum result mime_fields_write(struct sink *to, enum ending ending, const char *head)
{
	enum result r = OK;
	for (size_t n; r == OK && *head; head += n + (head[n] == '\n')) {
		n = strcspn(head, "\n");
		char *line = strndup(head, n);
		r = line ? put_field(to, ending, line) : E_NOMEM;
		free(line);
	}
	return r;
}
