/* lmn in the conformance suite, twice: against kernel sockets on loopback, and against another lmn. */
#include "conformance/check.h"
#include "conformance/host_bed.h"
#include "support/suite.h"

extern const struct sgt_module SGT_MODULE(lmn);

static void kernel_bed(struct conformance_bed *bed)
{
	host_bed_kernel(bed, &SGT_MODULE(lmn));
}

static void twin_bed(struct conformance_bed *bed)
{
	host_bed_twin(bed, &SGT_MODULE(lmn), "lmn and lmn");
}

static Suite *suite(void)
{
	Suite *s = suite_create("conformance/lmn");
	conformance_add(s, kernel_bed);
	conformance_add(s, twin_bed);
	return s;
}
SUITE_MAIN(suite)
