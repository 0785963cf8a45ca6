/* Any bytes as content: the same is seen however it is cut into chunks, in bounded memory. The
 * first byte is the cut. */
#include "mail/header.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void scan(struct mail_header *h, const uint8_t *data, size_t n, size_t chunk)
{
	mail_header_init(h);
	for (size_t at = 0; at < n; at += chunk)
		assert(mail_header_feed(h, data + at, n - at < chunk ? n - at : chunk) == OK);
	assert(mail_header_finish(h) == OK);
	assert(h->end != MAIL_HEADER_OPEN && h->header_size <= h->size && h->size == n);
	assert(h->kept.len <= MAIL_HEADER_KEPT);
}

static void check_values(const struct mail_header *a, const struct mail_header *b)
{
	for (int field = 0; field < MAIL_FIELD_COUNT; field++) {
		assert(a->counts[field] == b->counts[field]);
		for (unsigned i = 0;; i++) {
			const char *one = mail_header_get_nth(a, (enum mail_field)field, i);
			const char *two = mail_header_get_nth(b, (enum mail_field)field, i);
			assert(!one == !two && (!one || strcmp(one, two) == 0));
			if (!one)
				break;
			assert(strlen(one) <= MAIL_HEADER_VALUE);
			for (; *one; one++)
				assert(*one < 0 || *one >= ' ');
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct mail_header whole, cut;
	size_t chunk = n ? data[0] % 17 + 1u : 1;
	data += n > 0;
	n -= n > 0;
	scan(&whole, data, n, n ? n : 1);
	scan(&cut, data, n, chunk);
	assert(whole.end == cut.end && whole.header_size == cut.header_size);
	assert(whole.fields == cut.fields && whole.received == cut.received);
	assert(whole.eight_bit == cut.eight_bit && whole.bare == cut.bare && whole.nul == cut.nul);
	assert(mail_header_loops(&whole, "bob@example.net") ==
	       mail_header_loops(&cut, "bob@example.net"));
	check_values(&whole, &cut);
	mail_header_free(&whole);
	mail_header_free(&cut);
	return 0;
}
