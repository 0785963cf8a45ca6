/*
 * Listening ports of a module over kernel sockets: bound once by prepare, as root or not, and kept over stop and start.
 *
 * Owns the descriptors that it bound; a borrowed one (handed over by a service manager) stays its lender's. A
 * listener that ends leaves its port bound but not listening (peers are refused), so that it can be opened again without
 * rights. A borrowed one goes on listening: its queue is the lender's. Ports that were not planned are bound when they
 * are asked for and closed at the end. Where sockets come from is the module's business (struct socket_maker).
 */
#ifndef SMTPGATE_SUPPORT_PORTS_H
#define SMTPGATE_SUPPORT_PORTS_H

#include "support/socket.h"

#define ports_init SUPPORT(ports_init)
#define ports_make SUPPORT(ports_make)
#define ports_plan SUPPORT(ports_plan)
#define ports_bind SUPPORT(ports_bind)
#define ports_unbind SUPPORT(ports_unbind)
#define ports_free SUPPORT(ports_free)
#define ports_listen SUPPORT(ports_listen)
#define ports_take SUPPORT(ports_take)
#define ports_ended SUPPORT(ports_ended)

#define PORTS_BACKLOG 1024

/* A planned listener and its descriptor. */
struct sock_port {
	char *name; /* of the plan, "" when it has none */
	struct ipaddr address;
	char text[SGT_ADDRESS_MAX]; /* the address, canonical */
	bool share;
	bool borrowed;
	bool busy; /* a listener uses it */
	int fd;    /* -1: not bound */
};

struct sock_port_ways {
	/* Looks for a descriptor that is lent for this listener: SGT_OK with *fd, -1 when there is none. NULL: never. */
	enum sgt_result (*borrow)(void *ctx, const struct sock_port *port, int *fd,
				  struct sgt_error *error);
	/* Is fd a lender's? NULL: never. */
	bool (*is_borrowed)(void *ctx, int fd);
	/* Binding or listening failed: adds what the module knows of the reason, and a remedy. */
	void (*explain)(void *ctx, const struct sock_port *port, struct sgt_error *error);
};

struct sock_stack; /* support/sockets.h */

struct sock_ports {
	const struct sgt_host *host;
	const struct socket_maker *maker;
	const struct sock_port_ways *ways;
	void *ctx;
	struct sock_stack *sock; /* whose listeners they serve; NULL: ports_make */
	unsigned
		patience_ms; /* how long ports_bind waits for an address that is in use; 0 at first */
	struct sock_port *list;
	size_t count;
};

/* Of a stack over epoll (sockets.h). */
void ports_init(struct sock_ports *ports, struct sock_stack *sock,
		const struct sock_port_ways *ways, void *ctx);
/* Of any other. host and maker are kept. */
void ports_make(struct sock_ports *ports, const struct sgt_host *host,
		const struct socket_maker *maker, const struct sock_port_ways *ways, void *ctx);
/* Copies the plans, binds nothing. SGT_BAD_ADDRESS, SGT_NOMEM. */
enum sgt_result ports_plan(struct sock_ports *ports, const struct sgt_plan *plans, size_t count,
			   struct sgt_error *error);
/* Binds all planned ports, or none. */
enum sgt_result ports_bind(struct sock_ports *ports, struct sgt_error *error);
/* Closes what was bound; the plans stay. No listener may be open. */
void ports_unbind(struct sock_ports *ports);
void ports_free(struct sock_ports *ports);

/* A listening descriptor for a plan: a bound one of ports_bind, or one bound now. ports_ended takes it back. */
enum sgt_result ports_take(struct sock_ports *ports, const struct sgt_plan *plan, int *fd,
			   struct sgt_error *error);
/* The same with a listener of the stack over epoll: its module's listen. */
enum sgt_result ports_listen(struct sock_ports *ports, const struct sgt_plan *plan, void *user,
			     struct sgt_listener **listener, struct sgt_error *error);
/* A listener ended: struct sock_ways has it called. */
void ports_ended(struct sock_ports *ports, int fd);

#endif
