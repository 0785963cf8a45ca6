/*
 * Where the bytes of a text or an attachment lie: in memory, or as a range of an open file. Nothing is copied, so that
 * a large attachment is never in memory as a whole. Plain data; owns neither the bytes nor the descriptor.
 */
#ifndef SMTPGATE_TRANSLATE_CONTENT_H
#define SMTPGATE_TRANSLATE_CONTENT_H

#include "base/result.h"

#include <stddef.h>
#include <stdint.h>

struct content {
	const char *bytes; /* in memory when not NULL */
	int fd;            /* else a range of this file */
	uint64_t at, size; /* first byte in the file (0 in memory); bytes */
	size_t most; /* bytes that one read gives at most; 0: as many as fit. For tests of readers */
};

struct content content_memory(const void *bytes, size_t n);
struct content content_file(int fd, uint64_t at, uint64_t size);
/* n bytes of it from `at` on; both must lie inside. */
struct content content_part(const struct content *c, uint64_t at, uint64_t n);
/*
 * Reads up to n bytes from offset `at` into buf; *got says how many, 0 only at the end. E_CORRUPT: the file has become
 * shorter than the range; E_IO and its kin: errno is set.
 */
enum result content_read(const struct content *c, uint64_t at, void *buf, size_t n, size_t *got);

#endif
