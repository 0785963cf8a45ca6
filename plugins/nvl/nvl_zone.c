/* Names of zones in a private network: it has two devices, and they are not the host's. See support/zone.h. */
#include "nvl/nvl_talk.h"
#include "support/zone.h"

#include <stdio.h>

static const struct {
	unsigned index;
	const char *name;
} devices[] = {{1, "lo"}, {NVL_DEVICE_INDEX, NVL_DEVICE}};

unsigned zone_index(const char *name)
{
	for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
		if (strcmp(devices[i].name, name) == 0)
			return devices[i].index;
	return 0;
}

const char *zone_name(unsigned index, char out[IF_NAMESIZE])
{
	for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
		if (devices[i].index != index)
			continue;
		snprintf(out, IF_NAMESIZE, "%s", devices[i].name);
		return out;
	}
	return NULL;
}
