/*
 * win in the conformance suite: against kernel sockets behind a TAP of the same switch (root), and against another win, also as
 * an ordinary user: a program each (one_bed.c).
 */
#include "conformance/check.h"
#include "conformance/one_bed.h"
#include "conformance/vde_bed.h"

extern const struct sgt_module SGT_MODULE(win);

static struct vde_bed network;

static const struct conformance_setting *settings(const char *address, const char *source,
						  const char *source6,
						  struct conformance_setting out[5])
{
	out[0] = (struct conformance_setting){"network", network.url};
	out[1] = (struct conformance_setting){"address", address};
	out[2] = (struct conformance_setting){"source", source};
	out[3] = (struct conformance_setting){"source6", source6};
	out[4] = (struct conformance_setting){NULL, NULL};
	return out;
}

static void bed_of(struct conformance_bed *bed, const char *name)
{
	static struct conformance_setting ours[5], theirs[5];
	*bed = (struct conformance_bed){
		.name = name,
		.module = &SGT_MODULE(win),
		.settings = settings("10.77.0.35/24", "10.77.0.36", "fd77::36/64", ours),
		.peer_settings = settings("10.77.0.135/24", "10.77.0.136", "fd77::136/64", theirs),
		.host = "10.77.0.35",
		.dead = "10.77.0.99:25", /* nobody has it: ARP is not answered */
		.bulk = 65536,
		/* the peer's buffers, and the two of libslirp and the AF_UNIX socket between */
		.network_max = 16 * 1024 * 1024,
		.memory_max = 65536,
		.idle_max = 1024,
		.sessions = 1000,
	};
}

void win_kernel_bed(struct conformance_bed *bed)
{
	bed_of(bed, "win");
	vde_bed_to_kernel(bed, &network);
}

void win_twin_bed(struct conformance_bed *bed)
{
	bed_of(bed, "win and win");
	vde_bed_to_twin(bed, &network, "10.77.0.135");
	bed->sessions = 300;
}

/* The switch is his, too. */
void win_user_bed(struct conformance_bed *bed)
{
	conformance_become_user();
	win_twin_bed(bed);
	bed->name = "win and win, as an ordinary user";
}
