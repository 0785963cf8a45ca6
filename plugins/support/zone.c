/* Names of zones of the host's network: see zone.h. */
#include "support/zone.h"

unsigned zone_index(const char *name)
{
	return if_nametoindex(name);
}

const char *zone_name(unsigned index, char out[IF_NAMESIZE])
{
	return if_indextoname(index, out);
}
