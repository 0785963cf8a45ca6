/* The worker's life: see nvl_worker.h. */
#include "nvl/nvl_worker.h"
#include "nvl/nvl_cable.h"
#include "nvl/nvl_device.h"
#include "nvl/nvl_space.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOOPBACK_INDEX 1

struct worker {
	const struct nvl_spec *spec;
	int plugin, watch;
	int tap;                 /* -1: loopback */
	int port;                /* our end of what the module looks through; -1: none */
	struct nvl_cable *cable; /* NULL: loopback */
	struct nvl_word word;    /* what is said at the end */
};

static void say(const struct worker *w)
{
	nvl_talk_send(w->plugin, &w->word, sizeof w->word, -1);
}

/* ---- building ---- */

static int device_of(const struct worker *w)
{
	return w->cable ? NVL_DEVICE_INDEX : LOOPBACK_INDEX;
}

static bool step_failed(struct worker *w, int e, const char *step)
{
	return nvl_refuse(&w->word, e == EPERM || e == EACCES ? SGT_FORBIDDEN : SGT_NOT_RUNNING, "",
			  "%s cannot be set in the private network: %s", step, strerrordesc_np(e));
}

static bool build_addresses(struct worker *w, int netlink, int family)
{
	char text[INET6_ADDRSTRLEN], step[80];
	for (uint32_t i = 0; i < w->spec->address_count; i++) {
		const struct nvl_cidr *a = &w->spec->addresses[i];
		if (a->family != family)
			continue;
		int e = nvl_device_address(netlink, device_of(w), a);
		inet_ntop(a->family, a->bytes, text, sizeof text);
		snprintf(step, sizeof step, "the address %s/%u", text, a->bits);
		if (e)
			return step_failed(w, e, step);
	}
	return true;
}

static bool build_gateways(struct worker *w, int netlink)
{
	char text[INET6_ADDRSTRLEN], step[80];
	for (uint32_t i = 0; i < w->spec->gateway_count; i++) {
		const struct nvl_cidr *g = &w->spec->gateways[i];
		int e = nvl_device_gateway(netlink, device_of(w), g);
		inet_ntop(g->family, g->bytes, text, sizeof text);
		snprintf(step, sizeof step, "the gateway %s", text);
		if (e)
			return step_failed(w, e, step);
	}
	return true;
}

/* IPv4 addresses before the device is up: so they are announced (arp_notify). IPv6 ones are only to be used when it is. */
static bool build_devices(struct worker *w, int netlink)
{
	int e = nvl_device_up(netlink, LOOPBACK_INDEX, NULL, 0);
	if (e)
		return step_failed(w, e, "the loopback device");
	if (!build_addresses(w, netlink, AF_INET))
		return false;
	if (w->cable)
		e = nvl_device_up(netlink, NVL_DEVICE_INDEX, w->spec->mac, w->spec->mtu);
	if (e)
		return step_failed(w, e, "the device");
	return build_addresses(w, netlink, AF_INET6) && build_gateways(w, netlink);
}

static bool build_tap(struct worker *w)
{
	w->tap = nvl_device_tap(&w->word);
	return w->tap >= 0;
}

/* The cable first: its switch, or the host's network that it runs over, is out of reach afterwards. */
static bool build(struct worker *w)
{
	bool ethernet = !nvl_is_loopback(w->spec);
	if (ethernet && !(w->cable = nvl_cable_open(w->spec->network, &w->word)))
		return false;
	if (!nvl_space_enter(&w->word))
		return false;
	nvl_space_settle();
	if (ethernet && !build_tap(w))
		return false;
	int netlink = nvl_device_open();
	if (netlink < 0)
		return step_failed(w, -netlink, "rtnetlink");
	bool built = build_devices(w, netlink);
	close(netlink);
	/* Only now: that the device came into being, down, is no news. */
	w->watch = built ? nvl_device_watch() : -1;
	return built && (w->watch >= 0 || step_failed(w, -w->watch, "rtnetlink"));
}

/* ---- serving ---- */

static bool lost(struct worker *w, const char *cause)
{
	w->word = (struct nvl_word){.op = NVL_LOST};
	snprintf(w->word.cause, sizeof w->word.cause, "%s", cause);
	return false;
}

static void hand_over(const struct worker *w, int fd)
{
	struct nvl_word answer = {.op = NVL_SOCKET, .code = fd < 0 ? errno : 0};
	nvl_talk_send(w->plugin, &answer, NVL_WORD_HEAD, fd);
	if (fd >= 0)
		close(fd);
}

static void join(struct worker *w, int port)
{
	if (w->port >= 0)
		close(w->port);
	w->port = port;
	if (w->cable)
		nvl_cable_join(w->cable, port >= 0 ? port : w->tap);
}

static void open_port(struct worker *w)
{
	int pair[2] = {-1, -1};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0)
		join(w, pair[0]);
	hand_over(w, pair[1]);
}

/* One wish of the module; false: the module is gone. */
static bool serve(struct worker *w)
{
	struct nvl_want want;
	int none;
	ssize_t n = nvl_talk_receive(w->plugin, &want, sizeof want, &none, 0);
	if (n != (ssize_t)sizeof want) {
		w->word.op = 0;
		return false;
	}
	if (want.wish == NVL_WANT_SOCKET)
		hand_over(w, socket(want.family, want.type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
	else if (want.wish == NVL_WANT_PORT)
		open_port(w);
	else if (want.wish == NVL_WANT_GO)
		join(w, -1);
	return true;
}

enum { AT_PLUGIN, AT_WATCH, AT_CABLE, AT_COUNT = AT_CABLE + NVL_CABLE_FDS };

static bool serve_ready(struct worker *w, const struct pollfd p[AT_COUNT])
{
	if (p[AT_PLUGIN].revents && !serve(w))
		return false;
	if (p[AT_WATCH].revents && !nvl_device_is_up(w->watch, device_of(w)))
		return lost(w, w->cable ? "the device " NVL_DEVICE " of the private network was "
					  "taken down"
					: "the loopback device of the private network was taken "
					  "down");
	if (w->cable && !nvl_cable_pump(w->cable, &p[AT_CABLE], &w->word)) {
		w->word.op = NVL_LOST;
		return false;
	}
	return true;
}

static void serve_all(struct worker *w)
{
	struct pollfd p[AT_COUNT] = {[AT_PLUGIN] = {.fd = w->plugin, .events = POLLIN},
				     [AT_WATCH] = {.fd = w->watch, .events = POLLIN}};
	do {
		for (int i = AT_CABLE; i < AT_COUNT; i++)
			p[i] = (struct pollfd){.fd = -1};
		if (w->cable)
			nvl_cable_wait(w->cable, &p[AT_CABLE]);
		if (poll(p, AT_COUNT, -1) < 0 && errno != EINTR) {
			lost(w, strerrordesc_np(errno));
			return;
		}
	} while (serve_ready(w, p));
}

/* A switch of our own leaves no files behind. */
static void let_go(struct worker *w)
{
	if (w->cable)
		nvl_cable_close(&w->cable);
}

int nvl_worker(const struct nvl_spec *spec, int plugin)
{
	struct worker w = {.spec = spec, .plugin = plugin, .watch = -1, .tap = -1, .port = -1};
	bool built = build(&w);
	if (built)
		w.word.op = NVL_BUILT;
	if (!built || spec->trial)
		let_go(&w); /* before it is said: the next one may come at once */
	say(&w);
	if (!built || spec->trial)
		return built ? 0 : 1;
	serve_all(&w);
	let_go(&w);
	if (w.word.op == NVL_LOST)
		say(&w);
	return 0;
}
