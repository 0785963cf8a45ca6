/* The host's TCP/IP as detect sees it: see look.h. */
#include "support/look.h"

#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

void look_trouble(struct look *l, enum sgt_state state, const char *remedy, const char *cause, ...)
{
	va_list args;
	l->report->state = state;
	snprintf(l->report->remedy, sizeof l->report->remedy, "%s", remedy);
	va_start(args, cause);
	vsnprintf(l->report->cause, sizeof l->report->cause, cause, args);
	va_end(args);
}

bool look_is_allowed(int e)
{
	return e != -EACCES && e != -EPERM;
}

bool look_at_families(struct look *l)
{
	if (l->in4 >= 0 || l->in6 >= 0)
		return true;
	if (!look_is_allowed(l->in4) || !look_is_allowed(l->in6))
		look_trouble(
			l, SGT_FORBIDDEN,
			"systemctl edit smtpgate    # [Service] RestrictAddressFamilies=AF_UNIX "
			"AF_INET AF_INET6 AF_NETLINK",
			"rights forbid this process to use TCP/IP sockets");
	else if (l->in4 == -EAFNOSUPPORT && l->in6 == -EAFNOSUPPORT)
		look_trouble(
			l, SGT_ABSENT,
			"use a kernel with TCP/IP, and let RestrictAddressFamilies of the unit "
			"have AF_INET",
			"this system has neither IPv4 nor IPv6");
	else
		look_trouble(l, SGT_NOT_RUNNING, "", "no socket can be opened: %s",
			     strerrordesc_np(-(l->in4 == -EAFNOSUPPORT ? l->in6 : l->in4)));
	return false;
}

/* Flags of a device, or -errno. */
int look_flags(const struct look *l, const char *device)
{
	struct ifreq r;
	memset(&r, 0, sizeof r);
	snprintf(r.ifr_name, sizeof r.ifr_name, "%s", device);
	return ioctl(l->in4 >= 0 ? l->in4 : l->in6, SIOCGIFFLAGS, &r) < 0 ? -errno : r.ifr_flags;
}

bool look_at_loopback(struct look *l)
{
	int flags = look_flags(l, "lo");
	if (flags >= 0 && flags & IFF_UP)
		return true;
	if (flags >= 0)
		look_trouble(l, SGT_NOT_RUNNING, "ip link set lo up",
			     "the loopback device lo is down");
	else
		look_trouble(l, SGT_NOT_RUNNING, "ip link show", "there is no loopback device lo");
	return false;
}

static bool has_in6_address(void)
{
	FILE *f = fopen("/proc/net/if_inet6", "re");
	bool some = f && getc(f) != EOF;
	if (f)
		fclose(f);
	return some;
}

static void describe(struct look *l)
{
	const char *in4 = l->in4 >= 0 ? "IPv4" : "";
	const char *in6 = l->in6 < 0 ? "" : has_in6_address() ? "IPv6" : "IPv6 without addresses";
	snprintf(l->report->detail, sizeof l->report->detail, "%s%s%s", in4,
		 l->in4 >= 0 && l->in6 >= 0 ? ", " : "", in6);
}

static int try_family(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

void look_begin(struct look *l, struct sgt_report *report)
{
	memset(report, 0, sizeof *report);
	*l = (struct look){
		.report = report, .in4 = try_family(AF_INET), .in6 = try_family(AF_INET6)};
	describe(l);
}

void look_end(struct look *l)
{
	if (l->in4 >= 0)
		close(l->in4);
	if (l->in6 >= 0)
		close(l->in6);
}
