/*
 * Where a writer's bytes go: a buffer in memory, a file, or nowhere but a count (a size that must be told before the
 * bytes). Writers of messages know only this.
 */
#ifndef SMTPGATE_TRANSLATE_SINK_H
#define SMTPGATE_TRANSLATE_SINK_H

#include "base/buf.h"
#include "base/file.h"
#include "translate/content.h"

struct sink {
	enum result (*write)(struct sink *s, const void *bytes, size_t n);
	uint64_t count; /* bytes taken so far */
	struct buf *buf;
	const struct file_ops *files;
	int fd;
	size_t held; /* bytes in `block` that the file does not have yet */
	char block[16384];
};

void sink_counting(struct sink *s);
/* Into a buffer, whose bound holds (E_LIMIT). */
void sink_buffer(struct sink *s, struct buf *b);
/* Into a file at its own offset, in blocks: sink_flush at the end. */
void sink_file(struct sink *s, const struct file_ops *files, int fd);
/* OK, or why it could not be written (errno is set for files). */
enum result sink_write(struct sink *s, const void *bytes, size_t n);
enum result sink_puts(struct sink *s, const char *string);
/* At most 512 bytes come of a format; longer: E_LIMIT. */
enum result sink_printf(struct sink *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* All of a content, as it is. */
enum result sink_content(struct sink *s, const struct content *c);
/* What is held goes into the file. */
enum result sink_flush(struct sink *s);

#endif
