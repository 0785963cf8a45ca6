/*
 * Could win be started now? Its network is what wire_detect looks at; beside it libslirp must be able to
 * have a socket of the host's (it takes port numbers from one and sends nothing by it: without it, it
 * aborts). Changes nothing.
 */
#include "win/win.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void look_at_socket(struct sgt_report *report)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), e = errno;
	if (fd >= 0) {
		close(fd);
		return;
	}
	report->state = SGT_FORBIDDEN;
	snprintf(report->cause, sizeof report->cause,
		 "libslirp may not have a socket of the family AF_INET: %s", strerrordesc_np(e));
	snprintf(report->remedy, sizeof report->remedy,
		 "systemctl edit smtpgate    # [Service] RestrictAddressFamilies=AF_UNIX AF_INET "
		 "AF_INET6 AF_NETLINK");
}

void win_detect(struct sgt_stack *stack, struct sgt_report *report)
{
	char network[SGT_TEXT_MAX / 2], address[SGT_ADDRESS_MAX], source[SGT_ADDRESS_MAX];
	win_cable_detect(stack->cable, report);
	if (report->state != SGT_RUNNING)
		return; /* of a network that is not there, its place is enough */
	snprintf(network, sizeof network, "%.*s", (int)sizeof network - 1, report->detail);
	snprintf(report->detail, sizeof report->detail, "%s, %.20s, from %.20s", network,
		 win_print(stack->address, address), win_print(stack->source, source));
	look_at_socket(report);
}
