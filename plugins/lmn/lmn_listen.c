/*
 * Listening ports: bound once by prepare, as root or not, and kept over stop and start.
 *
 * Owns the descriptors that it bound; handed ones stay the core's. A listener that ends leaves its
 * port bound but not listening (peers are refused), so that it can be opened again without rights.
 * A handed one goes on listening: its queue is the service manager's. Ports that were not planned
 * are bound when they are asked for and closed at the end.
 */
#include "lmn/lmn.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static enum sgt_result bind_failed(const struct lmn_port *port, struct sgt_error *error)
{
	unsigned number = ipaddr_port(&port->address);
	switch (error->result) {
	case SGT_IN_USE:
		lmn_holder_name(error, &port->address, port->name);
		break;
	case SGT_DENIED:
		error_set(error, SGT_DENIED, "rights forbid to listen at %s", port->text);
		error_remedy(error,
			     "sysctl net.ipv4.ip_unprivileged_port_start=%u    # or start as root",
			     number);
		break;
	case SGT_BAD_ADDRESS:
		error_set(error, SGT_BAD_ADDRESS, "%s is not an address of this machine",
			  port->text);
		error_remedy(error, "ip address show");
		break;
	default:
		break;
	}
	return error->result;
}

static enum sgt_result begin_listening(const struct lmn_port *port, struct sgt_error *error)
{
	if (listen(port->fd, SOCK_BACKLOG) == 0)
		return SGT_OK;
	error_errno(error, ERROR_BIND, errno, port->text);
	return bind_failed(port, error);
}

/* The kernel forgets a port that it chose itself when the socket stops listening: ask for it by number. */
static enum sgt_result bind_chosen(struct sgt_stack *stack, struct lmn_port *port,
				   struct sgt_error *error)
{
	struct sockaddr_storage sa;
	struct ipaddr chosen = port->address, at;
	socklen_t len = sizeof sa;
	if (getsockname(port->fd, (struct sockaddr *)&sa, &len) < 0 ||
	    !ipaddr_from(&at, (struct sockaddr *)&sa))
		return SGT_OK;
	close(port->fd);
	ipaddr_set_port(&chosen, ipaddr_port(&at));
	return sock_bind(&stack->sock, SOCK_STREAM, &chosen, port->share, &port->fd, error);
}

static enum sgt_result bind_port(struct sgt_stack *stack, struct lmn_port *port,
				 struct sgt_error *error)
{
	enum sgt_result r =
		sock_bind(&stack->sock, SOCK_STREAM, &port->address, port->share, &port->fd, error);
	if (r == SGT_OK && !ipaddr_port(&port->address))
		r = bind_chosen(stack, port, error);
	if (r != SGT_OK)
		return bind_failed(port, error);
	r = begin_listening(port, error);
	if (r != SGT_OK) {
		close(port->fd);
		port->fd = -1;
	}
	return r;
}

static enum sgt_result take_handed(struct lmn_port *port, int fd, struct sgt_error *error)
{
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return error_errno(error, ERROR_SOCKET, errno, port->text);
	port->fd = fd;
	port->handed = true;
	return SGT_OK;
}

/* Gives the port a descriptor: one that was handed over, or one bound here. */
static enum sgt_result provide(struct sgt_stack *stack, struct lmn_port *port, bool *taken,
			       struct sgt_error *error)
{
	int index;
	enum sgt_result r = lmn_handed_find(stack, port, taken, &index, error);
	if (r != SGT_OK)
		return r;
	if (index < 0)
		return bind_port(stack, port, error);
	if (taken)
		taken[index] = true;
	sock_log(&stack->sock, SGT_LOG_INFO, "%s: listener %s (%s) uses the socket handed over",
		 stack->name, port->name, port->text);
	return take_handed(port, stack->handed[index].fd, error);
}

static void tell_unmatched(struct sgt_stack *stack, const bool *taken)
{
	char what[SGT_TEXT_MAX];
	if (stack->sockets == LMN_SOCKETS_OFF)
		return;
	for (size_t i = 0; i < stack->handed_count; i++) {
		if (taken[i])
			continue;
		const struct sgt_handed *h = &stack->handed[i];
		lmn_handed_describe(h->fd, what);
		sock_log(&stack->sock, SGT_LOG_WARN,
			 "%s: descriptor %d \"%.60s\" was handed over (%s), but no listener wants "
			 "it",
			 stack->name, h->fd, h->name, what);
	}
}

enum sgt_result lmn_prepare(struct sgt_stack *stack, struct sgt_error *error)
{
	enum sgt_result r = SGT_OK;
	bool *taken = sock_alloc(&stack->sock, NULL, stack->handed_count + 1);
	if (!taken)
		return error_set(error, SGT_NOMEM, "memory is short for the listeners");
	memset(taken, 0, stack->handed_count + 1);
	for (size_t i = 0; i < stack->port_count && r == SGT_OK; i++)
		r = provide(stack, &stack->ports[i], taken, error);
	if (r == SGT_OK)
		tell_unmatched(stack, taken);
	else
		lmn_ports_close(stack);
	sock_alloc(&stack->sock, taken, 0);
	return r;
}

void lmn_ports_close(struct sgt_stack *stack)
{
	for (size_t i = 0; i < stack->port_count; i++) {
		struct lmn_port *port = &stack->ports[i];
		if (port->fd >= 0 && !port->handed)
			close(port->fd);
		port->fd = -1;
		port->handed = port->busy = false;
	}
}

/* ---- opening and ending listeners ---- */

static struct lmn_port *find_port(struct sgt_stack *stack, const struct lmn_port *like)
{
	for (size_t i = 0; i < stack->port_count; i++) {
		struct lmn_port *p = &stack->ports[i];
		if (p->fd >= 0 && !p->busy && strcmp(p->name, like->name) == 0 &&
		    ipaddr_equal(&p->address, &like->address))
			return p;
	}
	return NULL;
}

static enum sgt_result open_planned(struct sgt_stack *stack, struct lmn_port *port, void *user,
				    struct sgt_listener **listener, struct sgt_error *error)
{
	enum sgt_result r = port->handed ? SGT_OK : begin_listening(port, error);
	if (r == SGT_OK)
		r = sock_listen(&stack->sock, port->fd, user, listener, error);
	port->busy = r == SGT_OK;
	return r;
}

/* A listener that came with a reload: nothing is kept of it. */
static enum sgt_result open_unplanned(struct sgt_stack *stack, struct lmn_port *port, void *user,
				      struct sgt_listener **listener, struct sgt_error *error)
{
	enum sgt_result r = provide(stack, port, NULL, error);
	if (r != SGT_OK)
		return r;
	r = sock_listen(&stack->sock, port->fd, user, listener, error);
	if (r != SGT_OK && !port->handed)
		close(port->fd);
	return r;
}

enum sgt_result lmn_listen(struct sgt_stack *stack, const struct sgt_plan *plan, void *user,
			   struct sgt_listener **listener, struct sgt_error *error)
{
	char name[64] = "";
	struct lmn_port like = {.name = name, .fd = -1, .share = plan->share};
	enum sgt_result r = ipaddr_parse(plan->address, 0, &like.address, error);
	if (r != SGT_OK)
		return r;
	ipaddr_format(&like.address, like.text);
	if (plan->name)
		strncat(name, plan->name, sizeof name - 1);
	struct lmn_port *port = find_port(stack, &like);
	if (port)
		return open_planned(stack, port, user, listener, error);
	return open_unplanned(stack, &like, user, listener, error);
}

static bool is_handed(const struct sgt_stack *stack, int fd)
{
	for (size_t i = 0; i < stack->handed_count; i++)
		if (stack->handed[i].fd == fd)
			return true;
	return false;
}

void lmn_ended(void *ctx, int fd)
{
	struct sgt_stack *stack = ctx;
	for (size_t i = 0; i < stack->port_count; i++) {
		struct lmn_port *port = &stack->ports[i];
		if (port->fd != fd)
			continue;
		port->busy = false;
		if (!port->handed)
			shutdown(fd, SHUT_RDWR); /* stays bound, refuses peers */
		return;
	}
	if (!is_handed(stack, fd))
		close(fd);
}
