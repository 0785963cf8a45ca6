/* The retry schedule: route_retry_wait of route.h. Pure; cannot fail. */
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
