/* lmn in the conformance suite: against kernel sockets on loopback, also as an ordinary user, and against another lmn. */
#include "conformance/check.h"
#include "conformance/host_bed.h"
#include "support/suite.h"

#include <unistd.h>

extern const struct sgt_module SGT_MODULE(lmn);

static void kernel_bed(struct conformance_bed *bed)
{
	host_bed_kernel(bed, &SGT_MODULE(lmn));
}

/* The limit of descriptors is raised before the right to do so is gone. */
static void user_bed(struct conformance_bed *bed)
{
	kernel_bed(bed);
	bed->name = "lmn as an ordinary user";
	conformance_become_user();
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
	if (geteuid() == 0) /* who is not root was one in the others */
		conformance_add(s, user_bed);
	return s;
}
SUITE_MAIN(suite)
