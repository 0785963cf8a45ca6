/* Regions: see region.h. A chain of blocks; large requests get a block of their own. */
#include "base/region.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REGION_BLOCK 2048

struct block {
	struct block *next;
	size_t used, cap;
	alignas(max_align_t) unsigned char data[];
};

struct region {
	struct block *blocks; /* the first is the one being filled */
	size_t used, max;
};

struct region *region_new(size_t max)
{
	struct region *r = calloc(1, sizeof *r);
	if (r)
		r->max = max;
	return r;
}

void region_destroy(struct region **r)
{
	if (!*r)
		return;
	for (struct block *b = (*r)->blocks, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	free(*r);
	*r = NULL;
}

static void *block_take(struct block *b, size_t size)
{
	void *p = b->data + b->used;
	b->used += size;
	return p;
}

void *region_alloc(struct region *r, size_t size)
{
	const size_t align = alignof(max_align_t);
	if (size > (size_t)-1 / 2)
		return NULL;
	size = size ? (size + align - 1) / align * align : align;
	if (r->max && (size > r->max || r->used > r->max - size))
		return NULL;
	struct block *b = r->blocks;
	if (!b || b->cap - b->used < size) {
		size_t cap = size > REGION_BLOCK / 4 ? size : REGION_BLOCK;
		struct block *fresh = calloc(1, sizeof *fresh + cap);
		if (!fresh)
			return NULL;
		fresh->cap = cap;
		if (b && cap == size) { /* a large one goes behind the block being filled */
			fresh->next = b->next;
			b->next = fresh;
		} else {
			fresh->next = b;
			r->blocks = fresh;
		}
		b = fresh;
	}
	r->used += size;
	return block_take(b, size);
}

char *region_memdup(struct region *r, const void *bytes, size_t n)
{
	char *copy = n < (size_t)-1 ? region_alloc(r, n + 1) : NULL;
	if (copy && n)
		memcpy(copy, bytes, n);
	return copy;
}

char *region_strdup(struct region *r, const char *string)
{
	return string ? region_memdup(r, string, strlen(string)) : NULL;
}

char *region_printf(struct region *r, const char *format, ...)
{
	va_list ap, again;
	va_start(ap, format);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, format, ap);
	char *text = n >= 0 ? region_alloc(r, (size_t)n + 1) : NULL;
	if (text)
		vsnprintf(text, (size_t)n + 1, format, again);
	va_end(again);
	va_end(ap);
	return text;
}

size_t region_used(const struct region *r)
{
	return r->used;
}
