/*
 * The libslirp of a stack: made without any of its services, asked what it waits for, served.
 *
 * Restricted, without DHCP, DNS, TFTP and a way to the host's loopback; the name server address is its
 * own. What it allocates is GLib's, which ends the process when memory is short.
 */
#include "win/win.h"

#include <pthread.h>
#include <string.h>

#define POLLS_FIRST 64u
/* A descriptor that libslirp polls for these, and for no urgent data, is its door (slirp_pollfds_fill). */
#define DOOR_EVENTS (SLIRP_POLL_IN | SLIRP_POLL_HUP | SLIRP_POLL_ERR)

static const struct {
	int theirs;
	short ours;
} events_map[] = {
	{SLIRP_POLL_IN, POLLIN},   {SLIRP_POLL_OUT, POLLOUT}, {SLIRP_POLL_PRI, POLLPRI},
	{SLIRP_POLL_ERR, POLLERR}, {SLIRP_POLL_HUP, POLLHUP},
};
#define EVENTS (sizeof events_map / sizeof *events_map)

/* ---- what libslirp calls ---- */

static ssize_t on_frame(const void *frame, size_t n, void *ctx)
{
	uint8_t copy[WIN_FRAME_MAX];
	if (n > sizeof copy)
		return (ssize_t)n;
	memcpy(copy, frame, n);
	win_ether_out(ctx, copy, n);
	return (ssize_t)n;
}

static void on_error(const char *text, void *ctx)
{
	struct sgt_stack *stack = ctx;
	sock_log(&stack->sock, SGT_LOG_DEBUG, "%s: libslirp: %s", stack->name, text);
}

static int64_t on_clock(void *ctx)
{
	const struct sgt_stack *stack = ctx;
	return (int64_t)stack->sock.host->now_ms(stack->sock.host->ctx) * 1000000;
}

/* Its descriptors are found anew for each wait. */
static void on_descriptor(int fd, void *ctx)
{
	(void)fd;
	(void)ctx;
}

static void on_notify(void *ctx)
{
	struct sgt_stack *stack = ctx;
	stack->again = true;
}

/* Timers are for router advertisements alone, and libslirp has no IPv6 here (win_six.c): none is ever asked for. */
static const SlirpCb callbacks = {
	.send_packet = on_frame,
	.guest_error = on_error,
	.clock_get_ns = on_clock,
	.register_poll_fd = on_descriptor,
	.unregister_poll_fd = on_descriptor,
	.notify = on_notify,
};

/* ---- life ---- */

enum sgt_result win_slirp_open(struct sgt_stack *stack, struct sgt_error *error)
{
	static pthread_mutex_t lock =
		PTHREAD_MUTEX_INITIALIZER; /* it fills in globals when it is first made */
	SlirpConfig c = {
		.version = 4,
		.restricted = 1,
		.in_enabled = true,
		.vnetwork = {.s_addr = stack->source & stack->mask},
		.vnetmask = {.s_addr = stack->mask},
		.vhost = {.s_addr = stack->source},
		.vnameserver = {.s_addr = stack->source},
		.disable_host_loopback = true,
		.disable_dns = true,
		.disable_dhcp = true,
	};
	pthread_mutex_lock(&lock);
	stack->slirp = slirp_new(&c, &callbacks, stack);
	pthread_mutex_unlock(&lock);
	if (!stack->slirp)
		return error_set(error, SGT_SOCKET, "libslirp %s does not start",
				 slirp_version_string());
	return SGT_OK;
}

void win_slirp_close(struct sgt_stack *stack)
{
	if (stack->slirp)
		slirp_cleanup(stack->slirp);
	stack->slirp = NULL;
	stack->polls.fds = sock_alloc(&stack->sock, stack->polls.fds, 0);
	stack->polls.room = 0;
}

/* ---- polling ---- */

int win_polls_add(struct sgt_stack *stack, int fd, short events)
{
	struct win_polls *p = &stack->polls;
	if (p->count == p->room) {
		unsigned room = p->room ? 2 * p->room : POLLS_FIRST;
		void *fds = sock_alloc(&stack->sock, p->fds, room * sizeof *p->fds);
		if (!fds)
			return -1;
		p->fds = fds;
		p->room = room;
	}
	p->fds[p->count] = (struct pollfd){.fd = fd, .events = events};
	return (int)p->count++;
}

static int add_poll(int fd, int events, void *ctx)
{
	short e = 0;
	for (size_t i = 0; i < EVENTS; i++)
		if (events & events_map[i].theirs)
			e = (short)(e | events_map[i].ours);
	return win_polls_add(ctx, fd, e);
}

static int get_events(int index, void *ctx)
{
	const struct sgt_stack *stack = ctx;
	int events = 0;
	if (stack->polls.stale || index < 0 || (unsigned)index >= stack->polls.count)
		return 0;
	for (size_t i = 0; i < EVENTS; i++)
		if (stack->polls.fds[index].revents & events_map[i].ours)
			events |= events_map[i].theirs;
	return events;
}

void win_slirp_fill(struct sgt_stack *stack, int *timeout_ms)
{
	uint32_t timeout = (uint32_t)*timeout_ms;
	stack->polls.stale = false;
	slirp_pollfds_fill(stack->slirp, &timeout, add_poll, stack);
	if (timeout < (uint32_t)*timeout_ms)
		*timeout_ms = (int)timeout;
}

void win_slirp_serve(struct sgt_stack *stack, bool failed)
{
	slirp_pollfds_poll(stack->slirp, failed, get_events, stack);
}

/* Of all that it polls, the door is index 1, the rest 0. */
static int add_door(int fd, int events, void *ctx)
{
	(void)fd;
	(void)ctx;
	return events == DOOR_EVENTS;
}

static int door_events(int index, void *ctx)
{
	(void)ctx;
	return index == 1 ? SLIRP_POLL_IN : 0;
}

void win_slirp_accept(struct sgt_stack *stack)
{
	uint32_t timeout = 0;
	slirp_pollfds_fill(stack->slirp, &timeout, add_door, stack);
	slirp_pollfds_poll(stack->slirp, 0, door_events, stack);
	stack->polls.stale = stack->again = true;
}
