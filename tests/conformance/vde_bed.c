/* See vde_bed.h. */
#include "conformance/vde_bed.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 6000 /* times 10 ms that a switch may take to answer */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1 /* gcc */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1 /* clang */
#endif
#endif

#ifdef SANITIZED
/* libvdeplug opens its plugins with RTLD_DEEPBIND, which the sanitizer's runtime refuses. Nothing in them depends on it. */
__attribute__((visibility("default"))) void *dlopen(const char *file, int mode)
{
	void *symbol = dlsym(RTLD_NEXT, "dlopen");
	void *(*next)(const char *, int);
	memcpy(&next, &symbol, sizeof next);
	return next(file, mode & ~RTLD_DEEPBIND);
}
#endif

static struct vde_bed *last; /* of this process, for its end */

#define SURE(cond)                                                                    \
	do {                                                                          \
		if (!(cond)) {                                                        \
			fprintf(stderr, "vde_bed: %s: %s\n", #cond, strerror(errno)); \
			abort();                                                      \
		}                                                                     \
	} while (0)

static void wait_a_little(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
}

static bool answers(const char *dir)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	snprintf(sun.sun_path, sizeof sun.sun_path, "%.90s/ctl", dir);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool there = connect(fd, (struct sockaddr *)&sun, sizeof sun) == 0;
	close(fd);
	return there;
}

/* ---- children ---- */

static void become_switch(const struct vde_bed *b, int in)
{
	const char *args[11] = {"vde_switch", "-sock", b->dir, "-M", b->console};
	size_t n = 5;
	int null = open("/dev/null", O_RDWR);
	if (b->mode) {
		args[n++] = "-mod";
		args[n++] = b->mode;
	}
	if (b->netns) {
		args[n++] = "-tap";
		args[n++] = "vde0";
	}
	dup2(in, 0);
	dup2(null, 1);
	dup2(null, 2); /* it tells of every plug that comes and goes */
	execvp(args[0], (char **)(uintptr_t)args);
	_exit(127);
}

/* A child in the bed's namespace; 0 in it. It ends with this process. */
static pid_t child(const struct vde_bed *b)
{
	pid_t pid = fork();
	SURE(pid >= 0);
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (b->netns && setns(b->netns, CLONE_NEWNET) < 0)
		_exit(126);
	return 0;
}

static void run_there(const struct vde_bed *b, const char *commands)
{
	int status;
	pid_t pid = child(b);
	if (!pid) {
		execl("/bin/sh", "sh", "-ec", commands, (char *)NULL);
		_exit(127);
	}
	SURE(waitpid(pid, &status, 0) == pid);
	if (status)
		fprintf(stderr, "vde_bed: status %x of: %s\n", (unsigned)status, commands);
	SURE(status == 0);
}

void vde_bed_mend(struct vde_bed *b)
{
	int ends[2], status;
	SURE(pipe2(ends, O_CLOEXEC) == 0);
	b->pid = child(b);
	if (!b->pid)
		become_switch(b, ends[0]);
	close(ends[0]);
	b->leash = ends[1];
	for (int i = 0; i < PATIENCE && !answers(b->dir); i++) {
		SURE(waitpid(b->pid, &status, WNOHANG) == 0);
		wait_a_little();
	}
	SURE(answers(b->dir));
	if (b->netns) /* the switch makes its device after its socket */
		run_there(b,
			  "n=0; until ip link show dev vde0 >/dev/null 2>&1; do n=$((n + 1)); [ $n "
			  "-le 600 ]; sleep 0.1; done; ip link set lo up; ip address "
			  "add " VDE_BED_HOST
			  "/24 dev vde0; ip address add fd77::1/64 dev vde0 nodad; "
			  "ip link set vde0 up");
}

void vde_bed_cut(struct vde_bed *b)
{
	if (!b->pid)
		return;
	kill(b->pid, SIGKILL);
	waitpid(b->pid, NULL, 0);
	close(b->leash);
	unlink(b->console); /* the next one would find it taken */
	b->pid = 0;
}

/* ---- opening and ending ---- */

static int new_netns(void)
{
	int self = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	SURE(self >= 0 && unshare(CLONE_NEWNET) == 0);
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	SURE(fd > 0 && setns(self, CLONE_NEWNET) == 0);
	close(self);
	return fd;
}

static void end(void)
{
	char command[128];
	if (!last)
		return;
	vde_bed_cut(last);
	snprintf(command, sizeof command, "rm -rf '%s'", last->folder);
	int status = system(command);
	(void)status; /* nothing can be done about it here */
	last = NULL;
}

static void make(struct vde_bed *b, bool alone)
{
	memset(b, 0, sizeof *b);
	snprintf(b->folder, sizeof b->folder, "/tmp/smtpgate-vde.XXXXXX");
	SURE(mkdtemp(b->folder) && chmod(b->folder, 0711) == 0);
	snprintf(b->dir, sizeof b->dir, "%s/sw", b->folder);
	snprintf(b->url, sizeof b->url, "vde://%s", b->dir);
	snprintf(b->console, sizeof b->console, "%s/console", b->folder);
	if (alone)
		b->netns = new_netns();
	last = b;
	atexit(end);
}

void vde_bed_open(struct vde_bed *b)
{
	make(b, geteuid() == 0);
	b->mode = "777";
	vde_bed_mend(b);
}

void vde_bed_open_plain(struct vde_bed *b, const char *mode)
{
	make(b, false);
	b->mode = mode;
	vde_bed_mend(b);
}

/* ---- what was counted ---- */

uint64_t vde_bed_crossed(const struct conformance_bed *bed)
{
	return netdev_bytes(bed->netns, "vde0");
}

uint64_t vde_bed_switched(const struct conformance_bed *bed)
{
	(void)bed;
	return vde_console_bytes(last->console);
}
