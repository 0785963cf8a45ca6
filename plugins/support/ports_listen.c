/* Listening ports of a stack over epoll: see ports.h. */
#include "support/ports.h"
#include "support/sockets.h"

void ports_init(struct sock_ports *ports, struct sock_stack *sock,
		const struct sock_port_ways *ways, void *ctx)
{
	ports_make(ports, sock->host, &sock->maker, ways, ctx);
	ports->sock = sock;
}

enum sgt_result ports_listen(struct sock_ports *ports, const struct sgt_plan *plan, void *user,
			     struct sgt_listener **listener, struct sgt_error *error)
{
	int fd;
	enum sgt_result r = ports_take(ports, plan, &fd, error);
	if (r != SGT_OK)
		return r;
	r = sock_listen(ports->sock, fd, user, listener, error);
	if (r != SGT_OK)
		ports_ended(ports, fd);
	return r;
}
