/*
 * Kernel sockets of the modules: made, bound, and asked what they are. Owns nothing: descriptors
 * are the caller's. Nothing here waits.
 */
#ifndef SMTPGATE_SUPPORT_SOCKET_H
#define SMTPGATE_SUPPORT_SOCKET_H

#include "support/ipaddr.h"

#include <stdbool.h>

#define socket_bind SUPPORT(socket_bind)
#define socket_from SUPPORT(socket_from)
#define socket_local SUPPORT(socket_local)
#define socket_name SUPPORT(socket_name)
#define socket_error SUPPORT(socket_error)
#define socket_discard SUPPORT(socket_discard)
#define socket_unfinished SUPPORT(socket_unfinished)
#define socket_own_addresses SUPPORT(socket_own_addresses)

/* Where sockets come from. */
struct socket_maker {
	/* A close-on-exec socket of the family and type, or -errno. */
	int (*open)(void *ctx, int family, int type);
	void *ctx;
};

/* A bound socket of the type; "*" makes one for both families, or for IPv4 when there is no IPv6.
 * share: SO_REUSEPORT. */
enum sgt_result socket_bind(const struct socket_maker *maker, int type,
			    const struct ipaddr *address, bool share, int *fd,
			    struct sgt_error *error);
/* A stream socket of the family, to be connected. source: own address to come from, or NULL. */
enum sgt_result socket_from(const struct socket_maker *maker, int family,
			    const struct ipaddr *source, int *fd, struct sgt_error *error);

/* The own address of a socket; false when it is none of IP. */
bool socket_local(int fd, struct ipaddr *out);
/* The same of a bound one, with "*" where it serves both families. */
bool socket_name(int fd, struct ipaddr *out);
/* Takes the error that waits on a socket, or 0. */
int socket_error(int fd);

/* Reads into nothing what is there, until *bytes is `most`. Returns whether the connection goes on:
 * not when the peer ended, it is lost, or `most` was reached. */
bool socket_discard(int fd, size_t *bytes, size_t most);
/* Has the peer not acknowledged everything yet? */
bool socket_unfinished(int fd);

/* Calls fn for each address of a device that is up; false when they cannot be listed. */
bool socket_own_addresses(void (*fn)(void *ctx, const char *address), void *ctx);

#endif
