/* Any bytes as a table: control characters stay, and nothing becomes one. */
#include "translate/table.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct table t;
	bool odd;
	if (table_read(data, n, &t, &odd) != OK)
		return 0;
	assert(n >= 256 && n <= TABLE_FILE_MAX && odd == (n != TABLE_FILE_SIZE));
	for (unsigned i = 0; i < 256; i++) {
		char c = (char)i;
		bool control = i < ' ' || i == 0x7f;
		table_apply(&t, &c, 1);
		unsigned char to = (unsigned char)c;
		assert(control ? to == i : to == i || (to >= ' ' && to != 0x7f));
	}
	return 0;
}
