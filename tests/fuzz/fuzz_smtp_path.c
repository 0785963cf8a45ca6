/* smtp/path: any text under any flags stays within its bounds; what is taken may be sent again and
 * is taken again. */
#include "smtp/path.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* An address that was taken is taken in brackets too, whole and without parameters. */
static void check_again(const struct smtp_path *path)
{
	char *again = malloc(path->n + 3);
	struct smtp_path second;
	check(again != NULL);
	int n = snprintf(again, path->n + 3, "<%.*s>", (int)path->n, path->address);
	check((size_t)n == path->n + 2);
	check(smtp_path_scan(again, (size_t)n, SMTP_PATH_LOOSE | SMTP_PATH_NULL, &second) == OK);
	check(second.n == path->n && !second.routed && second.rest == again + n);
	again[n - 1] = '\0';
	check(smtp_path_sendable(again + 1) || path->n > SMTP_PATH_MAX);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *text = (const char *)data;
	for (unsigned flags = 0; flags < 8; flags++) {
		struct smtp_path path;
		if (smtp_path_scan(text, n, flags, &path) != OK)
			continue;
		check(path.address >= text && path.address + path.n <= text + n);
		check(path.rest >= path.address + path.n && path.rest <= text + n);
		check(path.n || flags & SMTP_PATH_NULL);
		check(!path.bare || flags & SMTP_PATH_LOOSE);
		check_again(&path);
	}
	return 0;
}
