/* Where bytes go: see sink.h. Owns nothing. */
#include "translate/sink.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static enum result count_only(struct sink *s, const void *bytes, size_t n)
{
	(void)s;
	(void)bytes;
	(void)n;
	return OK;
}

static enum result into_buffer(struct sink *s, const void *bytes, size_t n)
{
	return buf_append(s->buf, bytes, n);
}

static enum result into_file(struct sink *s, const void *bytes, size_t n)
{
	if (n > sizeof s->block - s->held) {
		enum result r = sink_flush(s);
		if (r != OK)
			return r;
	}
	if (n > sizeof s->block)
		return file_write_all(s->files, s->fd, bytes, n);
	memcpy(s->block + s->held, bytes, n);
	s->held += n;
	return OK;
}

void sink_counting(struct sink *s)
{
	s->write = count_only;
	s->count = s->held = 0;
}

void sink_buffer(struct sink *s, struct buf *b)
{
	s->write = into_buffer;
	s->buf = b;
	s->count = s->held = 0;
}

void sink_file(struct sink *s, const struct file_ops *files, int fd)
{
	s->write = into_file;
	s->files = files;
	s->fd = fd;
	s->count = s->held = 0;
}

enum result sink_write(struct sink *s, const void *bytes, size_t n)
{
	s->count += n;
	return n ? s->write(s, bytes, n) : OK;
}

enum result sink_puts(struct sink *s, const char *string)
{
	return sink_write(s, string, strlen(string));
}

enum result sink_printf(struct sink *s, const char *format, ...)
{
	char text[513];
	va_list ap;
	va_start(ap, format);
	int n = vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	return n < 0 || (size_t)n >= sizeof text ? E_LIMIT : sink_write(s, text, (size_t)n);
}

enum result sink_content(struct sink *s, const struct content *c)
{
	char block[8192];
	size_t got;
	enum result r = OK;
	for (uint64_t at = 0; r == OK && at < c->size; at += got) {
		r = content_read(c, at, block, sizeof block, &got);
		if (r == OK)
			r = sink_write(s, block, got);
	}
	return r;
}

enum result sink_flush(struct sink *s)
{
	size_t n = s->held;
	s->held = 0;
	return n ? file_write_all(s->files, s->fd, s->block, n) : OK;
}
