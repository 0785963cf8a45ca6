/* The conformance suite over one bed: BED makes it. FOR_ROOT: nobody else can, or whoever is not root has it in another program. */
#include "conformance/one_bed.h"

#include <unistd.h>

static Suite *suite(void)
{
	Suite *s = suite_create("conformance");
#ifdef FOR_ROOT
	if (geteuid() != 0) {
		printf("skipped: for root alone\n");
		return s;
	}
#endif
	conformance_add(s, BED);
	return s;
}
SUITE_MAIN(suite)
