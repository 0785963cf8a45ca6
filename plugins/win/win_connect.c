/*
 * Connecting: a door of libslirp to one peer is opened, one connection of ours goes through it and is
 * taken at once, and the door is closed. So it needs no queue (libslirp's is of one), and never more
 * descriptors than the reserve holds.
 */
#include "win/win.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* ---- where to ---- */

static enum sgt_result check_target6(const struct sgt_stack *stack, const struct ipaddr *a,
				     const char *text, struct sgt_error *error)
{
	char own[SGT_ADDRESS_MAX];
	const uint8_t *ip = a->u.in6.sin6_addr.s6_addr;
	if (!stack->six.set) {
		error_set(error, SGT_UNREACHABLE,
			  "%.60s is IPv6, and [vendor %.40s] has no source6", text, stack->name);
		error_remedy(error, "source6 = ADDRESS/64 in [vendor %.40s]", stack->name);
		return error->result;
	}
	if (ip[0] == 0xff || win_ip6_is_zero(ip))
		return error_set(error, SGT_BAD_ADDRESS, "%.100s is not one host's address", text);
	if (memcmp(ip, stack->six.source, WIN_IP6_LEN) == 0 ||
	    IN6_IS_ADDR_LOOPBACK(&a->u.in6.sin6_addr))
		return error_set(error, SGT_UNREACHABLE, "%.100s is this gateway itself", text);
	if (win_six_is_near(stack, ip) || !win_ip6_is_zero(stack->six.gateway))
		return SGT_OK;
	error_set(error, SGT_UNREACHABLE,
		  "%.60s is not on the network of %s, and [vendor %.40s] has no gateway6", text,
		  win_six_print(stack->six.source, own), stack->name);
	error_remedy(error, "gateway6 = ADDRESS in [vendor %.40s]", stack->name);
	return error->result;
}

static enum sgt_result check_target(const struct sgt_stack *stack, const struct ipaddr *a,
				    const char *text, struct sgt_error *error)
{
	char net[SGT_ADDRESS_MAX];
	uint32_t ip = a->u.in4.sin_addr.s_addr, near = stack->source & stack->mask;
	if (a->any || !ipaddr_port(a))
		return error_set(error, SGT_BAD_ADDRESS, "\"%.100s\" is nothing to connect to",
				 text);
	if (a->u.sa.sa_family == AF_INET6)
		return check_target6(stack, a, text, error);
	if (!ip || IN_MULTICAST(ntohl(ip)) || ip == INADDR_BROADCAST || ip == near ||
	    ip == (near | ~stack->mask))
		return error_set(error, SGT_BAD_ADDRESS, "%.100s is not one host's address", text);
	if (ip == stack->address || ip == stack->source)
		return error_set(error, SGT_UNREACHABLE, "%.100s is this gateway itself", text);
	if ((ip & stack->mask) == near || stack->gateway.ip)
		return SGT_OK;
	error_set(error, SGT_UNREACHABLE,
		  "%.60s is not on the network of %s, and [vendor %.40s] has no gateway", text,
		  win_print(stack->source, net), stack->name);
	error_remedy(error, "gateway = ADDRESS in [vendor %.40s]", stack->name);
	return error->result;
}

static enum sgt_result check_source(const struct sgt_stack *stack, const struct ipaddr *to,
				    const char *source, struct sgt_error *error)
{
	struct ipaddr from, ours;
	char own[SGT_ADDRESS_MAX];
	if (!source)
		return SGT_OK;
	enum sgt_result r = ipaddr_parse_host(source, &from, error);
	if (r != SGT_OK)
		return r;
	if (to->u.sa.sa_family == AF_INET6)
		win_six_ipaddr(&ours, stack->six.source, 0);
	else
		win_ipaddr(&ours, stack->source, 0);
	if (ipaddr_equal(&from, &ours))
		return SGT_OK;
	return error_set(error, SGT_BAD_ADDRESS, "%.100s: the only address to connect from is %s",
			 source, ipaddr_format_host(&ours, own));
}

/* ---- through the door ---- */

static int open_door(struct sgt_stack *stack, const struct win_flow *f,
		     const struct sockaddr_un *name)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)f->port),
				 .sin_addr = {.s_addr = f->peer}};
	int r = slirp_add_hostxfwd(stack->slirp, (const struct sockaddr *)name, sizeof *name,
				   (const struct sockaddr *)&to, sizeof to, 0);
	return r == 0 ? 0 : -errno;
}

static void close_door(struct sgt_stack *stack, const struct sockaddr_un *name)
{
	struct sockaddr_storage whole = {.ss_family = AF_UNIX}; /* it reads one */
	memcpy(&whole, name, sizeof *name);
	slirp_remove_hostxfwd(stack->slirp, (const struct sockaddr *)&whole, sizeof *name, 0);
	win_folder_remove(stack, name);
}

/* -errno, or a socket that waits behind the door. */
static int go_to(const struct sockaddr_un *name)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), e;
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)name, sizeof *name) == 0)
		return fd;
	e = errno;
	close(fd);
	return -e;
}

/* The door is open. */
static enum sgt_result go_through(struct sgt_stack *stack, struct win_flow *f,
				  const struct sockaddr_un *name, const struct ipaddr *to,
				  void *user, struct sgt_error *error)
{
	int fd = go_to(name);
	if (fd < 0)
		return error_errno(error, ERROR_SOCKET, -fd, "connecting to libslirp");
	enum sgt_result r = sock_stand_in(&stack->sock, fd, to, f, user, &f->conn, error);
	if (r == SGT_OK)
		win_slirp_accept(stack);
	else
		close(fd);
	return r;
}

static enum sgt_result connect_by(struct sgt_stack *stack, struct win_flow *f,
				  const struct ipaddr *to, void *user, struct sgt_error *error)
{
	struct sockaddr_un name;
	enum sgt_result r;
	win_folder_name(stack, "out", f->port, &name);
	win_reserve_lend(stack);
	int e = open_door(stack, f, &name);
	if (e == 0) {
		r = go_through(stack, f, &name, to, user, error);
		close_door(stack, &name);
	} else {
		r = error_errno(error, ERROR_SOCKET, -e, "a door of libslirp");
	}
	win_reserve_take(stack);
	return r;
}

/* NULL: there are as many as there may be, or memory is short. */
static struct win_flow *flow_to(struct sgt_stack *stack, const struct ipaddr *to)
{
	const uint8_t *ip = to->u.in6.sin6_addr.s6_addr;
	bool six = to->u.sa.sa_family == AF_INET6;
	struct win_hop *hop = six ? win_six_hop(stack, ip) : NULL;
	if (six && !hop)
		return NULL;
	struct win_flow *f =
		win_flow_add(&stack->flows, stack->sock.host,
			     six ? hop->alias : to->u.in4.sin_addr.s_addr, ipaddr_port(to), 0);
	if (f && six)
		win_flow_set_hop(f, hop, ip);
	return f;
}

/* With a port that none of the stacks at our cable has; NULL: there is none, or memory is short. */
static struct win_flow *new_flow(struct sgt_stack *stack, const struct ipaddr *to)
{
	for (unsigned i = 0; i < WIN_PORT_COUNT; i++) {
		struct win_flow *f = flow_to(stack, to);
		if (!f || win_cable_add(stack->cable, stack, f))
			return f;
		win_flow_free(&stack->flows, stack->sock.host, f);
	}
	return NULL;
}

enum sgt_result win_connect(struct sgt_stack *stack, const char *address, const char *source,
			    void *user, struct sgt_conn **conn, struct sgt_error *error)
{
	struct ipaddr to;
	enum sgt_result r = ipaddr_parse(address, 0, &to, error);
	if (r == SGT_OK)
		r = check_target(stack, &to, address, error);
	if (r == SGT_OK)
		r = check_source(stack, &to, source, error);
	if (r != SGT_OK)
		return r;
	struct win_flow *f = stack->scarce ? NULL : new_flow(stack, &to);
	if (!f)
		return error_set(error, SGT_LIMIT,
				 "no descriptor or port is free for a connection to %.100s",
				 address);
	r = connect_by(stack, f, &to, user, error);
	if (r == SGT_OK)
		*conn = f->conn;
	else
		win_track_kill(stack, f);
	return r;
}
