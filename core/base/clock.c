/* The system's clock and randomness, and the tests' own: see clock.h. */
#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

static int64_t read_ms(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t system_mono(void *ctx)
{
	(void)ctx;
	return read_ms(CLOCK_MONOTONIC);
}

static int64_t system_wall(void *ctx)
{
	(void)ctx;
	return read_ms(CLOCK_REALTIME);
}

static uint64_t system_random(void *ctx)
{
	uint64_t bits;
	(void)ctx;
	ssize_t n;
	do
		n = getrandom(&bits, sizeof bits, 0);
	while (n < 0 && errno == EINTR); /* a signal while a young machine gathers its first bits */
	if (n != (ssize_t)sizeof bits)
		abort(); /* a kernel without randomness: nothing safe can follow */
	return bits;
}

const struct clock *clock_system(void)
{
	static const struct clock c = {system_mono, system_wall, system_random, NULL};
	return &c;
}

static int64_t fake_mono(void *ctx)
{
	return ((struct clock_fake *)ctx)->mono_ms;
}

static int64_t fake_wall(void *ctx)
{
	return ((struct clock_fake *)ctx)->wall_ms;
}

static uint64_t fake_random(void *ctx)
{
	return ((struct clock_fake *)ctx)->seed += 0x9e3779b97f4a7c15u;
}

void clock_fake_init(struct clock_fake *f, int64_t mono_ms, int64_t wall_ms)
{
	*f = (struct clock_fake){
		.clock = {fake_mono, fake_wall, fake_random, f},
		.mono_ms = mono_ms,
		.wall_ms = wall_ms,
		.seed = 1,
	};
}
