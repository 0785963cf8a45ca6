/* A wall clock of the tests' own, loaded before the gateway: the machine's plus the seconds that stand in the file CLOCK_OFFSET names.
 * The monotonic clock is the machine's, unless CLOCK_MONO is set: then time goes by on both. Compiled by harness.shift_clock. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile const int64_t *offset;

/* No allocation, and the kernel's own calls: it is called before the libraries are ready, a sanitizer's among them. */
static int64_t read_offset(void)
{
	const char *path = offset ? NULL : getenv("CLOCK_OFFSET");
	int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd >= 0) {
		long at = syscall(SYS_mmap, NULL, sizeof *offset, PROT_READ, MAP_SHARED, fd, 0L);
		syscall(SYS_close, fd);
		if (at != -1)
			offset = (const int64_t *)at;
	}
	return offset ? *offset : 0;
}

int clock_gettime(clockid_t id, struct timespec *t)
{
	int r = (int)syscall(SYS_clock_gettime, id, t);
	bool wall = id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE;
	if (r == 0 && (wall || (id == CLOCK_MONOTONIC && getenv("CLOCK_MONO"))))
		t->tv_sec += read_offset();
	return r;
}

time_t time(time_t *out)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	if (out)
		*out = t.tv_sec;
	return t.tv_sec;
}

int gettimeofday(struct timeval *t, void *zone)
{
	struct timespec now;
	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	t->tv_sec = now.tv_sec;
	t->tv_usec = now.tv_nsec / 1000;
	return 0;
}
