/*
 * Listeners: for each a socket of ours in the folder, to which libslirp connects when a peer has
 * connected to address:port. Owns those sockets, from listen to unlisten or stop.
 */
#include "win/win.h"

#include <arpa/inet.h>
#include <errno.h>
#include <unistd.h>

#define CHOSEN_FIRST 49152u /* ports for who asks for 0: IANA's dynamic ones */
#define CHOSEN_COUNT 16384u
#define BACKLOG 16 /* they are taken one by one as they come */

struct win_port *win_port_find(const struct sgt_stack *stack, unsigned port)
{
	struct win_port *p;
	LIST_FOREACH(p, &stack->ports, all)
	if (p->port == port)
		return p;
	return NULL;
}

static unsigned choose_port(const struct sgt_stack *stack)
{
	const struct sgt_host *host = stack->sock.host;
	unsigned at = (unsigned)(host->random(host->ctx) % CHOSEN_COUNT);
	for (unsigned i = 0; i < CHOSEN_COUNT; i++, at++)
		if (!win_cable_listens(stack->cable, CHOSEN_FIRST + at % CHOSEN_COUNT))
			return CHOSEN_FIRST + at % CHOSEN_COUNT;
	return 0;
}

/* Our only address for listening, or every one of ours, which is the same. */
static enum sgt_result check_address(const struct sgt_stack *stack, const struct ipaddr *a,
				     const char *text, struct sgt_error *error)
{
	char own[SGT_ADDRESS_MAX];
	uint32_t ip = a->u.in4.sin_addr.s_addr;
	if (a->any || (a->u.sa.sa_family == AF_INET && (ip == stack->address || ip == INADDR_ANY)))
		return SGT_OK;
	if (a->u.sa.sa_family == AF_INET6)
		return error_set(error, SGT_UNSUPPORTED,
				 "%.100s: this TCP/IP has no IPv6 to listen on", text);
	error_set(error, SGT_BAD_ADDRESS, "%.100s: the only address to listen on is %s", text,
		  win_print(stack->address, own));
	error_remedy(error, "address = %s:%u    ; of the listener", own, ipaddr_port(a));
	return SGT_BAD_ADDRESS;
}

static enum sgt_result read_plan(const struct sgt_stack *stack, const struct sgt_plan *plan,
				 struct ipaddr *a, struct sgt_error *error)
{
	enum sgt_result r = ipaddr_parse(plan->address, 0, a, error);
	return r == SGT_OK ? check_address(stack, a, plan->address, error) : r;
}

enum sgt_result win_listen_check(const struct sgt_stack *stack, const struct sgt_plan *plans,
				 size_t count, struct sgt_error *error)
{
	enum sgt_result r = SGT_OK;
	struct ipaddr a;
	for (size_t i = 0; i < count && r == SGT_OK; i++)
		r = read_plan(stack, &plans[i], &a, error);
	return r;
}

/* -errno, or a socket that listens under the port's name. */
static int open_socket(const struct win_port *port)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), e;
	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&port->name, sizeof port->name) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	e = errno;
	close(fd);
	return -e;
}

/* libslirp keeps a port that it was given: taking it back leaks its name (4.7, remove_guestfwd). Nobody is let in
 * to one without a listener, and the name in the folder is the same the next time. */
static bool is_known(const struct sgt_stack *stack, unsigned port)
{
	return stack->known[port / 8] >> port % 8 & 1;
}

static enum sgt_result open_port(struct sgt_stack *stack, struct win_port *port, const char *text,
				 struct sgt_error *error)
{
	struct in_addr own = {.s_addr = stack->address};
	win_folder_name(stack, "in", port->port, &port->name);
	port->fd = open_socket(port);
	if (port->fd < 0)
		return error_errno(error, ERROR_SOCKET, -port->fd, text);
	if (is_known(stack, port->port) ||
	    slirp_add_unix(stack->slirp, port->name.sun_path, &own, (int)port->port) == 0) {
		stack->known[port->port / 8] |= (uint8_t)(1u << port->port % 8);
		return SGT_OK;
	}
	close(port->fd);
	win_folder_remove(stack, &port->name);
	return error_set(error, SGT_SOCKET, "%s: libslirp does not take this listener", text);
}

static void close_port(struct sgt_stack *stack, struct win_port *port)
{
	win_track_unlisten(stack, port->port);
	win_folder_remove(stack, &port->name);
	close(port->fd);
	win_cable_unlisten(stack->cable, port);
	sock_alloc(&stack->sock, port, 0);
}

/* Nobody else has the port. */
static enum sgt_result open_listener(struct sgt_stack *stack, struct win_port *port,
				     const char *text, void *user, struct sgt_error *error)
{
	enum sgt_result r = open_port(stack, port, text, error);
	if (r != SGT_OK) {
		win_cable_unlisten(stack->cable, port);
		sock_alloc(&stack->sock, port, 0);
		return r;
	}
	r = sock_listen_at(&stack->sock, port->fd, text, user, &port->listener, error);
	if (r == SGT_OK)
		LIST_INSERT_HEAD(&stack->ports, port, all);
	else
		close_port(stack, port);
	return r;
}

/* The address is checked, its port chosen. */
static enum sgt_result listen_at(struct sgt_stack *stack, const struct ipaddr *a, bool share,
				 void *user, struct sgt_listener **listener,
				 struct sgt_error *error)
{
	char text[SGT_ADDRESS_MAX];
	struct win_port *port = sock_alloc(&stack->sock, NULL, sizeof *port);
	ipaddr_format(a, text);
	if (!port)
		return error_set(error, SGT_NOMEM, "memory is short for a listener");
	*port = (struct win_port){.port = ipaddr_port(a), .stack = stack, .shared = share};
	if (!win_cable_listen(stack->cable, port)) {
		sock_alloc(&stack->sock, port, 0);
		error_set(error, SGT_IN_USE, "%s is in use: this gateway itself listens there",
			  text);
		error_remedy(error, "give one of its [listen] sections another port");
		return error->result;
	}
	enum sgt_result r = open_listener(stack, port, text, user, error);
	if (r == SGT_OK)
		*listener = port->listener;
	return r;
}

enum sgt_result win_listen(struct sgt_stack *stack, const struct sgt_plan *plan, void *user,
			   struct sgt_listener **listener, struct sgt_error *error)
{
	struct ipaddr a;
	enum sgt_result r = read_plan(stack, plan, &a, error);
	if (r != SGT_OK)
		return r;
	if (!ipaddr_port(&a))
		ipaddr_set_port(&a, choose_port(stack));
	if (!ipaddr_port(&a))
		return error_set(error, SGT_LIMIT, "no port is free to listen on");
	return listen_at(stack, &a, plan->share, user, listener, error);
}

void win_listen_ended(void *ctx, int fd)
{
	struct sgt_stack *stack = ctx;
	struct win_port *port;
	LIST_FOREACH(port, &stack->ports, all)
	if (port->fd == fd)
		break;
	if (!port)
		return;
	LIST_REMOVE(port, all);
	close_port(stack, port);
}
