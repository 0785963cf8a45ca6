/*
 * ftp in the conformance suite, against kernel sockets behind a TAP of the same switch. lwIP is once in a process, so no twin
 * of it can be the peer; two gateways with it meet in tests/system/test_vendor_ftp.py.
 */
#include "conformance/check.h"
#include "conformance/vde_bed.h"

#include <unistd.h>

extern const struct sgt_module SGT_MODULE(ftp);

static struct vde_bed network;

static void kernel_bed(struct conformance_bed *bed)
{
	static struct conformance_setting settings[4];
	vde_bed_open(&network);
	settings[0] = (struct conformance_setting){"network", network.url};
	settings[1] = (struct conformance_setting){"address", "10.77.0.25/24, fd77::25/64"};
	*bed = (struct conformance_bed){
		.name = "ftp",
		.module = &SGT_MODULE(ftp),
		.settings = settings,
		.host = "10.77.0.25",
		.host6 = "[fd77::25]",
		.peer_host = VDE_BED_HOST,
		.peer_host6 = VDE_BED_HOST6,
		.dead = "10.77.0.99:25", /* nobody has it: ARP is not answered */
		.peer = &conformance_peer_kernel,
		.netns = network.netns,
		.crossed = vde_bed_crossed,
		.bulk = 65536,
		.network_max = 16 * 1024 * 1024, /* the peer's buffers, and lwIP's window */
		.memory_max = 2 * 65536 + 16384,
		.idle_max = 1024,
		.sessions = 1000,
	};
}

static Suite *suite(void)
{
	Suite *s = suite_create("conformance/ftp");
	if (geteuid() == 0)
		conformance_add(s, kernel_bed);
	else
		printf("ftp against kernel sockets: skipped, a network namespace needs root\n");
	return s;
}
SUITE_MAIN(suite)
