/*
 * Closing so that the peer gets what was sent before.
 *
 * A kernel that closes with bytes unread, or gets more of them afterwards, answers with a reset,
 * and a reset throws away what the peer has not read yet: the very reply that said why we close. So
 * a connection whose peer is still sending, or has not acknowledged everything, ends its direction
 * and reads on into nothing, until the peer ends too, LINGER_MS passed or LINGER_BYTES came. It has
 * no handle any more and delivers nothing.
 *
 * Bounded: LINGER_COUNT of them a stack; the next one is closed plainly.
 */
#include "support/sockets_int.h"

#include <unistd.h>

#define LINGER_MS 5000u
#define LINGER_BYTES (1024u * 1024)
#define LINGER_COUNT 256u

struct sock_linger {
	struct watch watch;
	struct sock_grave grave;
	struct sock_stack *stack;
	TAILQ_ENTRY(sock_linger) entry;
	uint64_t until_ms;
	size_t discarded;
};

static void end(struct sock_linger *l)
{
	struct sock_stack *s = l->stack;
	poller_remove(&s->poller, &l->watch);
	close(l->watch.fd);
	TAILQ_REMOVE(&s->lingering, l, entry);
	s->linger_count--;
	sock_bury(s, l, &l->grave);
}

static void linger_event(struct watch *w, uint32_t events)
{
	struct sock_linger *l = (struct sock_linger *)w;
	(void)events;
	if (!socket_discard(l->watch.fd, &l->discarded, LINGER_BYTES))
		end(l);
}

static bool begin(struct sock_stack *s, int fd, size_t discarded)
{
	if (s->linger_count == LINGER_COUNT || shutdown(fd, SHUT_WR) < 0)
		return false;
	struct sock_linger *l = sock_alloc(s, NULL, sizeof *l);
	if (!l)
		return false;
	*l = (struct sock_linger){.watch = {.fn = linger_event, .fd = fd},
				  .stack = s,
				  .until_ms = s->host->now_ms(s->host->ctx) + LINGER_MS,
				  .discarded = discarded};
	if (poller_add(&s->poller, &l->watch, EPOLLIN | EPOLLRDHUP) != 0) {
		sock_alloc(s, l, 0);
		return false;
	}
	TAILQ_INSERT_TAIL(&s->lingering, l, entry);
	s->linger_count++;
	return true;
}

void linger_close(struct sock_stack *s, int fd)
{
	size_t discarded = 0;
	if (socket_discard(fd, &discarded, LINGER_BYTES) && (discarded || socket_unfinished(fd)) &&
	    begin(s, fd, discarded))
		return;
	close(fd);
}

int linger_expire(struct sock_stack *s)
{
	struct sock_linger *l;
	if (TAILQ_EMPTY(&s->lingering))
		return -1;
	uint64_t now = s->host->now_ms(s->host->ctx);
	while ((l = TAILQ_FIRST(&s->lingering)) != NULL) {
		if (l->until_ms > now)
			return (int)(l->until_ms - now);
		end(l);
	}
	return -1;
}

void linger_stop(struct sock_stack *s)
{
	while (!TAILQ_EMPTY(&s->lingering))
		end(TAILQ_FIRST(&s->lingering));
}
