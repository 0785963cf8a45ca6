/* Ports that live over stop and start: see ports.h. */
#include "support/ports.h"
#include "support/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* ---- plans ---- */

void ports_init(struct sock_ports *ports, struct sock_stack *sock,
		const struct sock_port_ways *ways, void *ctx)
{
	*ports = (struct sock_ports){.sock = sock, .ways = ways, .ctx = ctx};
}

static enum sgt_result no_memory(struct sgt_error *error)
{
	return error_set(error, SGT_NOMEM, "memory is short for the listeners");
}

static enum sgt_result read_plan(struct sock_ports *ports, const struct sgt_plan *plan,
				 struct sock_port *port, struct sgt_error *error)
{
	enum sgt_result r = ipaddr_parse(plan->address, 0, &port->address, error);
	if (r != SGT_OK)
		return r;
	ipaddr_format(&port->address, port->text);
	port->share = plan->share;
	const char *name = plan->name ? plan->name : "";
	size_t n = strlen(name) + 1;
	port->name = sock_alloc(ports->sock, NULL, n);
	if (!port->name)
		return no_memory(error);
	memcpy(port->name, name, n);
	return SGT_OK;
}

enum sgt_result ports_plan(struct sock_ports *ports, const struct sgt_plan *plans, size_t count,
			   struct sgt_error *error)
{
	if (!count)
		return SGT_OK;
	ports->list = sock_alloc(ports->sock, NULL, count * sizeof *ports->list);
	if (!ports->list)
		return no_memory(error);
	for (size_t i = 0; i < count; i++) {
		struct sock_port *port = &ports->list[ports->count++];
		memset(port, 0, sizeof *port);
		port->fd = -1;
		enum sgt_result r = read_plan(ports, &plans[i], port, error);
		if (r != SGT_OK)
			return r;
	}
	return SGT_OK;
}

void ports_free(struct sock_ports *ports)
{
	ports_unbind(ports);
	for (size_t i = 0; i < ports->count; i++)
		sock_alloc(ports->sock, ports->list[i].name, 0);
	sock_alloc(ports->sock, ports->list, 0);
	ports->list = NULL;
	ports->count = 0;
}

/* ---- binding ---- */

static enum sgt_result failed(struct sock_ports *ports, const struct sock_port *port,
			      struct sgt_error *error)
{
	ports->ways->explain(ports->ctx, port, error);
	return error->result;
}

static enum sgt_result begin_listening(struct sock_ports *ports, const struct sock_port *port,
				       struct sgt_error *error)
{
	if (listen(port->fd, SOCK_BACKLOG) == 0)
		return SGT_OK;
	error_errno(error, ERROR_BIND, errno, port->text);
	return failed(ports, port, error);
}

/* The kernel forgets a port that it chose itself when the socket stops listening: ask for it by number. */
static enum sgt_result bind_chosen(struct sock_ports *ports, struct sock_port *port,
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
	return sock_bind(ports->sock, SOCK_STREAM, &chosen, port->share, &port->fd, error);
}

static enum sgt_result bind_port(struct sock_ports *ports, struct sock_port *port,
				 struct sgt_error *error)
{
	enum sgt_result r =
		sock_bind(ports->sock, SOCK_STREAM, &port->address, port->share, &port->fd, error);
	if (r == SGT_OK && !ipaddr_port(&port->address))
		r = bind_chosen(ports, port, error);
	if (r != SGT_OK)
		return failed(ports, port, error);
	r = begin_listening(ports, port, error);
	if (r != SGT_OK) {
		close(port->fd);
		port->fd = -1;
	}
	return r;
}

static enum sgt_result take_borrowed(struct sock_port *port, int fd, struct sgt_error *error)
{
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return error_errno(error, ERROR_SOCKET, errno, port->text);
	port->fd = fd;
	port->borrowed = true;
	return SGT_OK;
}

/* Gives the port a descriptor: a borrowed one, or one bound here. */
static enum sgt_result provide(struct sock_ports *ports, struct sock_port *port,
			       struct sgt_error *error)
{
	int fd = -1;
	enum sgt_result r =
		ports->ways->borrow ? ports->ways->borrow(ports->ctx, port, &fd, error) : SGT_OK;
	if (r != SGT_OK)
		return r;
	return fd < 0 ? bind_port(ports, port, error) : take_borrowed(port, fd, error);
}

enum sgt_result ports_bind(struct sock_ports *ports, struct sgt_error *error)
{
	enum sgt_result r = SGT_OK;
	for (size_t i = 0; i < ports->count && r == SGT_OK; i++)
		r = provide(ports, &ports->list[i], error);
	if (r != SGT_OK)
		ports_unbind(ports);
	return r;
}

void ports_unbind(struct sock_ports *ports)
{
	for (size_t i = 0; i < ports->count; i++) {
		struct sock_port *port = &ports->list[i];
		if (port->fd >= 0 && !port->borrowed)
			close(port->fd);
		port->fd = -1;
		port->borrowed = port->busy = false;
	}
}

/* ---- opening and ending listeners ---- */

static struct sock_port *find_port(struct sock_ports *ports, const struct sock_port *like)
{
	for (size_t i = 0; i < ports->count; i++) {
		struct sock_port *p = &ports->list[i];
		if (p->fd >= 0 && !p->busy && strcmp(p->name, like->name) == 0 &&
		    ipaddr_equal(&p->address, &like->address))
			return p;
	}
	return NULL;
}

static enum sgt_result open_planned(struct sock_ports *ports, struct sock_port *port, void *user,
				    struct sgt_listener **listener, struct sgt_error *error)
{
	enum sgt_result r = port->borrowed ? SGT_OK : begin_listening(ports, port, error);
	if (r == SGT_OK)
		r = sock_listen(ports->sock, port->fd, user, listener, error);
	port->busy = r == SGT_OK;
	return r;
}

/* A listener that came with a reload: nothing is kept of it. */
static enum sgt_result open_unplanned(struct sock_ports *ports, struct sock_port *port, void *user,
				      struct sgt_listener **listener, struct sgt_error *error)
{
	enum sgt_result r = provide(ports, port, error);
	if (r != SGT_OK)
		return r;
	r = sock_listen(ports->sock, port->fd, user, listener, error);
	if (r != SGT_OK && !port->borrowed)
		close(port->fd);
	return r;
}

enum sgt_result ports_listen(struct sock_ports *ports, const struct sgt_plan *plan, void *user,
			     struct sgt_listener **listener, struct sgt_error *error)
{
	char name[64] = "";
	struct sock_port like = {.name = name, .fd = -1, .share = plan->share};
	enum sgt_result r = ipaddr_parse(plan->address, 0, &like.address, error);
	if (r != SGT_OK)
		return r;
	ipaddr_format(&like.address, like.text);
	if (plan->name)
		strncat(name, plan->name, sizeof name - 1);
	struct sock_port *port = find_port(ports, &like);
	if (port)
		return open_planned(ports, port, user, listener, error);
	return open_unplanned(ports, &like, user, listener, error);
}

void ports_ended(struct sock_ports *ports, int fd)
{
	for (size_t i = 0; i < ports->count; i++) {
		struct sock_port *port = &ports->list[i];
		if (port->fd != fd)
			continue;
		port->busy = false;
		if (!port->borrowed)
			shutdown(fd, SHUT_RDWR); /* stays bound, refuses peers */
		return;
	}
	if (!ports->ways->is_borrowed || !ports->ways->is_borrowed(ports->ctx, fd))
		close(fd);
}
