/* Bounded growable bytes: see buf.h. Fails only for its bound or for memory. */
#include "base/buf.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

void buf_free(struct buf *b)
{
	free(b->data);
	buf_init(b, b->max);
}

char *buf_head(const struct buf *b)
{
	return b->data ? b->data + b->start : NULL;
}

/* Would n more bytes of content go beyond the bound? */
static bool beyond(const struct buf *b, size_t n)
{
	return b->max && (n > b->max || b->len > b->max - n);
}

/* Room for n bytes whatever the bound says: a terminator is ours, not content. */
static char *room(struct buf *b, size_t n)
{
	if (n > (size_t)-1 / 2 - b->start - b->len)
		return NULL;
	if (b->start && b->start + b->len + n > b->cap) {
		memmove(b->data, b->data + b->start, b->len);
		b->start = 0;
	}
	if (b->len + n > b->cap) {
		size_t cap = b->cap ? b->cap : 128;
		while (cap < b->len + n)
			cap *= 2;
		char *data = realloc(b->data, cap);
		if (!data)
			return NULL;
		b->data = data;
		b->cap = cap;
	}
	if (!b->data) { /* n == 0 on an empty buffer */
		b->data = malloc(1);
		b->cap = b->data ? 1 : 0;
	}
	return b->data ? b->data + b->start + b->len : NULL;
}

char *buf_reserve(struct buf *b, size_t n)
{
	return beyond(b, n) ? NULL : room(b, n);
}

void buf_grew(struct buf *b, size_t n)
{
	assert(b->start + b->len + n <= b->cap);
	b->len += n;
}

enum result buf_append(struct buf *b, const void *bytes, size_t n)
{
	if (beyond(b, n))
		return E_LIMIT;
	char *to = room(b, n);
	if (!to)
		return E_NOMEM;
	if (n)
		memcpy(to, bytes, n);
	b->len += n;
	return OK;
}

enum result buf_puts(struct buf *b, const char *string)
{
	return buf_append(b, string, strlen(string));
}

enum result buf_vprintf(struct buf *b, const char *format, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, format, ap);
	enum result r = n < 0 ? E_SYNTAX : beyond(b, (size_t)n) ? E_LIMIT : OK;
	char *to = r == OK ? room(b, (size_t)n + 1) : NULL;
	if (to) {
		vsnprintf(to, (size_t)n + 1, format, again);
		b->len += (size_t)n;
	}
	va_end(again);
	return r == OK && !to ? E_NOMEM : r;
}

enum result buf_printf(struct buf *b, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	enum result r = buf_vprintf(b, format, ap);
	va_end(ap);
	return r;
}

void buf_consume(struct buf *b, size_t n)
{
	assert(n <= b->len);
	b->len -= n;
	b->start = b->len ? b->start + n : 0;
}

void buf_clear(struct buf *b)
{
	b->start = b->len = 0;
}

void buf_wipe(struct buf *b)
{
	if (b->data)
		explicit_bzero(b->data, b->cap);
	b->start = b->len = 0;
}

const char *buf_string(struct buf *b)
{
	char *end = room(b, 1);
	if (!end)
		return NULL;
	*end = '\0';
	return b->data + b->start;
}
