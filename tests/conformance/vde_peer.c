/* Who is the other end of a bed on a virtual Ethernet: see vde_bed.h. */
#include "conformance/vde_bed.h"

void vde_bed_to_kernel(struct conformance_bed *bed, struct vde_bed *b)
{
	vde_bed_open(b);
	bed->peer = &conformance_peer_kernel;
	bed->peer_host = VDE_BED_HOST;
	bed->peer_host6 = VDE_BED_HOST6;
	bed->netns = b->netns;
	bed->crossed = vde_bed_crossed;
}

void vde_bed_to_twin(struct conformance_bed *bed, struct vde_bed *b, const char *peer_host)
{
	vde_bed_open_plain(b, NULL);
	bed->peer = &conformance_peer_twin;
	bed->peer_host = peer_host;
	bed->crossed = vde_bed_switched;
}
