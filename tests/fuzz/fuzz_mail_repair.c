/* Any bytes as a message that is repaired: the new header is one header to its end, so nothing in the old one can end it or add to it,
 * and what is said of it is bounded. The first byte says what is repaired. */
#include "mail/header.h"
#include "mail/repair.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Where the body begins, as the gateway finds it. */
static size_t header_of(const uint8_t *data, size_t n)
{
	struct mail_header h;
	mail_header_init(&h);
	assert(mail_header_feed(&h, data, n) == OK && mail_header_finish(&h) == OK);
	size_t size = (size_t)h.header_size;
	mail_header_free(&h);
	return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	unsigned what = n ? data[0] : 0;
	struct mail_repair how = {.what = what & 31,
				  .from = what & 32 ? "account@smart.test" : NULL,
				  .sender = what & 64 ? "s@x.test" : "",
				  .origin = "o.test",
				  .hostname = "h.test",
				  .now = 1795428000000};
	struct buf out, notes;
	data += n > 0;
	n -= n > 0;
	size_t head = header_of(data, n);
	const struct mail_repair_text text = {(const char *)data, head, (const char *)data + head,
					      n - head, what & 128};
	buf_init(&out, 0);
	buf_init(&notes, MAIL_REPAIR_NOTES);
	assert(mail_repair_header(&how, &text, &out, &notes) == OK);
	assert(out.len >= 2 && out.len <= 4 * n + 4096);
	assert(header_of((const uint8_t *)buf_head(&out), out.len) == out.len);
	buf_free(&out);
	buf_free(&notes);
	return 0;
}
