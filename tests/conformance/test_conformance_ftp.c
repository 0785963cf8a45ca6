/*
 * ftp in the conformance suite: against kernel sockets behind a TAP of the same switch (root), and against another ftp, which is
 * another interface of the same lwIP, also as an ordinary user: a program each (one_bed.c).
 */
#include "conformance/check.h"
#include "conformance/one_bed.h"
#include "conformance/vde_bed.h"

extern const struct sgt_module SGT_MODULE(ftp);

static struct vde_bed network;

static const struct conformance_setting *settings(const char *address,
						  struct conformance_setting out[3])
{
	out[0] = (struct conformance_setting){"network", network.url};
	out[1] = (struct conformance_setting){"address", address};
	out[2] = (struct conformance_setting){NULL, NULL};
	return out;
}

static void bed_of(struct conformance_bed *bed, const char *name)
{
	static struct conformance_setting ours[3], theirs[3];
	*bed = (struct conformance_bed){
		.name = name,
		.module = &SGT_MODULE(ftp),
		.settings = settings("10.77.0.25/24, fd77::25/64", ours),
		.peer_settings = settings("10.77.0.125/24, fd77::125/64", theirs),
		.host = "10.77.0.25",
		.host6 = "[fd77::25]",
		.dead = "10.77.0.99:25", /* nobody has it: ARP is not answered */
		.bulk = 65536,
		.network_max = 16 * 1024 * 1024, /* the peer's buffers, and lwIP's window */
		.memory_max = 2 * 65536 + 16384,
		.idle_max = 1024,
		.sessions = 1000,
	};
}

void ftp_kernel_bed(struct conformance_bed *bed)
{
	bed_of(bed, "ftp");
	vde_bed_to_kernel(bed, &network);
}

void ftp_twin_bed(struct conformance_bed *bed)
{
	bed_of(bed, "ftp and ftp");
	vde_bed_to_twin(bed, &network, "10.77.0.125");
	bed->peer_host6 = "[fd77::125]";
	bed->sessions = 300;
}

/* The switch is his, too. */
void ftp_user_bed(struct conformance_bed *bed)
{
	conformance_become_user();
	ftp_twin_bed(bed);
	bed->name = "ftp and ftp, as an ordinary user";
}
