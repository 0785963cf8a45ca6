/*
 * The helper's process: see nvl_process.h.
 *
 * It inherits one descriptor (its control socket), no blocked signal, and its own session, so that what a terminal sends to
 * the gateway's group does not reach it. It ends with the thread that started it (PR_SET_PDEATHSIG): the main one, or
 * that of the stack which had to start it anew.
 */
#include "nvl/nvl_process.h"
#include "nvl/nvl_path.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"

#define END_MS 5000 /* for a helper whose socket was closed to end by itself */

extern char **environ;

/* ---- starting ---- */

static int spawn(pid_t *pid, const char *path, int control)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	char name[] = "nvl-helper", parent[24];
	char *argv[] = {name, parent, NULL};
	snprintf(parent, sizeof parent, "%ld", (long)getpid());
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_adddup2(&files, control, NVL_CONTROL_FD);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&files, 0, 1);
	posix_spawn_file_actions_addclosefrom_np(&files, NVL_CONTROL_FD + 1);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
						      POSIX_SPAWN_SETSID);
	int e = posix_spawn(pid, path, &files, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return e;
}

static bool greet(const struct nvl_process *p, const char *path, struct nvl_word *why)
{
	static const char again[] = "install smtpgate again: the helper comes with it";
	struct nvl_hello hello;
	int none;
	ssize_t n = nvl_talk_receive(p->control, &hello, sizeof hello, &none, NVL_PATIENCE_MS);
	if (none >= 0)
		close(none);
	if (n == -ETIMEDOUT)
		return nvl_refuse(why, SGT_NOT_RUNNING, again, "the helper %.160s says nothing",
				  path);
	if (n != (ssize_t)sizeof hello || hello.magic != NVL_MAGIC)
		return nvl_refuse(why, SGT_NOT_RUNNING, again,
				  "%.160s ends without a hello: it is not the helper of nvl", path);
	hello.version[sizeof hello.version - 1] = '\0';
	if (hello.protocol == NVL_PROTOCOL && strcmp(hello.version, PACKAGE_VERSION) == 0)
		return true;
	return nvl_refuse(why, SGT_NOT_RUNNING, again,
			  "the helper %.120s is of version %s, this module of %s", path,
			  hello.version, PACKAGE_VERSION);
}

static bool run(struct nvl_process *p, const char *path, struct nvl_word *why)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return nvl_refuse(why, SGT_NOT_RUNNING, "", "no socket for the helper: %s",
				  strerrordesc_np(errno));
	int e = spawn(&p->pid, path, pair[1]);
	close(pair[1]);
	if (!e) {
		p->control = pair[0];
		return greet(p, path, why);
	}
	p->pid = 0;
	close(pair[0]);
	return nvl_refuse(why, SGT_NOT_RUNNING, "", "the helper %.160s cannot be run: %s", path,
			  strerrordesc_np(e));
}

bool nvl_process_start(struct nvl_process *p, struct nvl_word *why)
{
	char path[PATH_MAX];
	*p = (struct nvl_process)NVL_PROCESS_NONE;
	if (nvl_path_find(path, why) && run(p, path, why))
		return true;
	nvl_process_end(p);
	return false;
}

/* ---- asking ---- */

/* The worker's first word; false: it is a refusal, or none came. */
static bool is_built(int link, struct nvl_word *why)
{
	int none;
	ssize_t n = nvl_talk_receive(link, why, sizeof *why, &none, NVL_PATIENCE_MS);
	if (none >= 0)
		close(none);
	if (n == (ssize_t)sizeof *why && why->op == NVL_BUILT)
		return true;
	if (n == (ssize_t)sizeof *why && why->op == NVL_REFUSED)
		return false;
	return nvl_refuse(why, SGT_NOT_RUNNING, "",
			  n == -ETIMEDOUT ? "the private network is not ready after %d s"
					  : "the helper died while it built the private network "
					    "(within %d s)",
			  NVL_PATIENCE_MS / 1000);
}

int nvl_process_order(const struct nvl_process *p, const struct nvl_spec *spec, bool *gone,
		      struct nvl_word *why)
{
	int pair[2];
	*gone = false;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		nvl_refuse(why, SGT_NOT_RUNNING, "", "no socket for the private network: %s",
			   strerrordesc_np(errno));
		return -1;
	}
	int e = nvl_talk_send(p->control, spec, sizeof *spec, pair[1]);
	close(pair[1]);
	*gone = e != 0;
	if (e)
		nvl_refuse(why, SGT_NOT_RUNNING, "", "the helper was killed");
	if (!e && is_built(pair[0], why))
		return pair[0];
	close(pair[0]);
	return -1;
}

/* ---- ending ---- */

void nvl_process_end(struct nvl_process *p)
{
	if (p->control >= 0)
		close(p->control);
	if (p->pid > 0) {
		struct pollfd ended = {.fd = pidfd_open(p->pid, 0), .events = POLLIN};
		if (ended.fd < 0 || poll(&ended, 1, END_MS) != 1)
			kill(p->pid, SIGKILL);
		if (ended.fd >= 0)
			close(ended.fd);
		while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	*p = (struct nvl_process)NVL_PROCESS_NONE;
}
