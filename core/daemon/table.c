/* Tables for people: see table.h. Widths are counted in characters of UTF-8. */
#include "daemon/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define GAP 2

void table_init(struct table *t, const char *const *heads)
{
	*t = (struct table){.heads = heads};
	while (heads[t->columns])
		t->columns++;
	assert(t->columns <= TABLE_COLUMNS);
}

void table_free(struct table *t)
{
	for (size_t i = 0; i < t->rows * t->columns; i++)
		free(t->cells[i]);
	free(t->cells);
	t->cells = NULL;
	t->rows = t->cap = 0;
}

/* A control character of ASCII, or one of C1 in UTF-8 (0xC2 0x80..0x9F), which terminals obey as well. */
static size_t control_at(const char *s)
{
	unsigned char c = (unsigned char)s[0], next = c ? (unsigned char)s[1] : 0;
	if (c < ' ' || c == 0x7f)
		return 1;
	return c == 0xc2 && next >= 0x80 && next <= 0x9f ? 2 : 0;
}

const char *table_clean(const char *text, char *out, size_t n)
{
	size_t to = 0;
	while (*text && to + 1 < n) {
		size_t bad = control_at(text);
		out[to++] = bad ? '?' : *text;
		text += bad ? bad : 1;
	}
	out[to] = '\0';
	return out;
}

void table_put(FILE *to, const char *before, const char *text, const char *after)
{
	char clean[512];
	if (!*text)
		return;
	fputs(before, to);
	while (*text) {
		/* Cut before a character, so that none is split between two pieces. */
		size_t n = strnlen(text, sizeof clean - 1);
		while (n > 1 && text[n] && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--;
		char piece[sizeof clean];
		memcpy(piece, text, n);
		piece[n] = '\0';
		fputs(table_clean(piece, clean, sizeof clean), to);
		text += n;
	}
	fputs(after, to);
}

static bool grow(struct table *t)
{
	size_t cap = t->cap ? t->cap * 2 : 32;
	char **cells = reallocarray(t->cells, cap * t->columns, sizeof *cells);
	if (!cells)
		return false;
	t->cells = cells;
	t->cap = cap;
	return true;
}

enum result table_add(struct table *t, const char *const *cells)
{
	if (t->rows == t->cap && !grow(t))
		goto failed;
	char **row = t->cells + t->rows * t->columns;
	for (size_t i = 0; i < t->columns; i++) {
		const char *text = cells[i] ? cells[i] : "";
		size_t n = strlen(text) + 1;
		row[i] = malloc(n);
		if (!row[i]) {
			while (i)
				free(row[--i]);
			goto failed;
		}
		table_clean(text, row[i], n);
	}
	t->rows++;
	return OK;
failed:
	t->failed = true;
	return E_NOMEM;
}

/* Characters, not bytes: continuation bytes of UTF-8 do not count. */
static size_t characters(const char *s)
{
	size_t n = 0;
	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* Bytes of the first n characters. */
static size_t bytes_of(const char *s, size_t n)
{
	const char *at = s;
	for (; *at; at++)
		if (((unsigned char)*at & 0xc0) != 0x80 && n-- == 0)
			break;
	return (size_t)(at - s);
}

static const char *head_of(const struct table *t, size_t column)
{
	return t->heads[column] + (t->heads[column][0] == '>');
}

static size_t widest(const struct table *t, size_t column)
{
	size_t most = characters(head_of(t, column));
	for (size_t row = 0; row < t->rows; row++) {
		size_t n = characters(t->cells[row * t->columns + column]);
		most = n > most ? n : most;
	}
	return most;
}

static void print_row(const struct table *t, const char *const *cells, const size_t *widths,
		      size_t width, FILE *to)
{
	size_t at = 0;
	for (size_t i = 0; i < t->columns; i++) {
		bool last = i + 1 == t->columns, right = t->heads[i][0] == '>';
		size_t n = characters(cells[i]), pad = widths[i] - n;
		if (last && width && at < width && n > width - at)
			n = width - at;
		if (right)
			fprintf(to, "%*s", (int)pad, "");
		fwrite(cells[i], 1, bytes_of(cells[i], n), to);
		if (!last)
			fprintf(to, "%*s", (int)((right ? 0 : pad) + GAP), "");
		at += widths[i] + GAP;
	}
	fputc('\n', to);
}

void table_print(const struct table *t, size_t width, FILE *to)
{
	size_t widths[TABLE_COLUMNS];
	const char *heads[TABLE_COLUMNS];
	for (size_t i = 0; i < t->columns; i++) {
		widths[i] = widest(t, i);
		heads[i] = head_of(t, i);
	}
	print_row(t, heads, widths, width, to);
	for (size_t row = 0; row < t->rows; row++)
		print_row(t, (const char *const *)t->cells + row * t->columns, widths, width, to);
}

size_t table_width(FILE *to)
{
	struct winsize size;
	if (!isatty(fileno(to)) || ioctl(fileno(to), TIOCGWINSZ, &size) != 0)
		return 0;
	return size.ws_col;
}
