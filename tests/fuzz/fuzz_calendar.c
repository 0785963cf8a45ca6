/* Any bytes as a calendar part: what is told has an end, and each line of it an LF. */
#include "translate/calendar.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct content part = content_memory(data, n);
	struct buf out;
	part.most = n % 5;
	buf_init(&out, 0);
	assert(calendar_words(&part, &out) == OK);
	assert(!out.len || buf_head(&out)[out.len - 1] == '\n');
	assert(out.len <= 4 * n + 64); /* a label is longer than its property by less */
	buf_free(&out);
	return 0;
}
