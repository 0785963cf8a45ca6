/* Bytes in memory or in a file: see content.h. Owns nothing. */
#include "translate/content.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

struct content content_memory(const void *bytes, size_t n)
{
	return (struct content){.bytes = n ? bytes : "", .fd = -1, .size = n};
}

struct content content_file(int fd, uint64_t at, uint64_t size)
{
	return (struct content){.fd = fd, .at = at, .size = size};
}

struct content content_part(const struct content *c, uint64_t at, uint64_t n)
{
	assert(at <= c->size && n <= c->size - at);
	struct content part = *c;
	part.size = n;
	if (c->bytes)
		part.bytes += at;
	else
		part.at += at;
	return part;
}

enum result content_read(const struct content *c, uint64_t at, void *buf, size_t n, size_t *got)
{
	*got = 0;
	if (at >= c->size || !n)
		return OK;
	if (n > c->size - at)
		n = (size_t)(c->size - at);
	if (c->most && n > c->most)
		n = c->most;
	if (c->bytes) {
		memcpy(buf, c->bytes + at, n);
		*got = n;
		return OK;
	}
	ssize_t len;
	do
		len = pread(c->fd, buf, n, (off_t)(c->at + at));
	while (len < 0 && errno == EINTR);
	if (len < 0)
		return result_of_errno(errno);
	*got = (size_t)len;
	return len ? OK : E_CORRUPT;
}
