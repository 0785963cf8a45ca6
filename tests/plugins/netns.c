/* See netns.h. Root makes a network namespace, others one inside of a user namespace, where the system lets them. */
#include "plugins/netns.h"

#include <check.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void write_file(const char *path, const char *format, unsigned id)
{
	char text[32];
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int n = snprintf(text, sizeof text, format, id);
	if (fd < 0)
		return;
	ssize_t w = write(fd, text, (size_t)n);
	(void)w; /* what failed shows when the device is set up */
	close(fd);
}

static bool enter(void)
{
	unsigned uid = getuid(), gid = getgid();
	if (geteuid() == 0)
		return unshare(CLONE_NEWNET) == 0;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return false;
	write_file("/proc/self/setgroups", "deny", 0);
	write_file("/proc/self/uid_map", "0 %u 1", uid);
	write_file("/proc/self/gid_map", "0 %u 1", gid);
	return true;
}

bool netns_possible(void)
{
	int status = 1;
	fflush(stdout);
	pid_t child = fork();
	if (child == 0)
		_exit(enter() ? 0 : 1);
	if (child > 0 && waitpid(child, &status, 0) == child && status == 0)
		return true;
	printf("skipped: this user may not make network namespaces\n");
	return false;
}

void netns_enter(void)
{
	ck_assert_msg(enter(), "no network namespace");
}

void netns_device(const char *name, bool up)
{
	struct ifreq r;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	memset(&r, 0, sizeof r);
	snprintf(r.ifr_name, sizeof r.ifr_name, "%s", name);
	ck_assert_int_eq(ioctl(fd, SIOCGIFFLAGS, &r), 0);
	r.ifr_flags = (short)(up ? r.ifr_flags | IFF_UP : r.ifr_flags & ~IFF_UP);
	ck_assert_int_eq(ioctl(fd, SIOCSIFFLAGS, &r), 0);
	close(fd);
}

void netns_enter_with_loopback(void)
{
	netns_enter();
	netns_device("lo", true);
}
