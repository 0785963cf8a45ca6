/* xln in the conformance suite, twice: against kernel sockets on loopback, and against another xln. */
#include "conformance/check.h"
#include "conformance/host_bed.h"
#include "support/suite.h"

extern const struct sgt_module SGT_MODULE(xln);

static void kernel_bed(struct conformance_bed *bed)
{
	host_bed_kernel(bed, &SGT_MODULE(xln));
}

static void twin_bed(struct conformance_bed *bed)
{
	host_bed_twin(bed, &SGT_MODULE(xln), "xln and xln");
}

static Suite *suite(void)
{
	Suite *s = suite_create("conformance/xln");
	conformance_add(s, kernel_bed);
	conformance_add(s, twin_bed);
	return s;
}
SUITE_MAIN(suite)
