/*
 * Namespaces: see nvl_space.h.
 *
 * Whoever may, makes the network namespace at once. Others make a user namespace around it, in which they have every
 * right over that network and none beyond it. Both can be forbidden in ways that look alike to unshare(2); the kernel's
 * settings tell them apart.
 */
#include "nvl/nvl_space.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the kernel's settings ---- */

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return written;
}

/* The number in a file below /proc/sys, or -1: there is no such setting. */
static long setting(const char *path)
{
	char text[32];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	return strtol(text, NULL, 10);
}

void nvl_space_settle(void)
{
	static const char *const settings[][2] = {
		{"ipv4/ip_unprivileged_port_start", "0"}, {"ipv4/ip_forward", "0"},
		{"ipv4/conf/default/arp_notify", "1"},    {"ipv6/conf/default/accept_ra", "0"},
		{"ipv6/conf/default/autoconf", "0"},      {"ipv6/conf/default/accept_dad", "0"},
		{"ipv6/conf/default/ndisc_notify", "1"},
	};
	char path[80];
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		snprintf(path, sizeof path, "/proc/sys/net/%s", settings[i][0]);
		write_text(path, settings[i][1]);
	}
}

/* ---- entering ---- */

/* A filter of system calls, as RestrictNamespaces= of a service's unit makes one. */
static bool is_filtered(void)
{
	char line[80];
	bool filtered = false;
	FILE *f = fopen("/proc/self/status", "re");
	while (f && fgets(line, sizeof line, f))
		filtered = filtered || strncmp(line, "Seccomp:\t2", 10) == 0;
	if (f)
		fclose(f);
	return filtered;
}

static bool used_up(struct nvl_word *why)
{
	static const char *const kinds[] = {"user", "net"};
	char path[64], remedy[64];
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "/proc/sys/user/max_%s_namespaces", kinds[i]);
		snprintf(remedy, sizeof remedy, "sysctl user.max_%s_namespaces=10000", kinds[i]);
		if (setting(path) == 0)
			return nvl_refuse(why, SGT_FORBIDDEN, remedy,
					  "%s namespaces are disabled (user.max_%s_namespaces = 0)",
					  i ? "network" : "user", kinds[i]);
	}
	return nvl_refuse(why, SGT_FORBIDDEN,
			  "sysctl user.max_user_namespaces=100000 user.max_net_namespaces=100000",
			  "all namespaces that this user may have are in use");
}

static bool not_permitted(struct nvl_word *why)
{
	static const char *const switches[][3] = {
		{"/proc/sys/kernel/unprivileged_userns_clone", "0",
		 "sysctl kernel.unprivileged_userns_clone=1"},
		{"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1",
		 "sysctl kernel.apparmor_restrict_unprivileged_userns=0"},
	};
	for (size_t i = 0; i < 2; i++)
		if (setting(switches[i][0]) == strtol(switches[i][1], NULL, 10))
			return nvl_refuse(
				why, SGT_FORBIDDEN, switches[i][2],
				"user namespaces are disabled for ordinary users (%s = %s)",
				switches[i][0] + strlen("/proc/sys/"), switches[i][1]);
	return nvl_refuse(
		why, SGT_FORBIDDEN,
		is_filtered() ? "systemctl edit smtpgate    # [Service] RestrictNamespaces=user net"
			      : "",
		"this process may make neither a network namespace nor a user namespace%s",
		is_filtered() ? ": a filter of system calls forbids it" : "");
}

static bool refused(struct nvl_word *why, int errnum)
{
	switch (errnum) {
	case ENOSPC:
	case EUSERS:
		return used_up(why);
	case EPERM:
	case EACCES:
		return not_permitted(why);
	case EINVAL:
	case ENOSYS:
		return nvl_refuse(why, SGT_ABSENT, "",
				  "this kernel has no network or no user namespaces");
	default:
		return nvl_refuse(why, SGT_NOT_RUNNING, "", "no network namespace: %s",
				  strerrordesc_np(errnum));
	}
}

/* Names us inside as we are outside; without it files would belong to nobody. */
static void map_ids(uid_t uid, gid_t gid)
{
	char text[40];
	write_text("/proc/self/setgroups", "deny");
	snprintf(text, sizeof text, "%u %u 1", (unsigned)uid, (unsigned)uid);
	write_text("/proc/self/uid_map", text);
	snprintf(text, sizeof text, "%u %u 1", (unsigned)gid, (unsigned)gid);
	write_text("/proc/self/gid_map", text);
}

bool nvl_space_enter(struct nvl_word *why)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	if (unshare(CLONE_NEWNET) == 0)
		return true;
	if (errno != EPERM)
		return refused(why, errno);
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return refused(why, errno);
	map_ids(uid, gid);
	return true;
}
