/* Ports that live over stop and start: see ports.h. */
#include "support/ports.h"
#include "support/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define AGAIN_MS 10 /* between two tries to bind */

/* ---- plans ---- */

void ports_make(struct sock_ports *ports, const struct sgt_host *host,
		const struct socket_maker *maker, const struct sock_port_ways *ways, void *ctx)
{
	*ports = (struct sock_ports){.host = host, .maker = maker, .ways = ways, .ctx = ctx};
}

static void *host_alloc(const struct sock_ports *ports, void *old, size_t size)
{
	return ports->host->alloc(ports->host->ctx, old, size);
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
	port->name = host_alloc(ports, NULL, n);
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
	ports->list = host_alloc(ports, NULL, count * sizeof *ports->list);
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
		host_alloc(ports, ports->list[i].name, 0);
	host_alloc(ports, ports->list, 0);
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
	if (listen(port->fd, PORTS_BACKLOG) == 0)
		return SGT_OK;
	error_errno(error, ERROR_BIND, errno, port->text);
	return failed(ports, port, error);
}

/* The kernel forgets a port that it chose itself when the socket stops listening: ask for it by number. */
static enum sgt_result bind_chosen(struct sock_ports *ports, struct sock_port *port,
				   struct sgt_error *error)
{
	struct ipaddr chosen = port->address, at;
	if (!socket_local(port->fd, &at))
		return SGT_OK;
	close(port->fd);
	ipaddr_set_port(&chosen, ipaddr_port(&at));
	return socket_bind(ports->maker, SOCK_STREAM, &chosen, port->share, &port->fd, error);
}

/* A process that was killed may hold its port a moment longer. */
static enum sgt_result bind_patiently(struct sock_ports *ports, struct sock_port *port, unsigned ms,
				      struct sgt_error *error)
{
	const struct timespec again = {.tv_nsec = AGAIN_MS * 1000000L};
	for (;;) {
		enum sgt_result r = socket_bind(ports->maker, SOCK_STREAM, &port->address,
						port->share, &port->fd, error);
		if (r != SGT_IN_USE || ms < AGAIN_MS)
			return r;
		ms -= AGAIN_MS;
		nanosleep(&again, NULL);
	}
}

static enum sgt_result bind_port(struct sock_ports *ports, struct sock_port *port,
				 unsigned patience_ms, struct sgt_error *error)
{
	enum sgt_result r = bind_patiently(ports, port, patience_ms, error);
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
			       unsigned patience_ms, struct sgt_error *error)
{
	int fd = -1;
	enum sgt_result r =
		ports->ways->borrow ? ports->ways->borrow(ports->ctx, port, &fd, error) : SGT_OK;
	if (r != SGT_OK)
		return r;
	return fd < 0 ? bind_port(ports, port, patience_ms, error) : take_borrowed(port, fd, error);
}

enum sgt_result ports_bind(struct sock_ports *ports, struct sgt_error *error)
{
	enum sgt_result r = SGT_OK;
	for (size_t i = 0; i < ports->count && r == SGT_OK; i++)
		r = provide(ports, &ports->list[i], ports->patience_ms, error);
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

enum sgt_result ports_take(struct sock_ports *ports, const struct sgt_plan *plan, int *fd,
			   struct sgt_error *error)
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
	if (!port) { /* a listener that came with a reload: nothing is kept of it */
		r = provide(ports, &like, 0, error);
		*fd = like.fd;
		return r;
	}
	r = port->borrowed ? SGT_OK : begin_listening(ports, port, error);
	port->busy = r == SGT_OK;
	*fd = port->fd;
	return r;
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
	if (ports->ways->is_borrowed && ports->ways->is_borrowed(ports->ctx, fd))
		return;
	shutdown(fd,
		 SHUT_RDWR); /* a request under way (io_uring) keeps the socket a moment longer */
	close(fd);
}
