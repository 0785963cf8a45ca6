/* Any page as text: the same whether it comes whole or byte by byte, and never twenty times as much. */
#include "translate/html_text.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void text_of(const uint8_t *data, size_t n, size_t step, struct buf *out)
{
	struct html_text h;
	struct sink to;
	buf_init(out, 0);
	sink_buffer(&to, out);
	html_text_begin(&h, &to);
	for (size_t at = 0; at < n; at += step)
		assert(sink_write(&h.in, data + at, n - at < step ? n - at : step) == OK);
	assert(html_text_end(&h) == OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf whole, pieces;
	text_of(data, n, n + 1, &whole);
	text_of(data, n, 1, &pieces);
	assert(whole.len == pieces.len);
	assert(!whole.len || memcmp(buf_head(&whole), buf_head(&pieces), whole.len) == 0);
	assert(whole.len <= 20 * n + 1);
	buf_free(&whole);
	buf_free(&pieces);
	return 0;
}
