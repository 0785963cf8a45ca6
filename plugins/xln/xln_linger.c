/*
 * Closing so that the peer gets what was sent before.
 *
 * A kernel that closes with bytes unread, or gets more of them afterwards, answers with a reset,
 * and a reset throws away what the peer has not read yet. So a connection whose peer is still
 * sending, or has not acknowledged everything, ends its direction and reads on into nothing, until
 * the peer ends too, LINGER_MS passed or LINGER_BYTES came. It has no handle any more.
 *
 * Bounded: LINGER_COUNT of them a stack; the next one is closed plainly.
 */
#include "xln/xln.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINGER_MS 5000u
#define LINGER_BYTES (1024u * 1024)
#define LINGER_COUNT 256u

struct xln_linger {
	struct xln_op op; /* waits for bytes */
	struct sgt_stack *stack;
	TAILQ_ENTRY(xln_linger) entry;
	uint64_t until_ms;
	size_t discarded;
	int fd;
	bool over; /* its time is: the op is being given up */
};

static void end(struct xln_linger *l)
{
	struct sgt_stack *s = l->stack;
	close(l->fd);
	TAILQ_REMOVE(&s->lingering, l, entry);
	s->linger_count--;
	xln_alloc(s, l, 0);
}

static bool wait_on(struct xln_linger *l)
{
	struct xln_ring *r = &l->stack->ring;
	struct io_uring_sqe *entry = xln_ring_entry(r);
	if (!entry)
		return false;
	io_uring_prep_poll_add(entry, l->fd, POLLIN | POLLRDHUP);
	xln_ring_start(r, &l->op, entry);
	return true;
}

static void arrived(struct xln_op *op, int res, uint32_t flags)
{
	struct xln_linger *l = XLN_OWNER(op, struct xln_linger, op);
	(void)flags;
	if (l->over || res < 0 || !socket_discard(l->fd, &l->discarded, LINGER_BYTES) ||
	    !wait_on(l))
		end(l);
}

static bool begin(struct sgt_stack *s, int fd, size_t discarded)
{
	if (s->linger_count == LINGER_COUNT || shutdown(fd, SHUT_WR) < 0)
		return false;
	struct xln_linger *l = xln_alloc(s, NULL, sizeof *l);
	if (!l)
		return false;
	*l = (struct xln_linger){.op = {.done = arrived},
				 .stack = s,
				 .until_ms = s->host->now_ms(s->host->ctx) + LINGER_MS,
				 .discarded = discarded,
				 .fd = fd};
	if (!wait_on(l)) {
		xln_alloc(s, l, 0);
		return false;
	}
	TAILQ_INSERT_TAIL(&s->lingering, l, entry);
	s->linger_count++;
	return true;
}

void xln_linger_close(struct sgt_stack *s, int fd)
{
	size_t discarded = 0;
	if (socket_discard(fd, &discarded, LINGER_BYTES) && (discarded || socket_unfinished(fd)) &&
	    begin(s, fd, discarded))
		return;
	close(fd);
}

static void give_up(struct xln_linger *l)
{
	if (!l->over)
		xln_ring_cancel(&l->stack->ring, &l->op);
	l->over = true;
}

int xln_linger_expire(struct sgt_stack *s)
{
	struct xln_linger *l;
	if (TAILQ_EMPTY(&s->lingering))
		return -1;
	uint64_t now = s->host->now_ms(s->host->ctx);
	TAILQ_FOREACH(l, &s->lingering, entry)
	{
		if (l->until_ms > now)
			return (int)(l->until_ms - now);
		give_up(l);
	}
	return -1;
}

void xln_linger_stop(struct sgt_stack *s)
{
	struct xln_linger *l;
	TAILQ_FOREACH(l, &s->lingering, entry)
	give_up(l);
}
