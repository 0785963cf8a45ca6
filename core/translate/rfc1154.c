/* RFC 1154 as the original used it: see rfc1154.h. Owns nothing. */
#include "translate/rfc1154.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789"
#define LINES_MOST_DIGITS 18

/* One part, up to a comma. Words behind the first say more of it and change nothing. */
static bool read_part(const char *p, size_t n, struct rfc1154_part *part)
{
	size_t digits = 0, word = 0;
	while (n && *p == ' ')
		p++, n--;
	while (digits < n && p[digits] >= '0' && p[digits] <= '9')
		digits++;
	if (digits > LINES_MOST_DIGITS)
		return false;
	*part = (struct rfc1154_part){.rest = !digits, .lines = digits ? strtoull(p, NULL, 10) : 0};
	p += digits;
	n -= digits;
	while (n && *p == ' ')
		p++, n--;
	while (word < n && p[word] != ' ')
		word++;
	part->kind = text_same_n(p, word, "TEXT")       ? RFC1154_TEXT
		     : text_same_n(p, word, "UUENCODE") ? RFC1154_UUENCODE
							: RFC1154_OTHER;
	return word > 0;
}

enum result rfc1154_read(const char *value, struct region *region, struct rfc1154 *out)
{
	size_t count = 1;
	for (const char *p = value; (p = strchr(p, ',')); p++)
		count++;
	if (count > RFC1154_PARTS_MAX)
		return E_LIMIT;
	*out = (struct rfc1154){.parts = region_alloc(region, count * sizeof *out->parts),
				.count = count};
	if (!out->parts)
		return E_NOMEM;
	for (size_t i = 0; i < count; i++) {
		size_t n = strcspn(value, ",");
		if (!read_part(value, n, &out->parts[i]))
			return E_SYNTAX;
		if (out->parts[i].rest && i + 1 < count)
			return E_SYNTAX; /* nothing could be left for the next */
		value += n + 1;
	}
	return OK;
}

static bool is_time(const char *s)
{
	return strlen(s) == 5 && strspn(s, DIGITS) == 2 && s[2] == ':' &&
	       strspn(s + 3, DIGITS) == 2;
}

static bool is_date(const char *s)
{
	return strlen(s) == 10 && strspn(s, DIGITS) == 2 && s[2] == '-' &&
	       strspn(s + 3, DIGITS) == 2 && s[5] == '-' && strspn(s + 6, DIGITS) == 4;
}

static bool is_size(const char *s)
{
	return *s && strspn(s, DIGITS) == strlen(s);
}

/* Cuts the last word off when it is what is asked for. */
static void cut_word(char *s, bool (*is)(const char *))
{
	char *blank = strrchr(s, ' ');
	if (blank && blank != s && is(blank + 1))
		*blank = '\0';
	text_trim(s);
}

char *rfc1154_name(const char *value, struct region *region)
{
	char *copy = region_strdup(region, value);
	if (!copy)
		return NULL;
	copy = text_trim(copy);
	char *before = copy + strlen(copy);
	cut_word(copy, is_time);
	bool time = copy + strlen(copy) != before;
	cut_word(copy, is_date);
	if (time) /* a number alone is a part of the name */
		cut_word(copy, is_size);
	return copy;
}
