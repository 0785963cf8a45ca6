/* Any text: files of BinHex that are found in it follow one another, and their data forks decode to the size that was told. */
#include "translate/binhex.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct content text = content_memory(data, n);
	struct binhex f;
	text.most = n % 5;
	for (uint64_t at = 0; binhex_find(&text, at, &f) == OK; at = f.end) {
		struct sink to;
		assert(f.start >= at && f.end > f.start && f.end <= n && *f.name);
		sink_counting(&to);
		assert(binhex_decode(&text, &f, &to) == OK && to.count == f.data);
	}
	return 0;
}
