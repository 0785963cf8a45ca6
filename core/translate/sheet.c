/* The translator's sheet: see sheet.h. Owns nothing. */
#include "translate/sheet.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static enum result put(struct sink *to, const char *key, const char *a, const char *b)
{
	enum result r = sink_puts(to, key);
	if (r == OK)
		r = sink_puts(to, " ");
	if (r == OK)
		r = sink_puts(to, a);
	if (r == OK && b)
		r = sink_puts(to, " ");
	if (r == OK && b)
		r = sink_puts(to, b);
	return r == OK ? sink_puts(to, "\n") : r;
}

/* As 512 digits. */
static enum result put_table(struct sink *to, const struct table *t)
{
	enum result r = sink_puts(to, "table ");
	for (size_t i = 0; r == OK && i < sizeof t->to; i++)
		r = sink_printf(to, "%02x", t->to[i]);
	return r == OK ? sink_puts(to, "\n") : r;
}

static const char *const makes[] = {"mail", "open", "sealed", "inside"}; /* enum sheet_make */

enum result sheet_write(const struct sheet *s, struct sink *to)
{
	enum result r = put(to, "charset", s->charset, NULL);
	if (r == OK && s->table)
		r = put_table(to, s->table);
	if (r == OK && s->received)
		r = put(to, "received", "keep", NULL);
	if (r == OK && s->dos_names)
		r = put(to, "names", "8.3", NULL);
	if (r == OK && s->no_receipts)
		r = put(to, "receipts", "no", NULL);
	if (r == OK && s->make != SHEET_MAIL)
		r = put(to, "make", makes[s->make], NULL);
	if (r == OK && s->sender.text)
		r = put(to, s->always ? "always" : "sender", s->sender.type, s->sender.text);
	for (size_t i = 0; r == OK && i < s->to.count; i++)
		r = put(to, "to", s->to.items[i].type, s->to.items[i].text);
	return r;
}

static bool split(char *value, struct neutral_address *a)
{
	char *blank = strchr(value, ' ');
	if (!blank || blank == value || !blank[1])
		return false;
	*blank = '\0';
	*a = (struct neutral_address){.type = value, .text = blank + 1};
	return true;
}

static enum result read_table(struct sheet *s, struct region *region, const char *value)
{
	struct table *t = region_alloc(region, sizeof *t);
	bool odd;
	if (!t)
		return E_NOMEM;
	if (strlen(value) != 2 * sizeof t->to || strspn(value, "0123456789abcdef") != strlen(value))
		return E_SYNTAX;
	for (size_t i = 0; i < sizeof t->to; i++) {
		char digits[3] = {value[2 * i], value[2 * i + 1], '\0'};
		t->to[i] = (unsigned char)strtoul(digits, NULL, 16);
	}
	s->table = t;
	return table_read(t->to, sizeof t->to, t, &odd);
}

static enum result read_make(struct sheet *s, const char *value)
{
	for (size_t i = 0; i < sizeof makes / sizeof *makes; i++)
		if (strcmp(value, makes[i]) == 0) {
			s->make = (enum sheet_make)i;
			return OK;
		}
	return E_SYNTAX;
}

static enum result read_line(struct sheet *s, struct neutral *list, const char *key, char *value)
{
	struct neutral_address a;
	if (strcmp(key, "charset") == 0) {
		s->charset = value;
		return OK;
	}
	bool *flag = strcmp(key, "received") == 0   ? &s->received
		     : strcmp(key, "names") == 0    ? &s->dos_names
		     : strcmp(key, "receipts") == 0 ? &s->no_receipts
						    : NULL;
	if (flag) {
		*flag = true;
		return OK;
	}
	if (strcmp(key, "make") == 0)
		return read_make(s, value);
	if (strcmp(key, "table") == 0)
		return read_table(s, list->region, value);
	if (!split(value, &a))
		return E_SYNTAX;
	if (strcmp(key, "to") == 0)
		return neutral_add_address(list, &list->to, a.type, a.text);
	s->always = strcmp(key, "always") == 0;
	if (!s->always && strcmp(key, "sender") != 0)
		return E_SYNTAX;
	s->sender = a;
	return OK;
}

enum result sheet_read(const char *bytes, size_t n, struct region *region, struct sheet *s)
{
	struct neutral list;
	enum result r = OK;
	char *copy = n <= SHEET_MAX ? region_memdup(region, bytes, n) : NULL, *rest = NULL;
	*s = (struct sheet){0};
	if (!copy)
		return n <= SHEET_MAX ? E_NOMEM : E_LIMIT;
	neutral_init(&list, region);
	for (char *line = strtok_r(copy, "\n", &rest); line && r == OK;
	     line = strtok_r(NULL, "\n", &rest)) {
		char *blank = strchr(line, ' ');
		if (!blank || !blank[1])
			return E_SYNTAX;
		*blank = '\0';
		r = read_line(s, &list, line, blank + 1);
	}
	s->to = list.to;
	return r == OK && !s->charset ? E_SYNTAX : r;
}
