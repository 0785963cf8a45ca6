/* The peer of kernel sockets: nonblocking ones, and turns of the arena while they have nothing to do. */
#include "conformance/rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOLE_FILL 8 /* connects that fill the queue of a listener that never accepts */

/* A socket of the peer, whatever its purpose; all stand in one list so that close finds them. */
struct sock {
	struct peer *peer;
	struct sock *next;
	int fd;
};
struct peer {
	struct arena *arena;
	struct sock *socks;
	int netns, home; /* where sockets are made, and our own; -1: they are one */
};
struct peer_door {
	struct sock s;
};
struct peer_conn {
	struct sock s;
};
struct peer_post {
	struct sock s;
};

static struct peer *kernel_open(const struct conformance_bed *bed, struct arena *arena)
{
	struct peer *p = calloc(1, sizeof *p);
	if (!p)
		return NULL;
	*p = (struct peer){.arena = arena, .netns = -1, .home = -1};
	if (bed && bed->netns > 0) {
		p->netns = bed->netns;
		p->home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	}
	return p;
}

/* A socket lives in the namespace that it was made in, whoever uses it. */
static int make_socket(const struct peer *p, int family, int type)
{
	if (p->home >= 0 && setns(p->netns, CLONE_NEWNET) < 0)
		return -1;
	int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (p->home >= 0 && setns(p->home, CLONE_NEWNET) < 0)
		abort(); /* lost in another network: nothing here would be true */
	return fd;
}

static struct sock *keep(struct peer *p, int fd)
{
	struct sock *s = fd < 0 ? NULL : calloc(1, sizeof *s);
	if (!s) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	*s = (struct sock){.peer = p, .next = p->socks, .fd = fd};
	p->socks = s;
	return s;
}

static void drop(struct sock *s)
{
	struct sock **link = &s->peer->socks;
	while (*link != s)
		link = &(*link)->next;
	*link = s->next;
	close(s->fd);
	free(s);
}

static void kernel_close(struct peer *p)
{
	while (p->socks)
		drop(p->socks);
	if (p->home >= 0)
		close(p->home);
	free(p);
}

/* ---- addresses ---- */

/* "192.0.2.1:25", "[::1]:25"; a text without port has port 0. */
static bool parse(const char *text, struct sockaddr_storage *sa, socklen_t *len)
{
	char host[SGT_ADDRESS_MAX], *port = host, *name = host;
	struct addrinfo hint = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
				.ai_socktype = SOCK_STREAM};
	struct addrinfo *found;
	snprintf(host, sizeof host, "%s", text);
	if (host[0] == '[') {
		name++;
		port = strchr(host, ']');
		if (!port)
			return false;
		*port++ = '\0';
	}
	port = strchr(port, ':');
	if (port)
		*port++ = '\0';
	if (getaddrinfo(name, port ? port : "0", &hint, &found) != 0)
		return false;
	memcpy(sa, found->ai_addr, found->ai_addrlen);
	*len = found->ai_addrlen;
	freeaddrinfo(found);
	return true;
}

static void print(const struct sockaddr_storage *sa, char out[SGT_ADDRESS_MAX])
{
	char host[INET6_ADDRSTRLEN];
	const struct sockaddr_in *in4 = (const struct sockaddr_in *)sa;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;
	if (sa->ss_family == AF_INET)
		snprintf(out, SGT_ADDRESS_MAX, "%s:%u",
			 inet_ntop(AF_INET, &in4->sin_addr, host, sizeof host),
			 ntohs(in4->sin_port));
	else
		snprintf(out, SGT_ADDRESS_MAX, "[%s]:%u",
			 inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof host),
			 ntohs(in6->sin6_port));
}

static int bound(const struct peer *p, const char *host, int type, char out[SGT_ADDRESS_MAX])
{
	struct sockaddr_storage sa;
	socklen_t len;
	if (!parse(host, &sa, &len))
		return -1;
	int fd = make_socket(p, sa.ss_family, type);
	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&sa, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&sa, &len) < 0) {
		close(fd);
		return -1;
	}
	print(&sa, out);
	return fd;
}

/* ---- making connections ---- */

static struct peer_door *kernel_listen(struct peer *p, const char *host, char out[SGT_ADDRESS_MAX])
{
	int fd = bound(p, host, SOCK_STREAM, out);
	if (fd >= 0 && listen(fd, 1024) < 0) {
		close(fd);
		return NULL;
	}
	return (struct peer_door *)keep(p, fd);
}

static void kernel_unlisten(struct peer_door *d)
{
	drop(&d->s);
}

/* One turn; false when the time is over. */
static bool turn(struct peer *p, uint64_t end)
{
	if (rig_now_ms() >= end)
		return false;
	arena_turn(p->arena);
	return true;
}

static uint64_t until(int ms)
{
	return rig_now_ms() + (uint64_t)ms;
}

static struct peer_conn *kernel_accept(struct peer_door *d, int ms)
{
	uint64_t end = until(ms);
	int on = 1, fd;
	do {
		fd = accept4(d->s.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	} while (fd < 0 && turn(d->s.peer, end));
	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return (struct peer_conn *)keep(d->s.peer, fd);
}

static int begin_connect(const struct peer *p, const char *address)
{
	struct sockaddr_storage sa;
	socklen_t len;
	int on = 1;
	if (!parse(address, &sa, &len))
		return -1;
	int fd = make_socket(p, sa.ss_family, SOCK_STREAM);
	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (connect(fd, (struct sockaddr *)&sa, len) == 0 || errno == EINPROGRESS)
		return fd;
	close(fd);
	return -1;
}

/* Is the connect over, and did it succeed? */
static bool connect_ended(int fd, bool *good)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int e = 0;
	socklen_t len = sizeof e;
	if (poll(&p, 1, 0) != 1)
		return false;
	*good = getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len) == 0 && e == 0;
	return true;
}

static struct peer_conn *kernel_connect(struct peer *p, const char *address, int ms)
{
	uint64_t end = until(ms);
	bool good = false;
	int fd = begin_connect(p, address);
	if (fd < 0)
		return NULL;
	while (!connect_ended(fd, &good) && turn(p, end))
		;
	if (good)
		return (struct peer_conn *)keep(p, fd);
	close(fd);
	return NULL;
}

/* A listener whose queue is full drops what comes. */
static bool kernel_hole(struct peer *p, const char *host, char out[SGT_ADDRESS_MAX])
{
	int fd = bound(p, host, SOCK_STREAM, out);
	if (fd < 0 || listen(fd, 0) < 0 || !keep(p, fd))
		return false;
	for (int i = 0; i < HOLE_FILL; i++)
		if (!keep(p, begin_connect(p, out)))
			return false;
	return true;
}

/* ---- bytes ---- */

static size_t kernel_send(struct peer_conn *c, const void *data, size_t len, size_t chunk, int ms)
{
	size_t done = 0;
	uint64_t end = until(ms);
	while (done < len) {
		size_t part = chunk && chunk < len - done ? chunk : len - done;
		ssize_t n = send(c->s.fd, (const char *)data + done, part, MSG_NOSIGNAL);
		if (n > 0) {
			done += (size_t)n;
			end = until(ms);
		} else if (errno != EAGAIN || !turn(c->s.peer, end)) {
			break;
		}
	}
	return done;
}

static long kernel_recv(struct peer_conn *c, void *buf, size_t len, int ms)
{
	uint64_t end = until(ms);
	ssize_t n;
	do {
		n = recv(c->s.fd, buf, len, 0);
	} while (n < 0 && errno == EAGAIN && turn(c->s.peer, end));
	if (n >= 0)
		return n;
	return errno == EAGAIN ? PEER_WAITED : PEER_RESET;
}

static void kernel_shutdown(struct peer_conn *c)
{
	shutdown(c->s.fd, SHUT_WR);
}

static void kernel_reset(struct peer_conn *c)
{
	struct linger reset = {.l_onoff = 1};
	setsockopt(c->s.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	drop(&c->s);
}

static void kernel_shut(struct peer_conn *c)
{
	drop(&c->s);
}

/* ---- datagrams ---- */

static struct peer_post *kernel_post(struct peer *p, const char *host, char out[SGT_ADDRESS_MAX])
{
	return (struct peer_post *)keep(p, bound(p, host, SOCK_DGRAM, out));
}

static bool kernel_post_send(struct peer_post *d, const char *to, const void *data, size_t len)
{
	struct sockaddr_storage sa;
	socklen_t n;
	return parse(to, &sa, &n) &&
	       sendto(d->s.fd, data, len, 0, (struct sockaddr *)&sa, n) == (ssize_t)len;
}

static long kernel_post_recv(struct peer_post *d, void *buf, size_t len, char from[SGT_ADDRESS_MAX],
			     int ms)
{
	struct sockaddr_storage sa;
	socklen_t salen;
	uint64_t end = until(ms);
	ssize_t n;
	do {
		salen = sizeof sa;
		n = recvfrom(d->s.fd, buf, len, 0, (struct sockaddr *)&sa, &salen);
	} while (n < 0 && turn(d->s.peer, end));
	if (n < 0)
		return PEER_WAITED;
	print(&sa, from);
	return n;
}

const struct conformance_peer_ops conformance_peer_kernel = {
	.open = kernel_open,
	.close = kernel_close,
	.listen = kernel_listen,
	.unlisten = kernel_unlisten,
	.accept = kernel_accept,
	.connect = kernel_connect,
	.send = kernel_send,
	.recv = kernel_recv,
	.shutdown = kernel_shutdown,
	.reset = kernel_reset,
	.shut = kernel_shut,
	.hole = kernel_hole,
	.post = kernel_post,
	.post_send = kernel_post_send,
	.post_recv = kernel_post_recv,
};
