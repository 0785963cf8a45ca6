/*
 * nvl-helper: the keeper of private networks, started by the nvl module and by nobody else.
 *
 * It says hello on descriptor 3, then forks a worker (nvl_worker.h) for each order; the one before, if it is still there,
 * is ended first. It stays in the network, and with the rights, that it was started with: that is what a worker needs
 * which follows one that lost its switch. It ends when the module closes its end or the module's process dies, and its
 * worker with it. Ctrl-C and SIGTERM are the gateway's to obey: whoever ends a service signals all of its processes, and
 * mail under way still needs the network.
 *
 * nvl-helper --version prints the version and ends.
 */
#include "nvl/nvl_worker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"

#define USAGE 64
#define WORKER_MS 1000 /* for a worker to end by itself */

struct keeper {
	int control;
	pid_t worker; /* 0: none */
};

/* It ends by itself, in order, when the module has closed its end; one that does not is killed. */
static void end_worker(struct keeper *k)
{
	if (!k->worker)
		return;
	struct pollfd ended = {.fd = pidfd_open(k->worker, 0), .events = POLLIN};
	if (ended.fd < 0 || poll(&ended, 1, WORKER_MS) != 1)
		kill(k->worker, SIGKILL);
	if (ended.fd >= 0)
		close(ended.fd);
	while (waitpid(k->worker, NULL, 0) < 0 && errno == EINTR)
		;
	k->worker = 0;
}

/* Ends with its parent, also when that is over before this call. */
static bool tie_to(pid_t parent)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}

static void start_worker(struct keeper *k, const struct nvl_spec *spec, int plugin)
{
	pid_t self = getpid();
	end_worker(k);
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		close(k->control);
		prctl(PR_SET_NAME, "nvl-worker");
		_exit(tie_to(self) ? nvl_worker(spec, plugin) : 1);
	}
	k->worker = child > 0 ? child : 0; /* without one the module sees the end of its socket */
}

/* Is it one of ours, whole and terminated? */
static bool is_spec(struct nvl_spec *spec, ssize_t len)
{
	if (len != (ssize_t)sizeof *spec)
		return false;
	spec->network[sizeof spec->network - 1] = '\0';
	return spec->address_count <= NVL_ADDRESSES && spec->gateway_count <= NVL_GATEWAYS;
}

static void keep(struct keeper *k)
{
	struct nvl_spec spec;
	int plugin;
	for (;;) {
		ssize_t n = nvl_talk_receive(k->control, &spec, sizeof spec, &plugin, -1);
		if (n <= 0)
			return;
		if (plugin < 0)
			continue;
		if (is_spec(&spec, n))
			start_worker(k, &spec, plugin);
		close(plugin);
	}
}

static bool say_hello(const struct keeper *k)
{
	struct nvl_hello hello = {.magic = NVL_MAGIC, .protocol = NVL_PROTOCOL};
	snprintf(hello.version, sizeof hello.version, "%s", PACKAGE_VERSION);
	return nvl_talk_send(k->control, &hello, sizeof hello, -1) == 0;
}

int main(int argc, char **argv)
{
	struct keeper k = {.control = NVL_CONTROL_FD};
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("nvl-helper %s (protocol %u)\n", PACKAGE_VERSION, NVL_PROTOCOL);
		return 0;
	}
	pid_t parent = argc == 2 ? (pid_t)strtol(argv[1], NULL, 10) : 0;
	if (parent <= 0) {
		fputs("nvl-helper is started by smtpgate, for [vendor nvl]\n", stderr);
		return USAGE;
	}
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN); /* a port that the module closed */
	if (!tie_to(parent) || !say_hello(&k))
		return 1;
	keep(&k);
	end_worker(&k);
	return 0;
}
