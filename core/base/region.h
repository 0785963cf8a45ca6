/*
 * A region: memory that lives as long as one message, session or settings snapshot, and is freed once.
 * Not for use by two threads at a time.
 */
#ifndef SMTPGATE_BASE_REGION_H
#define SMTPGATE_BASE_REGION_H

#include <stdarg.h>
#include <stddef.h>

struct region;

/* A region bounded to max bytes of content (0: no bound), or NULL when memory is short. */
struct region *region_new(size_t max);
/* Frees everything in it and clears the pointer. NULL is fine. */
void region_destroy(struct region **r);
/* Zeroed memory for any type, or NULL (bound or memory). */
void *region_alloc(struct region *r, size_t size);
/* A copy of n bytes with a NUL after them, or NULL. */
char *region_memdup(struct region *r, const void *bytes, size_t n);
/* A copy of a string (NULL gives NULL), or NULL. */
char *region_strdup(struct region *r, const char *string);
char *region_printf(struct region *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Bytes handed out so far. */
size_t region_used(const struct region *r);

#endif
