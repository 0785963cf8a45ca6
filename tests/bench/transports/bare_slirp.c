/*
 * bare_slirp URL ADDRESS:PORT BULK FOLDER: the service behind libslirp on libvdeplug, for win: each connection to ADDRESS becomes one to an
 * AF_UNIX socket of ours in FOLDER, and epoll serves it. A host with a /24 on that Ethernet; its other address is the next one.
 */
#include "bench/transports/bare_epoll.h"
#include "bench/transports/service.h"

#include <arpa/inet.h>
#include <libvdeplug.h>
#include <poll.h>
#include <slirp/libslirp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define FRAME 9234
#define POLLS (2 * SERVICE_SESSIONS + 16)

static VDECONN *wire;
static Slirp *slirp;
static struct pollfd polls[POLLS];
static int poll_count;
static char name[sizeof((struct sockaddr_un *)0)->sun_path];

static ssize_t on_frame(const void *frame, size_t n, void *ctx)
{
	(void)ctx;
	return vde_send(wire, frame, n, 0);
}

static void on_error(const char *text, void *ctx)
{
	(void)text, (void)ctx;
}

static int64_t on_clock(void *ctx)
{
	struct timespec t;
	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void on_descriptor(int fd, void *ctx)
{
	(void)fd, (void)ctx;
}

static void on_notify(void *ctx)
{
	(void)ctx;
}

static const SlirpCb callbacks = {.send_packet = on_frame,
				  .guest_error = on_error,
				  .clock_get_ns = on_clock,
				  .register_poll_fd = on_descriptor,
				  .unregister_poll_fd = on_descriptor,
				  .notify = on_notify};

static const int theirs[] = {SLIRP_POLL_IN, SLIRP_POLL_OUT, SLIRP_POLL_PRI, SLIRP_POLL_ERR,
			     SLIRP_POLL_HUP};
static const short ours[] = {POLLIN, POLLOUT, POLLPRI, POLLERR, POLLHUP};

static int add_poll(int fd, int events, void *ctx)
{
	(void)ctx;
	if (poll_count == POLLS)
		bare_fail("more descriptors than sessions");
	polls[poll_count] = (struct pollfd){.fd = fd};
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		polls[poll_count].events |= events & theirs[i] ? ours[i] : 0;
	return poll_count++;
}

static int get_events(int index, void *ctx)
{
	int events = 0;
	(void)ctx;
	for (size_t i = 0; index >= 0 && i < sizeof ours / sizeof *ours; i++)
		events |= polls[index].revents & ours[i] ? theirs[i] : 0;
	return events;
}

static void open_slirp(struct in_addr own, unsigned port)
{
	struct in_addr other = {.s_addr = htonl(ntohl(own.s_addr) + 1)};
	struct in_addr mask = {.s_addr = htonl(0xffffff00)};
	SlirpConfig c = {.version = 4,
			 .restricted = 1,
			 .in_enabled = true,
			 .vnetwork = {.s_addr = own.s_addr & mask.s_addr},
			 .vnetmask = mask,
			 .vhost = other,
			 .vnameserver = other,
			 .disable_host_loopback = true,
			 .disable_dns = true,
			 .disable_dhcp = true};
	slirp = slirp_new(&c, &callbacks, NULL);
	if (!slirp || slirp_add_unix(slirp, name, &own, (int)port) != 0)
		bare_fail("libslirp");
}

static int open_door(const char *folder)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(name, sizeof name, "%.80s/door", folder);
	memcpy(at.sun_path, name, sizeof name);
	if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, SERVICE_SESSIONS) < 0)
		bare_fail(name);
	return fd;
}

static void turn(struct bare_epoll *b)
{
	unsigned char frame[FRAME];
	uint32_t wait = 1000;
	poll_count = 0;
	add_poll(vde_datafd(wire), SLIRP_POLL_IN, NULL);
	add_poll(b->fd, SLIRP_POLL_IN, NULL);
	slirp_pollfds_fill(slirp, &wait, add_poll, NULL);
	int failed = poll(polls, (nfds_t)poll_count, (int)wait) < 0;
	slirp_pollfds_poll(slirp, failed, get_events, NULL);
	struct pollfd p = polls[0];
	for (int i = 0; i < 64 && p.revents & POLLIN; i++) {
		ssize_t n = vde_recv(wire, frame, sizeof frame, 0);
		if (n > 1)
			slirp_input(slirp, frame, (int)n);
		if (poll(&p, 1, 0) != 1)
			break;
	}
	if (polls[1].revents)
		bare_epoll_turn(b, 0);
}

int main(int argc, char **argv)
{
	struct bare_epoll b;
	struct in_addr own;
	char host[32];
	if (argc != 5)
		return fprintf(stderr, "bare_slirp URL ADDRESS:PORT BULK FOLDER\n"), 64;
	snprintf(host, sizeof host, "%.*s", (int)strcspn(argv[2], ":"), argv[2]);
	wire = vde_open(argv[1], "bare_slirp", NULL);
	if (!wire || inet_pton(AF_INET, host, &own) != 1)
		bare_fail(argv[1]);
	bare_epoll_open(&b, open_door(argv[4]), strtoull(argv[3], NULL, 10));
	open_slirp(own, (unsigned)atoi(strchr(argv[2], ':') + 1));
	printf("%s\n", argv[2]);
	fflush(stdout);
	for (;;)
		turn(&b);
}
