/* See host_bed.h. */
#include "conformance/host_bed.h"
#include "conformance/vde_bed.h"

#include <check.h>
#include <sys/resource.h>
#include <unistd.h>

#define SESSIONS 10000u

/* Two descriptors a session; root may raise the limit, others take what there is. */
static unsigned sessions(void)
{
	struct rlimit r;
	getrlimit(RLIMIT_NOFILE, &r);
	if (geteuid() == 0)
		r.rlim_max = 2 * SESSIONS + 200;
	r.rlim_cur = r.rlim_max < 2 * SESSIONS + 200 ? r.rlim_max : 2 * SESSIONS + 200;
	if (setrlimit(RLIMIT_NOFILE, &r) < 0)
		getrlimit(RLIMIT_NOFILE, &r);
	rlim_t n = r.rlim_cur > 800 ? (r.rlim_cur - 200) / 2 : 300;
	return n < SESSIONS ? (unsigned)n : SESSIONS;
}

static bool has_ipv6(void)
{
	FILE *f = fopen("/proc/net/if_inet6", "r");
	bool some = f && getc(f) != EOF;
	if (f)
		fclose(f);
	return some;
}

static uint64_t loopback_bytes(const struct conformance_bed *bed)
{
	(void)bed;
	return netdev_bytes(0, "lo");
}

void host_bed_kernel(struct conformance_bed *bed, const struct sgt_module *module)
{
	*bed = (struct conformance_bed){
		.name = module->code,
		.module = module,
		.host = "127.0.0.1",
		.host6 = has_ipv6() ? "[::1]" : NULL,
		.peer_host = "127.0.0.1",
		.peer_host6 = has_ipv6() ? "[::1]" : NULL,
		.peer = &conformance_peer_kernel,
		.bulk = 1024 * 1024,
		.network_max = 24 * 1024 * 1024, /* tcp_rmem and tcp_wmem at their largest */
		.memory_max = 65536,
		.idle_max = 1024,
		.sessions = sessions(),
		.crossed = loopback_bytes,
	};
}

/* A stack that does not run is no dead address here: the kernel answers for it. */
static const char *hole(void)
{
	static char address[SGT_ADDRESS_MAX];
	static struct peer *peer; /* lives as long as the process */
	if (!peer)
		peer = conformance_peer_kernel.open(NULL, NULL);
	ck_assert(peer && conformance_peer_kernel.hole(peer, "127.0.0.1", address));
	return address;
}

void host_bed_twin(struct conformance_bed *bed, const struct sgt_module *module, const char *name)
{
	host_bed_kernel(bed, module);
	bed->dead = hole();
	bed->name = name;
	bed->peer = &conformance_peer_twin;
	bed->sessions = bed->sessions < 1000 ? bed->sessions : 1000;
}
