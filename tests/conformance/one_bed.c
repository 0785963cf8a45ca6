/* The conformance suite over one bed: BED makes it. FOR_ROOT: nobody else can, or whoever is not root has it in another program. */
#include "conformance/one_bed.h"

#include <unistd.h>

static Suite *suite(void)
{
	Suite *s = suite_create("conformance");
	conformance_add(s, BED);
	return s;
}

int main(void)
{
#ifdef FOR_ROOT
	if (geteuid() != 0) {
		printf("skipped: for root alone\n");
		return 77;
	}
#endif
	suite_patience();
	return suite_run(suite());
}
