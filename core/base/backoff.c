/* Waits between tries: see backoff.h. Owns nothing. */
#include "base/backoff.h"

int64_t backoff_next(struct backoff *b)
{
	int64_t most = b->first > b->most ? b->first : b->most;
	b->wait = !b->wait ? b->first : b->wait < most / 2 ? b->wait * 2 : most;
	return b->wait;
}

void backoff_reset(struct backoff *b)
{
	b->wait = 0;
}
