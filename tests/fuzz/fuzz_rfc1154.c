/* Any bytes as values of Encoding and X-MS-Attachment: parts that can be counted out, and a name that is a piece of the value. */
#include "translate/rfc1154.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rfc1154 e;
	struct region *region = region_new(0);
	char *value = region_alloc(region, n + 1);
	memcpy(value, data, n);
	value[n] = '\0';
	if (rfc1154_read(value, region, &e) == OK) {
		assert(e.count > 0 && e.count <= RFC1154_PARTS_MAX);
		for (size_t i = 0; i < e.count; i++)
			assert(!e.parts[i].rest || (i + 1 == e.count && !e.parts[i].lines));
	}
	char *name = rfc1154_name(value, region);
	assert(name && strstr(value, name));
	region_destroy(&region);
	return 0;
}
