/* Datagram handles: UDP over IPv4, IPv6 or both. */
#include "support/sockets_int.h"

#include <errno.h>
#include <unistd.h>

#define RECEIVES 32 /* of one handle before others have their turn */

struct sgt_dgram {
	struct watch watch;
	struct sock_grave grave;
	struct sock_stack *stack;
	LIST_ENTRY(sgt_dgram) all;
	void *user;
	int family;
};

/* true when another may be tried. */
static bool receive_one(struct sgt_dgram *d)
{
	struct sock_stack *s = d->stack;
	struct sockaddr_storage from;
	struct ipaddr peer;
	char text[SGT_ADDRESS_MAX];
	socklen_t len = sizeof from;
	ssize_t n = recvfrom(d->watch.fd, s->datagram, SOCK_DATAGRAM_MAX, 0,
			     (struct sockaddr *)&from, &len);
	if (n < 0)
		return errno != EAGAIN; /* others are a signal, or old news of an earlier send */
	s->counters.bytes_in += (size_t)n;
	if (!ipaddr_from(&peer, (struct sockaddr *)&from))
		return true;
	struct sgt_event event = {.type = SGT_EV_DATAGRAM,
				  .user = d->user,
				  .dgram = d,
				  .data = s->datagram,
				  .len = (size_t)n,
				  .peer = ipaddr_format(&peer, text)};
	s->host->deliver(s->host->ctx, &event);
	return true;
}

static void dgram_event(struct watch *w, uint32_t events)
{
	(void)events;
	/* The callee may close the handle: then the watch is dead. */
	for (int i = 0; i < RECEIVES && w->fn; i++)
		if (!receive_one((struct sgt_dgram *)w))
			return;
}

static enum sgt_result open_failed(struct sock_stack *s, struct sgt_dgram *d, int fd,
				   struct sgt_error *error)
{
	if (d)
		sock_alloc(s, d, 0);
	close(fd);
	return error_set(error, SGT_NOMEM, "memory is short for datagrams");
}

static int family_of(int fd)
{
	int family = 0;
	socklen_t len = sizeof family;
	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len);
	return family;
}

enum sgt_result sock_dgram_open(struct sock_stack *s, const struct ipaddr *local, void *user,
				struct sgt_dgram **dgram, struct sgt_error *error)
{
	int fd;
	enum sgt_result r = socket_bind(&s->maker, SOCK_DGRAM, local, false, &fd, error);
	if (r != SGT_OK)
		return r;
	if (!s->datagram)
		s->datagram = sock_alloc(s, NULL, SOCK_DATAGRAM_MAX);
	struct sgt_dgram *d = sock_alloc(s, NULL, sizeof *d);
	if (!d || !s->datagram)
		return open_failed(s, d, fd, error);
	*d = (struct sgt_dgram){.watch = {.fn = dgram_event, .fd = fd},
				.stack = s,
				.user = user,
				.family = family_of(fd)};
	if (poller_add(&s->poller, &d->watch, EPOLLIN) != 0)
		return open_failed(s, d, fd, error);
	LIST_INSERT_HEAD(&s->dgrams, d, all);
	*dgram = d;
	return SGT_OK;
}

enum sgt_result sock_dgram_send(struct sgt_dgram *d, const char *to, const void *data, size_t len)
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
	ssize_t n = sendto(d->watch.fd, data, len, MSG_NOSIGNAL, &a.u.sa, ipaddr_len(&a));
	if (n < 0 && errno != EAGAIN && errno != ENOBUFS && errno != ECONNREFUSED)
		return error_errno(&error, ERROR_CONNECT, errno, to);
	if (n > 0)
		d->stack->counters.bytes_out += (size_t)n;
	return SGT_OK;
}

void sock_dgram_close(struct sgt_dgram *d)
{
	struct sock_stack *s = d->stack;
	poller_remove(&s->poller, &d->watch);
	close(d->watch.fd);
	LIST_REMOVE(d, all);
	sock_bury(s, d, &d->grave);
}

void dgram_stop(struct sock_stack *s)
{
	while (!LIST_EMPTY(&s->dgrams))
		sock_dgram_close(LIST_FIRST(&s->dgrams));
}
