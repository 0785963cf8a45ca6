/* What a network device has counted: see vde_bed.h. */
#include "conformance/vde_bed.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Lines are "  NAME: rx-bytes and seven more, tx-bytes ...". */
static uint64_t read_device(FILE *f, const char *device)
{
	char line[512];
	size_t n = strlen(device);
	while (fgets(line, sizeof line, f)) {
		const char *at = line + strspn(line, " ");
		uint64_t in, out;
		if (strncmp(at, device, n) == 0 && at[n] == ':' &&
		    sscanf(at + n + 1, "%" SCNu64 "%*u%*u%*u%*u%*u%*u%*u%" SCNu64, &in, &out) == 2)
			return in + out;
	}
	return 0;
}

uint64_t netdev_bytes(int netns, const char *device)
{
	int self = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (netns > 0 && setns(netns, CLONE_NEWNET) < 0)
		abort();
	FILE *f = fopen("/proc/thread-self/net/dev", "re");
	uint64_t bytes = f ? read_device(f, device) : 0;
	if (f)
		fclose(f);
	if (netns > 0 && setns(self, CLONE_NEWNET) < 0)
		abort();
	close(self);
	return bytes;
}
