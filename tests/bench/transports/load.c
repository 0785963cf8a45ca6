/*
 * load HOST:PORT MODE COUNT: puts a server of this bench to work from the other end of its network, with kernel sockets.
 *
 *	rr N MS     N connections, each with one request under way, for MS milliseconds: prints requests a second
 *	in 1 BYTES  one connection sends so many bytes: prints MiB a second until the server's end
 *	out 1 0     one connection reads until the end: prints MiB a second
 *
 * Exit status 1, with a sentence, when a connection fails or nothing comes for 60 s.
 */
#include "bench/transports/service.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_S 60

static char bytes[SERVICE_PIECE];

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int dial(const char *address)
{
	char host[64];
	int one = 1;
	struct timeval limit = {.tv_sec = PATIENCE_S};
	struct sockaddr_in to = {.sin_family = AF_INET};
	const char *colon = strrchr(address, ':');
	snprintf(host, sizeof host, "%.*s", colon ? (int)(colon - address) : 0, address);
	to.sin_port = htons((uint16_t)atoi(colon ? colon + 1 : "0"));
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || inet_pton(AF_INET, host, &to.sin_addr) != 1 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) < 0 ||
	    connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
		fail(address);
	return fd;
}

static void ask(int fd)
{
	memset(bytes, 'E', SERVICE_REQUEST);
	if (send(fd, bytes, SERVICE_REQUEST, MSG_NOSIGNAL) != (ssize_t)SERVICE_REQUEST)
		fail("request");
}

/* An answer may come in pieces; the next request goes when all of it is there. */
static unsigned long turn(int epoll, unsigned *got)
{
	struct epoll_event ready[64];
	unsigned long done = 0;
	int n = epoll_wait(epoll, ready, 64, PATIENCE_S * 1000);
	if (n <= 0)
		fail("no answer");
	for (int i = 0; i < n; i++) {
		int fd = ready[i].data.fd;
		ssize_t r = recv(fd, bytes, SERVICE_REQUEST - got[fd], 0);
		if (r <= 0)
			fail("answer");
		got[fd] += (unsigned)r;
		if (got[fd] < SERVICE_REQUEST)
			continue;
		got[fd] = 0;
		done++;
		ask(fd);
	}
	return done;
}

static double request_response(const char *address, unsigned count, double seconds)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	unsigned *got = calloc(count + 64, sizeof *got); /* by descriptor */
	unsigned long done = 0;
	if (epoll < 0 || !got)
		fail("epoll");
	for (unsigned i = 0; i < count; i++) {
		struct epoll_event ev = {.events = EPOLLIN, .data.fd = dial(address)};
		if (ev.data.fd >= (int)count + 64 ||
		    epoll_ctl(epoll, EPOLL_CTL_ADD, ev.data.fd, &ev) < 0)
			fail("epoll");
		ask(ev.data.fd);
	}
	for (double warm = now() + seconds / 4; now() < warm;)
		turn(epoll, got);
	double began = now();
	while (now() < began + seconds)
		done += turn(epoll, got);
	double took = now() - began;
	free(got);
	return (double)done / took;
}

static double bulk(const char *address, char mode, uint64_t send_bytes)
{
	int fd = dial(address);
	uint64_t sent = 0, got = 0;
	ssize_t n = 0;
	double began = now();
	memset(bytes, mode, sizeof bytes);
	for (uint64_t total = mode == 'I' ? send_bytes : 1; sent < total; sent += (uint64_t)n) {
		uint64_t left = total - sent;
		n = send(fd, bytes, left < sizeof bytes ? left : sizeof bytes, MSG_NOSIGNAL);
		if (n <= 0)
			fail("send");
	}
	if (mode == 'I')
		shutdown(fd, SHUT_WR);
	while ((n = recv(fd, bytes, sizeof bytes, 0)) > 0)
		got += (uint64_t)n;
	if (n < 0)
		fail("recv");
	return (double)(mode == 'I' ? sent : got) / 1048576 / (now() - began);
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return fprintf(stderr, "load HOST:PORT rr|in|out COUNT MS|BYTES\n"), 64;
	uint64_t n = strtoull(argv[4], NULL, 10);
	double rate = argv[2][0] == 'r'
			      ? request_response(argv[1], (unsigned)atoi(argv[3]), (double)n / 1000)
			      : bulk(argv[1], argv[2][0] == 'i' ? 'I' : 'O', n);
	printf("%.3f\n", rate);
	return 0;
}
