/*
 * A growable run of bytes with a bound. Bytes are consumed from the front without moving them each time.
 * data[start .. start+len) is live; there is no terminator unless buf_string() puts one.
 */
#ifndef SMTPGATE_BASE_BUF_H
#define SMTPGATE_BASE_BUF_H

#include "base/result.h"

#include <stdarg.h>
#include <stddef.h>

struct buf {
	char *data;   /* owned; NULL when nothing is held */
	size_t start; /* bytes already consumed at the front */
	size_t len;   /* live bytes */
	size_t cap;
	size_t max; /* bound in bytes; 0: no bound but memory */
};

/* A buffer that holds at most max bytes (0: unbounded). Holds no memory until written to. */
void buf_init(struct buf *b, size_t max);
/* Frees the memory and leaves an empty buffer of the same bound. */
void buf_free(struct buf *b);
/* First live byte; valid until the next call that writes. */
char *buf_head(const struct buf *b);
/* Makes room for n more bytes and returns where to write them, or NULL: E_LIMIT or E_NOMEM. */
char *buf_reserve(struct buf *b, size_t n);
/* Counts n bytes written at buf_reserve's place. */
void buf_grew(struct buf *b, size_t n);
/* OK, E_LIMIT (bound; nothing appended) or E_NOMEM. */
enum result buf_append(struct buf *b, const void *bytes, size_t n);
enum result buf_puts(struct buf *b, const char *string);
enum result buf_printf(struct buf *b, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
enum result buf_vprintf(struct buf *b, const char *format, va_list ap)
	__attribute__((format(printf, 2, 0)));
/* Drops n live bytes from the front (n <= len). An emptied buffer keeps its memory. */
void buf_consume(struct buf *b, size_t n);
/* Drops all live bytes. */
void buf_clear(struct buf *b);
/* Drops all live bytes and clears the memory that held any: for secrets. What an earlier, smaller memory held stays behind:
 * reserve enough before the first of them is written. */
void buf_wipe(struct buf *b);
/* The live bytes as a string (a NUL is put after them), or NULL when memory is short. */
const char *buf_string(struct buf *b);

#endif
