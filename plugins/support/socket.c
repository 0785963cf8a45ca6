/* Kernel sockets: see socket.h. */
#include "support/socket.h"
#include "support/error.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int set_options(int fd, int type, const struct ipaddr *address, int family, bool share)
{
	int on = 1, v6only = !address->any;
	if (type == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
		return errno;
	if (share && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0)
		return errno;
	if (family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof v6only) < 0)
		return errno;
	return 0;
}

/* -errno, or the descriptor. */
static int bind_one(const struct socket_maker *maker, int type, const struct ipaddr *address,
		    bool share)
{
	int family = address->u.sa.sa_family;
	int fd = maker->open(maker->ctx, family, type);
	if (fd < 0)
		return fd;
	int e = set_options(fd, type, address, family, share);
	if (!e && bind(fd, &address->u.sa, ipaddr_len(address)) < 0)
		e = errno;
	if (!e)
		return fd;
	close(fd);
	return -e;
}

enum sgt_result socket_bind(const struct socket_maker *maker, int type,
			    const struct ipaddr *address, bool share, int *fd,
			    struct sgt_error *error)
{
	char text[SGT_ADDRESS_MAX];
	*fd = bind_one(maker, type, address, share);
	if (address->any && (*fd == -EAFNOSUPPORT || *fd == -EADDRNOTAVAIL)) {
		struct ipaddr in4 = {.u.in4 = {.sin_family = AF_INET}};
		ipaddr_set_port(&in4, ipaddr_port(address));
		*fd = bind_one(maker, type, &in4, share);
	}
	if (*fd >= 0)
		return SGT_OK;
	return error_errno(error, ERROR_BIND, -*fd, ipaddr_format(address, text));
}

static int bind_source(int fd, int family, const struct ipaddr *source)
{
	int on = 1;
	/* Leaves the choice of the port to connect, which can use one for several peers. */
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
	if (source->u.sa.sa_family != family)
		return EAFNOSUPPORT;
	return bind(fd, &source->u.sa, ipaddr_len(source)) < 0 ? errno : 0;
}

enum sgt_result socket_from(const struct socket_maker *maker, int family,
			    const struct ipaddr *source, int *fd, struct sgt_error *error)
{
	char text[SGT_ADDRESS_MAX];
	int on = 1;
	*fd = maker->open(maker->ctx, family, SOCK_STREAM);
	if (*fd < 0)
		return error_errno(error, ERROR_SOCKET, -*fd, "socket");
	setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	int e = source ? bind_source(*fd, family, source) : 0;
	if (!e)
		return SGT_OK;
	close(*fd);
	*fd = -1;
	return error_errno(error, ERROR_BIND, e, ipaddr_format_host(source, text));
}

bool socket_local(int fd, struct ipaddr *out)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof sa;
	return getsockname(fd, (struct sockaddr *)&sa, &len) == 0 &&
	       ipaddr_from(out, (struct sockaddr *)&sa);
}

bool socket_name(int fd, struct ipaddr *out)
{
	int v6only = 1;
	socklen_t len = sizeof v6only;
	if (!socket_local(fd, out))
		return false;
	if (out->u.sa.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&out->u.in6.sin6_addr) &&
	    getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, &len) == 0)
		out->any = !v6only;
	return true;
}

int socket_error(int fd)
{
	int e = 0;
	socklen_t len = sizeof e;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len) < 0 ? errno : e;
}

bool socket_discard(int fd, size_t *bytes, size_t most)
{
	char nothing[8192];
	while (*bytes < most) {
		ssize_t n = recv(fd, nothing, sizeof nothing, MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 && errno == EAGAIN;
		*bytes += (size_t)n;
	}
	return false;
}

bool socket_unfinished(int fd)
{
	int unsent = 0;
	return ioctl(fd, SIOCOUTQ, &unsent) == 0 && unsent > 0;
}

bool socket_own_addresses(void (*fn)(void *ctx, const char *address), void *ctx)
{
	struct ifaddrs *all;
	char text[SGT_ADDRESS_MAX];
	if (getifaddrs(&all) < 0)
		return false;
	for (struct ifaddrs *i = all; i; i = i->ifa_next) {
		struct ipaddr a;
		if (i->ifa_addr && i->ifa_flags & IFF_UP && ipaddr_from(&a, i->ifa_addr))
			fn(ctx, ipaddr_format_host(&a, text));
	}
	freeifaddrs(all);
	return true;
}
