/* What destinations put up with: see throttle.h. */
#include "gateway/throttle.h"

void throttle_too_many(struct throttle *t, unsigned open, int64_t now)
{
	unsigned most = open ? open : 1;
	if (!t->connections || most < t->connections)
		t->connections = most;
	t->connections_ease = now + THROTTLE_EASE_MS;
}

/* Windows that are over: only the last one counts for what comes. */
static void turn(struct throttle *t, int64_t now)
{
	if (now < t->window + THROTTLE_WINDOW_MS)
		return;
	t->before = now < t->window + 2 * THROTTLE_WINDOW_MS ? t->used : 0;
	t->used = 0;
	t->window = now;
}

void throttle_too_fast(struct throttle *t, int64_t pause, int64_t now)
{
	turn(t, now);
	unsigned most = t->used > t->before ? t->used : t->before;
	unsigned rate = most * 3 / 4;
	rate = rate ? rate : 1;
	if (!t->rate || rate < t->rate)
		t->rate = t->rate_first = rate;
	t->rate_ease = now + THROTTLE_EASE_MS;
	t->not_before = now + pause;
}

unsigned throttle_connections(struct throttle *t, unsigned most, int64_t now)
{
	if (!t->connections)
		return most;
	if (now >= t->connections_ease) {
		t->connections++;
		t->connections_ease = now + THROTTLE_EASE_MS;
	}
	if (t->connections >= most) {
		t->connections = 0;
		return most;
	}
	return t->connections;
}

static void ease_rate(struct throttle *t, int64_t now)
{
	if (!t->rate || now < t->rate_ease)
		return;
	t->rate += t->rate / 4 + 1;
	t->rate_ease = now + THROTTLE_EASE_MS;
	if (t->rate > 4 * t->rate_first)
		t->rate = 0;
}

int64_t throttle_take(struct throttle *t, int64_t now)
{
	turn(t, now);
	ease_rate(t, now);
	if (now < t->not_before)
		return t->not_before;
	if (t->rate && t->used >= t->rate)
		return t->window + THROTTLE_WINDOW_MS;
	t->used++;
	return now;
}
