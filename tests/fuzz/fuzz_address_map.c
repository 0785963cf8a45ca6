/*
 * ADDR_MAP.CFG and LOCAL.CFG over any bytes: they are read or refused with a line; an address of a line that was read goes out and
 * comes back to the postoffice of the first line with its domain.
 */
#include "mail/address_map.h"
#include "mail/local_cfg.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_entry(const struct mail_map *m, const struct mail_map_entry *e,
			struct region *region)
{
	char native[MAIL_NATIVE_MAX + 1], back[MAIL_NATIVE_MAX + 1];
	const char *address;
	struct err err;
	snprintf(native, sizeof native, "%s/joe", e->office);
	if (mail_map_outgoing(m, native, region, &address, &err) != OK)
		return;
	assert(strncmp(address, "joe@", 4) == 0);
	if (mail_map_incoming(m, address, back, sizeof back, &err) == OK)
		assert(strcmp(back + strlen(back) - 4, "/joe") == 0 &&
		       strlen(back) <= MAIL_NATIVE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct region *region = region_new(0);
	struct mail_map map;
	struct mail_local_cfg cfg;
	struct err err = {.code = OK};
	if (mail_map_parse((const char *)data, n, region, &map, &err) != OK)
		assert(strncmp(err.text, "line ", 5) == 0);
	else
		for (size_t i = 0; i < map.count && i < 50; i++)
			check_entry(&map, &map.entries[i], region);
	if (mail_local_cfg_parse((const char *)data, n, region, &cfg, &err) != OK)
		assert(strncmp(err.text, "line ", 5) == 0);
	region_destroy(&region);
	return 0;
}
