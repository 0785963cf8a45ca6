/* See bare_epoll.h. */
#include "bench/transports/bare_epoll.h"
#include "bench/transports/service.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct session {
	int fd;
	char mode;   /* 0: nothing came yet */
	size_t left; /* to send: of the bulk, or of an echo that did not fit */
	size_t at;
	char held[SERVICE_PIECE];
};

static const char zeros[SERVICE_PIECE];

void bare_fail(const char *what)
{
	perror(what);
	exit(1);
}

int bare_epoll_listen(const char *address)
{
	char host[64];
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t n = sizeof at;
	const char *colon = strrchr(address, ':');
	snprintf(host, sizeof host, "%.*s", colon ? (int)(colon - address) : 0, address);
	at.sin_port = htons((uint16_t)atoi(colon ? colon + 1 : "0"));
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || inet_pton(AF_INET, host, &at.sin_addr) != 1 ||
	    bind(fd, (struct sockaddr *)&at, n) < 0 || listen(fd, SERVICE_SESSIONS) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &n) < 0)
		bare_fail(address);
	printf("%s:%u\n", host, ntohs(at.sin_port));
	fflush(stdout);
	return fd;
}

static void watch(const struct bare_epoll *b, int op, struct session *s, unsigned events)
{
	struct epoll_event ev = {.events = events, .data.ptr = s};
	if (epoll_ctl(b->fd, op, s ? s->fd : b->door, &ev) < 0)
		bare_fail("epoll_ctl");
}

void bare_epoll_open(struct bare_epoll *b, int door, size_t bulk)
{
	b->fd = epoll_create1(EPOLL_CLOEXEC);
	b->door = door;
	b->bulk = bulk;
	if (b->fd < 0 || fcntl(door, F_SETFL, O_NONBLOCK) < 0)
		bare_fail("epoll");
	watch(b, EPOLL_CTL_ADD, NULL, EPOLLIN);
}

static void admit(struct bare_epoll *b)
{
	int one = 1;
	int fd = accept4(b->door, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct session *s = fd < 0 ? NULL : calloc(1, sizeof *s);
	if (!s)
		return;
	s->fd = fd;
	/* AF_UNIX has no such thing, and needs none */
	(void)!setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	watch(b, EPOLL_CTL_ADD, s, EPOLLIN);
}

static void end(struct session *s)
{
	close(s->fd);
	free(s);
}

/* false: the session ended. */
static int give(const struct bare_epoll *b, struct session *s)
{
	while (s->left) {
		size_t n = s->left < SERVICE_PIECE ? s->left : SERVICE_PIECE;
		const char *from = s->mode == 'O' ? zeros : s->held + s->at;
		ssize_t sent = send(s->fd, from, n, MSG_NOSIGNAL);
		if (sent < 0 && errno == EAGAIN) {
			watch(b, EPOLL_CTL_MOD, s, EPOLLOUT);
			return 1;
		}
		if (sent < 0)
			return 0;
		s->left -= (size_t)sent;
		s->at += (size_t)sent;
	}
	return s->mode != 'O';
}

static int take(const struct bare_epoll *b, struct session *s)
{
	ssize_t n = recv(s->fd, s->held, sizeof s->held, 0);
	if (n < 0 && errno == EAGAIN)
		return 1;
	if (n <= 0)
		return 0;
	if (!s->mode)
		s->mode = s->held[0];
	if (s->mode == 'I')
		return 1;
	s->at = 0;
	s->left = s->mode == 'O' ? b->bulk : (size_t)n;
	return give(b, s);
}

static void serve(const struct bare_epoll *b, struct session *s, unsigned events)
{
	int waited = s->left > 0;
	int on = waited ? give(b, s) : take(b, s);
	(void)events;
	if (!on)
		end(s);
	else if (waited && !s->left)
		watch(b, EPOLL_CTL_MOD, s, EPOLLIN);
}

void bare_epoll_turn(struct bare_epoll *b, int ms)
{
	struct epoll_event ready[64];
	int n = epoll_wait(b->fd, ready, 64, ms);
	for (int i = 0; i < n; i++) {
		if (ready[i].data.ptr)
			serve(b, ready[i].data.ptr, ready[i].events);
		else
			admit(b);
	}
}
