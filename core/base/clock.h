/* Time and randomness come in through this, so that tests own them. All times are milliseconds. */
#ifndef SMTPGATE_BASE_CLOCK_H
#define SMTPGATE_BASE_CLOCK_H

#include <stdint.h>

struct clock {
	int64_t (*mono)(void *ctx);    /* ms, never goes back: for waits */
	int64_t (*wall)(void *ctx);    /* ms since 1970 UTC: for people, files and the schedule */
	uint64_t (*random)(void *ctx); /* 64 unpredictable bits */
	void *ctx;
};

/* The machine's own clock and getrandom(2). Never NULL, usable from every thread. */
const struct clock *clock_system(void);

static inline int64_t clock_mono(const struct clock *c)
{
	return c->mono(c->ctx);
}
static inline int64_t clock_wall(const struct clock *c)
{
	return c->wall(c->ctx);
}
static inline uint64_t clock_random(const struct clock *c)
{
	return c->random(c->ctx);
}

/* A clock that tests set by hand; random counts up by a fixed odd step from 1. */
struct clock_fake {
	struct clock clock; /* hand out &fake.clock */
	int64_t mono_ms, wall_ms;
	uint64_t seed;
};
void clock_fake_init(struct clock_fake *f, int64_t mono_ms, int64_t wall_ms);

#endif
