/* rtnetlink and TAP: see nvl_device.h. Requests are of a few hundred bytes; answers are an errno each. */
#include "nvl/nvl_device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define TUN "/dev/net/tun"
#define ANSWER_S \
	5 /* the kernel answers within the call; a socket that does not is not waited for */

/* A request as it grows: header, the message's own struct, attributes. */
struct request {
	union {
		struct nlmsghdr head;
		char bytes[512];
	} u;
};

static void *begin(struct request *r, int type, int flags, size_t len)
{
	memset(r, 0, sizeof *r);
	r->u.head.nlmsg_len = (uint32_t)NLMSG_LENGTH(len);
	r->u.head.nlmsg_type = (uint16_t)type;
	r->u.head.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	return NLMSG_DATA(&r->u.head);
}

static void add(struct request *r, int type, const void *data, size_t len)
{
	struct rtattr *a = (struct rtattr *)(void *)(r->u.bytes + NLMSG_ALIGN(r->u.head.nlmsg_len));
	a->rta_type = (unsigned short)type;
	a->rta_len = (unsigned short)RTA_LENGTH(len);
	memcpy(RTA_DATA(a), data, len);
	r->u.head.nlmsg_len = (uint32_t)(NLMSG_ALIGN(r->u.head.nlmsg_len) + RTA_ALIGN(a->rta_len));
}

/* Sends the request and takes the kernel's answer: 0 or an errno. */
static int ask(int netlink, struct request *r)
{
	union {
		struct nlmsghdr head;
		char bytes[1024];
	} answer;
	if (send(netlink, r->u.bytes, r->u.head.nlmsg_len, 0) < 0)
		return errno;
	ssize_t n = recv(netlink, answer.bytes, sizeof answer.bytes, 0);
	if (n < 0)
		return errno;
	const struct nlmsgerr *e = NLMSG_DATA(&answer.head);
	if ((size_t)n < NLMSG_LENGTH(sizeof *e) || answer.head.nlmsg_type != NLMSG_ERROR)
		return EPROTO;
	return -e->error;
}

static int netlink_socket(uint32_t groups)
{
	struct sockaddr_nl sa = {.nl_family = AF_NETLINK, .nl_groups = groups};
	struct timeval limit = {.tv_sec = ANSWER_S};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), e = 0;
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0 &&
	    bind(fd, (struct sockaddr *)&sa, sizeof sa) == 0)
		return fd;
	e = errno;
	close(fd);
	return -e;
}

int nvl_device_open(void)
{
	return netlink_socket(0);
}

int nvl_device_up(int netlink, int index, const uint8_t *mac, uint32_t mtu)
{
	struct request r;
	struct ifinfomsg *m = begin(&r, RTM_NEWLINK, 0, sizeof *m);
	m->ifi_index = index;
	m->ifi_flags = IFF_UP;
	m->ifi_change = IFF_UP;
	if (mac)
		add(&r, IFLA_ADDRESS, mac, 6);
	if (mtu)
		add(&r, IFLA_MTU, &mtu, sizeof mtu);
	return ask(netlink, &r);
}

static size_t bytes_of(const struct nvl_cidr *a)
{
	return a->family == AF_INET ? 4 : 16;
}

/* The last address of an IPv4 network; peers that ask all others use it. */
static void broadcast_of(const struct nvl_cidr *a, uint8_t out[4])
{
	for (int i = 0; i < 4; i++) {
		int bits = a->bits - 8 * i;
		int host = bits >= 8 ? 0 : bits <= 0 ? 0xff : 0xff >> bits;
		out[i] = (uint8_t)(a->bytes[i] | host);
	}
}

int nvl_device_address(int netlink, int index, const struct nvl_cidr *address)
{
	struct request r;
	uint8_t broadcast[4];
	struct ifaddrmsg *m = begin(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, sizeof *m);
	m->ifa_family = address->family;
	m->ifa_prefixlen = address->bits;
	m->ifa_index = (unsigned)index;
	if (address->family == AF_INET6)
		m->ifa_flags = IFA_F_NODAD;
	add(&r, IFA_LOCAL, address->bytes, bytes_of(address));
	add(&r, IFA_ADDRESS, address->bytes, bytes_of(address));
	if (address->family == AF_INET && address->bits < 31) {
		broadcast_of(address, broadcast);
		add(&r, IFA_BROADCAST, broadcast, sizeof broadcast);
	}
	return ask(netlink, &r);
}

int nvl_device_gateway(int netlink, int index, const struct nvl_cidr *gateway)
{
	struct request r;
	uint32_t oif = (uint32_t)index;
	struct rtmsg *m = begin(&r, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, sizeof *m);
	m->rtm_family = gateway->family;
	m->rtm_table = RT_TABLE_MAIN;
	m->rtm_protocol = RTPROT_STATIC;
	m->rtm_scope = RT_SCOPE_UNIVERSE;
	m->rtm_type = RTN_UNICAST;
	add(&r, RTA_GATEWAY, gateway->bytes, bytes_of(gateway));
	add(&r, RTA_OIF, &oif, sizeof oif);
	return ask(netlink, &r);
}

/* ---- TAP ---- */

/* A service manager may keep devices from a unit, and then no mknod helps. */
static const char *in_unit(const char *else_do)
{
	return getenv("INVOCATION_ID")
		       ? "systemctl edit smtpgate    # [Service] PrivateDevices=no and "
			 "DeviceAllow=" TUN " rw"
		       : else_do;
}

static bool tun_refused(struct nvl_word *why, int errnum)
{
	switch (errnum) {
	case ENOENT:
		return nvl_refuse(why, SGT_ABSENT,
				  in_unit("mkdir -p /dev/net && mknod -m 666 " TUN " c 10 200"),
				  "there is no " TUN);
	case ENODEV:
	case ENXIO:
		return nvl_refuse(why, SGT_ABSENT, "modprobe tun",
				  "the kernel has no driver for " TUN);
	case EACCES:
		return nvl_refuse(why, SGT_FORBIDDEN, "chmod 666 " TUN, TUN " is closed to user %u",
				  (unsigned)geteuid());
	case EPERM:
		return nvl_refuse(why, SGT_FORBIDDEN, in_unit(""),
				  TUN " is closed to this process: its unit or container forbids "
				      "the device");
	default:
		return nvl_refuse(why, SGT_NOT_RUNNING, "", TUN ": %s", strerrordesc_np(errnum));
	}
}

int nvl_device_tap(struct nvl_word *why)
{
	struct ifreq r = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	unsigned index = NVL_DEVICE_INDEX;
	int fd = open(TUN, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		tun_refused(why, errno);
		return -1;
	}
	snprintf(r.ifr_name, sizeof r.ifr_name, "%s", NVL_DEVICE);
	if (ioctl(fd, TUNSETIFINDEX, &index) == 0 && ioctl(fd, TUNSETIFF, &r) == 0)
		return fd;
	int e = errno;
	close(fd);
	nvl_refuse(why, e == EPERM ? SGT_FORBIDDEN : SGT_NOT_RUNNING, "",
		   "no virtual Ethernet device can be made of " TUN ": %s", strerrordesc_np(e));
	return -1;
}

/* ---- watching ---- */

int nvl_device_watch(void)
{
	return netlink_socket(RTMGRP_LINK);
}

bool nvl_device_is_up(int watch, int index)
{
	union {
		struct nlmsghdr head;
		char bytes[8192];
	} u;
	ssize_t n = recv(watch, u.bytes, sizeof u.bytes, MSG_DONTWAIT);
	size_t len = n > 0 ? (size_t)n : 0;
	bool up = true;
	for (size_t at = 0; at + NLMSG_LENGTH(sizeof(struct ifinfomsg)) <= len;) {
		const struct nlmsghdr *h = (struct nlmsghdr *)(void *)(u.bytes + at);
		const struct ifinfomsg *m = NLMSG_DATA(h);
		if (m->ifi_index == index)
			up = h->nlmsg_type == RTM_NEWLINK && m->ifi_flags & IFF_UP;
		at += NLMSG_ALIGN(h->nlmsg_len);
		if (!h->nlmsg_len)
			break;
	}
	return up;
}
