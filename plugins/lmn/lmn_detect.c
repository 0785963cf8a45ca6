/*
 * Could the host's TCP/IP be used now? Looks at the kernel's families, the loopback device, the
 * settings that depend on the host, and the descriptors handed over. Opens sockets and closes them
 * again; changes nothing.
 */
#include "lmn/lmn.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* What one look found. */
struct look {
	struct sgt_report *report;
	int in4, in6;    /* a socket of the family, or -errno */
	bool in6_in_use; /* a device has an IPv6 address */
};

static void __attribute__((format(printf, 4, 5)))
trouble(struct look *l, enum sgt_state state, const char *remedy, const char *cause, ...)
{
	va_list args;
	l->report->state = state;
	snprintf(l->report->remedy, sizeof l->report->remedy, "%s", remedy);
	va_start(args, cause);
	vsnprintf(l->report->cause, sizeof l->report->cause, cause, args);
	va_end(args);
}

static bool allowed(int e)
{
	return e != -EACCES && e != -EPERM;
}

static bool look_at_families(struct look *l)
{
	if (l->in4 >= 0 || l->in6 >= 0)
		return true;
	if (!allowed(l->in4) || !allowed(l->in6))
		trouble(l, SGT_FORBIDDEN,
			"systemctl edit smtpgate    # [Service] RestrictAddressFamilies=AF_UNIX "
			"AF_INET AF_INET6 AF_NETLINK",
			"rights forbid this process to use TCP/IP sockets");
	else if (l->in4 == -EAFNOSUPPORT && l->in6 == -EAFNOSUPPORT)
		trouble(l, SGT_ABSENT,
			"use a kernel with TCP/IP, and let RestrictAddressFamilies of the unit "
			"have AF_INET",
			"this system has neither IPv4 nor IPv6");
	else
		trouble(l, SGT_NOT_RUNNING, "", "no socket can be opened: %s",
			strerrordesc_np(-(l->in4 == -EAFNOSUPPORT ? l->in6 : l->in4)));
	return false;
}

/* Flags of a device, or -errno. */
static int flags_of(const struct look *l, const char *device)
{
	struct ifreq r;
	memset(&r, 0, sizeof r);
	snprintf(r.ifr_name, sizeof r.ifr_name, "%s", device);
	return ioctl(l->in4 >= 0 ? l->in4 : l->in6, SIOCGIFFLAGS, &r) < 0 ? -errno : r.ifr_flags;
}

static bool look_at_loopback(struct look *l)
{
	int flags = flags_of(l, "lo");
	if (flags >= 0 && flags & IFF_UP)
		return true;
	if (flags >= 0)
		trouble(l, SGT_NOT_RUNNING, "ip link set lo up", "the loopback device lo is down");
	else
		trouble(l, SGT_NOT_RUNNING, "ip link show", "there is no loopback device lo");
	return false;
}

static bool look_at_device(struct look *l, const struct sgt_stack *stack)
{
	char remedy[SGT_TEXT_MAX];
	if (!stack->device[0])
		return true;
	int flags = flags_of(l, stack->device);
	if (flags >= 0 && flags & IFF_UP)
		return true;
	snprintf(remedy, sizeof remedy, "ip link set %s up", stack->device);
	if (flags >= 0)
		trouble(l, SGT_NOT_RUNNING, remedy, "device = %s: this network device is down",
			stack->device);
	else
		trouble(l, SGT_NOT_RUNNING, "ip link show",
			"device = %s: there is no such network device", stack->device);
	return false;
}

/* The mark needs a capability, the source an address that is there. */
static bool look_at_settings(struct look *l, struct sgt_stack *stack)
{
	char text[SGT_ADDRESS_MAX], remedy[SGT_TEXT_MAX];
	int family = stack->has_source ? stack->source.u.sa.sa_family
		     : l->in4 >= 0     ? AF_INET
				       : AF_INET6;
	int fd = lmn_open(stack, family, SOCK_STREAM), e = fd < 0 ? -fd : 0;
	if (!e && stack->has_source &&
	    bind(fd, &stack->source.u.sa, ipaddr_len(&stack->source)) < 0)
		e = errno;
	if (fd >= 0)
		close(fd);
	if (!e)
		return true;
	if (fd < 0) {
		trouble(l, allowed(-e) ? SGT_NOT_RUNNING : SGT_FORBIDDEN,
			"systemctl edit smtpgate    # [Service] AmbientCapabilities=CAP_NET_ADMIN "
			"CAP_NET_RAW",
			"mark or device cannot be set on sockets: %s", strerrordesc_np(e));
		return false;
	}
	ipaddr_format_host(&stack->source, text);
	snprintf(remedy, sizeof remedy, "ip address show to %s", text);
	trouble(l, SGT_NOT_RUNNING, remedy, "source = %s: %s", text,
		e == EADDRNOTAVAIL ? "this machine has no such address" : strerrordesc_np(e));
	return false;
}

static bool look_at_handed(struct look *l, const struct sgt_stack *stack)
{
	struct sgt_error error;
	int index;
	for (size_t i = 0; i < stack->ports.count; i++) {
		if (lmn_handed_find(stack, &stack->ports.list[i], NULL, &index, &error) == SGT_OK)
			continue;
		trouble(l, SGT_NOT_RUNNING, error.remedy, "%s", error.text);
		return false;
	}
	return true;
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
	const char *in6 = l->in6 < 0 ? "" : l->in6_in_use ? "IPv6" : "IPv6 without addresses";
	snprintf(l->report->detail, sizeof l->report->detail, "%s%s%s", in4,
		 l->in4 >= 0 && l->in6 >= 0 ? ", " : "", in6);
}

static int try_family(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

void lmn_detect(struct sgt_stack *stack, struct sgt_report *report)
{
	memset(report, 0, sizeof *report);
	struct look l = {.report = report,
			 .in4 = try_family(AF_INET),
			 .in6 = try_family(AF_INET6),
			 .in6_in_use = has_in6_address()};
	describe(&l);
	if (look_at_families(&l) && look_at_loopback(&l) && look_at_device(&l, stack) &&
	    look_at_settings(&l, stack) && look_at_handed(&l, stack))
		report->state = SGT_RUNNING;
	if (l.in4 >= 0)
		close(l.in4);
	if (l.in6 >= 0)
		close(l.in6);
}
