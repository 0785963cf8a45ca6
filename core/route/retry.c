/* The retry schedule: route_retry_wait and route_retry_longest of route.h. Pure; cannot fail. */
#include "route/route.h"

#define WAIT_UNSET \
	(60 * 60 * 1000) /* for an empty schedule, which the configuration does not make */

int64_t route_retry_wait(const struct conf_times *schedule, unsigned attempts, uint64_t random)
{
	int64_t wait = WAIT_UNSET;
	if (schedule->count) {
		size_t i = attempts ? attempts - 1 : 0;
		wait = schedule->ms[i < schedule->count ? i : schedule->count - 1];
	}
	return wait <= 0 ? 0 : wait + (int64_t)(random % (uint64_t)(wait / 10 + 1));
}

static int64_t longest_of(const struct conf_times *schedule)
{
	int64_t most = schedule->count ? 0 : WAIT_UNSET;
	for (size_t i = 0; i < schedule->count; i++)
		if (schedule->ms[i] > most)
			most = schedule->ms[i];
	return most + most / 10 + 1;
}

int64_t route_retry_longest(const struct settings *s)
{
	int64_t most = longest_of(&s->queue.retry);
	for (size_t i = 0; i < s->route_count; i++) {
		int64_t one = longest_of(&s->routes[i].retry);
		most = one > most ? one : most;
	}
	return most;
}
