/*
 * The MMFF reader over any bytes: it ends, it goes forward, contents lie inside, and what it took is written and read again as
 * the same message.
 */
#include "translate/mmff.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_again(const struct neutral *m, struct region *region)
{
	struct mmff_form form = {.ending = ENDING_CRLF, .extended = true};
	struct buf b;
	struct sink s;
	static struct mmff_reader r;
	struct neutral again;
	struct err err;
	buf_init(&b, 0);
	sink_buffer(&s, &b);
	assert(mmff_write(m, &form, &s) == OK);
	struct content c = content_memory(buf_head(&b), b.len);
	mmff_reader_init(&r, &c, -1);
	assert(mmff_next(&r, region, &again, &err) == OK);
	assert(again.to.count == m->to.count && again.cc.count == m->cc.count);
	assert(again.parts.count == m->parts.count && again.fields.count == m->fields.count);
	for (size_t i = 0; i < m->parts.count; i++)
		assert(again.parts.items[i].content.size == m->parts.items[i].content.size);
	assert(mmff_next(&r, region, &again, &err) == E_NOTFOUND);
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct mmff_reader r;
	struct content c = content_memory(data, n);
	c.most = n % 7;
	mmff_reader_init(&r, &c, -1);
	uint64_t last = 0;
	for (;;) {
		struct region *region = region_new(0);
		struct neutral m;
		struct err err;
		enum result got = mmff_next(&r, region, &m, &err);
		assert(got == OK || got == E_CORRUPT || got == E_NOTFOUND);
		assert(got == E_NOTFOUND || (r.start >= last && r.end > r.start && r.end <= n));
		last = r.end;
		if (got == OK)
			check_again(&m, region);
		region_destroy(&region);
		if (got == E_NOTFOUND)
			return 0;
	}
}
