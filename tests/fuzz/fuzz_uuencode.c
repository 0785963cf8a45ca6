/*
 * Any text: files of uuencode that are found in it follow one another, decode to the size that was told, and read the same when they
 * are written and found again.
 */
#include "translate/uuencode.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void again(const struct uuencode *f, const struct buf *bytes)
{
	struct buf b;
	struct sink to;
	struct uuencode g;
	struct content file = content_memory(buf_head(bytes), bytes->len);
	buf_init(&b, 0);
	sink_buffer(&to, &b);
	assert(uuencode_write(&to, ENDING_CRLF, f->name, &file) == OK);
	struct content text = content_memory(buf_head(&b), b.len);
	assert(uuencode_find(&text, 0, &g) == OK);
	assert(g.start == 0 && g.end == b.len && g.size == f->size);
	assert(strcmp(g.name, f->name) == 0);
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct content text = content_memory(data, n);
	struct uuencode f;
	text.most = n % 5;
	for (uint64_t at = 0; uuencode_find(&text, at, &f) == OK; at = f.end) {
		struct buf b;
		struct sink to;
		assert(f.start >= at && f.end > f.start && f.end <= n && *f.name);
		buf_init(&b, 0);
		sink_buffer(&to, &b);
		assert(uuencode_decode(&text, &f, &to) == OK && b.len == f.size);
		again(&f, &b);
		buf_free(&b);
	}
	return 0;
}
