/* Datagram handles: UDP over IPv4, IPv6 or both. One request receives for each, into a buffer of its
 * own; what is sent goes straight to the kernel, which copies it. */
#include "xln/xln.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DATAGRAM_MAX 65536u

struct sgt_dgram {
	struct xln_op op;
	struct sgt_stack *stack;
	LIST_ENTRY(sgt_dgram) all;
	void *user;
	int fd, family;
	bool dead;    /* closed; freed when the op is not live any more */
	bool serving; /* an event is being delivered: not to be freed under it */
	struct sockaddr_storage from;
	struct iovec piece;
	struct msghdr message;
	unsigned char bytes[DATAGRAM_MAX];
};

static bool receive(struct sgt_dgram *d)
{
	struct xln_ring *r = &d->stack->ring;
	struct io_uring_sqe *entry = xln_ring_entry(r);
	if (!entry)
		return false;
	d->piece = (struct iovec){.iov_base = d->bytes, .iov_len = sizeof d->bytes};
	d->message = (struct msghdr){.msg_name = &d->from,
				     .msg_namelen = sizeof d->from,
				     .msg_iov = &d->piece,
				     .msg_iovlen = 1};
	io_uring_prep_recvmsg(entry, d->fd, &d->message, 0);
	xln_ring_start(r, &d->op, entry);
	return true;
}

static void deliver(struct sgt_dgram *d, size_t n)
{
	struct sgt_stack *s = d->stack;
	struct ipaddr peer;
	char text[SGT_ADDRESS_MAX];
	s->counters.bytes_in += n;
	if (!ipaddr_from(&peer, (struct sockaddr *)&d->from))
		return;
	struct sgt_event event = {.type = SGT_EV_DATAGRAM,
				  .user = d->user,
				  .dgram = d,
				  .data = d->bytes,
				  .len = n,
				  .peer = ipaddr_format(&peer, text)};
	s->host->deliver(s->host->ctx, &event);
}

static void bury(struct sgt_dgram *d)
{
	if (!d->dead || d->op.live || d->serving)
		return;
	close(d->fd);
	xln_alloc(d->stack, d, 0);
}

/* Errors are old news of an earlier send, or a signal. */
static void received(struct xln_op *op, int res, uint32_t flags)
{
	struct sgt_dgram *d = XLN_OWNER(op, struct sgt_dgram, op);
	(void)flags;
	d->serving = true;
	if (res >= 0 && !d->dead && !d->stack->stopping)
		deliver(d, (size_t)res);
	d->serving = false;
	if (!d->dead && !d->stack->stopping && !receive(d))
		xln_log(d->stack, SGT_LOG_ERROR,
			"datagrams are not received any more: the ring is full");
	bury(d);
}

static int family_of(int fd)
{
	int family = 0;
	socklen_t len = sizeof family;
	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len);
	return family;
}

enum sgt_result xln_dgram_open(struct sgt_stack *s, const struct ipaddr *local, void *user,
			       struct sgt_dgram **dgram, struct sgt_error *error)
{
	int fd;
	enum sgt_result r = socket_bind(&s->maker, SOCK_DGRAM, local, false, &fd, error);
	if (r != SGT_OK)
		return r;
	struct sgt_dgram *d = xln_alloc(s, NULL, sizeof *d);
	if (d) {
		memset(d, 0, offsetof(struct sgt_dgram, bytes));
		d->op.done = received;
		d->stack = s;
		d->user = user;
		d->fd = fd;
		d->family = family_of(fd);
	}
	if (!d || !receive(d)) {
		xln_alloc(s, d, 0);
		close(fd);
		return error_set(error, SGT_NOMEM, "memory is short for datagrams");
	}
	LIST_INSERT_HEAD(&s->dgrams, d, all);
	*dgram = d;
	return SGT_OK;
}

enum sgt_result xln_dgram_send(struct sgt_dgram *d, const char *to, const void *data, size_t len)
{
	struct sgt_error error;
	struct ipaddr a;
	enum sgt_result r = ipaddr_parse(to, 0, &a, &error);
	if (r != SGT_OK)
		return r;
	if (d->family == AF_INET6)
		ipaddr_map(&a);
	if (a.any || a.u.sa.sa_family != d->family)
		return SGT_BAD_ADDRESS;
	ssize_t n = sendto(d->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT, &a.u.sa, ipaddr_len(&a));
	if (n < 0 && errno != EAGAIN && errno != ENOBUFS && errno != ECONNREFUSED)
		return error_errno(&error, ERROR_CONNECT, errno, to);
	if (n > 0)
		d->stack->counters.bytes_out += (uint64_t)n;
	return SGT_OK;
}

void xln_dgram_close(struct sgt_dgram *d)
{
	d->dead = true;
	LIST_REMOVE(d, all);
	xln_ring_cancel(&d->stack->ring, &d->op);
	bury(d);
}

void xln_dgram_stop(struct sgt_stack *s)
{
	while (!LIST_EMPTY(&s->dgrams))
		xln_dgram_close(LIST_FIRST(&s->dgrams));
}
