/*
 * Could the host's TCP/IP be used now? Looks at the kernel's families, the loopback device, the
 * settings that depend on the host, and the descriptors handed over. Opens sockets and closes them
 * again; changes nothing.
 */
#include "lmn/lmn.h"
#include "support/look.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool look_at_device(struct look *l, const struct sgt_stack *stack)
{
	char remedy[SGT_TEXT_MAX];
	if (!stack->device[0])
		return true;
	int flags = look_flags(l, stack->device);
	if (flags >= 0 && flags & IFF_UP)
		return true;
	snprintf(remedy, sizeof remedy, "ip link set %s up", stack->device);
	if (flags >= 0)
		look_trouble(l, SGT_NOT_RUNNING, remedy, "device = %s: this network device is down",
			     stack->device);
	else
		look_trouble(l, SGT_NOT_RUNNING, "ip link show",
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
		look_trouble(
			l, look_is_allowed(-e) ? SGT_NOT_RUNNING : SGT_FORBIDDEN,
			"systemctl edit smtpgate    # [Service] AmbientCapabilities=CAP_NET_ADMIN "
			"CAP_NET_RAW",
			"mark or device cannot be set on sockets: %s", strerrordesc_np(e));
		return false;
	}
	ipaddr_format_host(&stack->source, text);
	snprintf(remedy, sizeof remedy, "ip address show to %s", text);
	look_trouble(l, SGT_NOT_RUNNING, remedy, "source = %s: %s", text,
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
		look_trouble(l, SGT_NOT_RUNNING, error.remedy, "%s", error.text);
		return false;
	}
	return true;
}

void lmn_detect(struct sgt_stack *stack, struct sgt_report *report)
{
	struct look l;
	look_begin(&l, report);
	if (look_at_families(&l) && look_at_loopback(&l) && look_at_device(&l, stack) &&
	    look_at_settings(&l, stack) && look_at_handed(&l, stack))
		report->state = SGT_RUNNING;
	look_end(&l);
}
