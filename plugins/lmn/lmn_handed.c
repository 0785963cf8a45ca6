/* Which descriptor of the service manager belongs to which listener (the SOCKETS of 1993). Changes
 * nothing. */
#include "lmn/lmn.h"

#include <stdio.h>
#include <string.h>

/* Is fd a listening TCP socket, and where? */
static bool listens(int fd, struct ipaddr *at)
{
	int type = 0, accepts = 0;
	socklen_t n = sizeof type;
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) < 0 || type != SOCK_STREAM)
		return false;
	n = sizeof accepts;
	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &n) == 0 && accepts &&
	       socket_name(fd, at);
}

/* "*:25" is met by a socket of [::] or 0.0.0.0, whatever families that serves. */
static bool same_address(const struct ipaddr *wanted, const struct ipaddr *is)
{
	if (!wanted->any)
		return ipaddr_equal(wanted, is);
	bool everywhere = is->u.sa.sa_family == AF_INET
				  ? is->u.in4.sin_addr.s_addr == INADDR_ANY
				  : IN6_IS_ADDR_UNSPECIFIED(&is->u.in6.sin6_addr);
	return everywhere && ipaddr_port(wanted) == ipaddr_port(is);
}

static bool is_name_of_plan(const struct sgt_stack *stack, const char *name)
{
	for (size_t i = 0; i < stack->ports.count; i++)
		if (stack->ports.list[i].name[0] && strcmp(stack->ports.list[i].name, name) == 0)
			return true;
	return false;
}

enum fit { FIT_NOT, FIT_NAME_ONLY, FIT_ADDRESS, FIT_NAME_PORT, FIT_BOTH };

static enum fit fit_of(const struct sgt_stack *stack, const struct sock_port *port,
		       const struct sgt_handed *h)
{
	struct ipaddr at;
	bool usable = listens(h->fd, &at);
	bool here = usable && same_address(&port->address, &at);
	if (port->name[0] && strcmp(port->name, h->name) == 0) {
		if (here)
			return FIT_BOTH;
		bool port_fits = usable && ipaddr_port(&at) == ipaddr_port(&port->address);
		return port_fits ? FIT_NAME_PORT : FIT_NAME_ONLY;
	}
	return here && !is_name_of_plan(stack, h->name) ? FIT_ADDRESS : FIT_NOT;
}

void lmn_handed_describe(int fd, char out[SGT_TEXT_MAX])
{
	struct ipaddr at;
	char text[SGT_ADDRESS_MAX];
	if (listens(fd, &at))
		snprintf(out, SGT_TEXT_MAX, "a listening socket at %s", ipaddr_format(&at, text));
	else
		snprintf(out, SGT_TEXT_MAX, "no listening TCP socket");
}

/* The descriptor has the listener's name, but is no listening socket or has another port. */
static enum sgt_result unfit(const struct sock_port *port, int fd, struct sgt_error *error)
{
	struct ipaddr at;
	unsigned wanted = ipaddr_port(&port->address);
	if (!listens(fd, &at))
		error_set(error, SGT_SOCKET,
			  "SOCKETS was not started: what was handed over for listener %.60s (port "
			  "%u) is "
			  "no listening TCP socket",
			  port->name, wanted);
	else
		error_set(error, SGT_SOCKET,
			  "SOCKETS was not started: the socket handed over for listener %.60s has "
			  "port %u, "
			  "not %u",
			  port->name, ipaddr_port(&at), wanted);
	error_remedy(error, "systemctl edit --full smtpgate.socket    # ListenStream=%u", wanted);
	return SGT_SOCKET;
}

static enum sgt_result missing(const struct sock_port *port, struct sgt_error *error)
{
	error_set(error, SGT_SOCKET,
		  "SOCKETS was not started: no socket was handed over for listener %.60s (port %u)",
		  port->name[0] ? port->name : port->text, ipaddr_port(&port->address));
	error_remedy(error, "systemctl enable --now smtpgate.socket");
	return SGT_SOCKET;
}

enum sgt_result lmn_handed_find(const struct sgt_stack *stack, const struct sock_port *port,
				const bool *taken, int *index, struct sgt_error *error)
{
	enum fit best = FIT_NOT;
	*index = -1;
	if (stack->sockets == LMN_SOCKETS_OFF)
		return SGT_OK;
	for (size_t i = 0; i < stack->handed_count; i++) {
		enum fit fit = taken && taken[i] ? FIT_NOT : fit_of(stack, port, &stack->handed[i]);
		if (fit > best) {
			best = fit;
			*index = (int)i;
		}
	}
	if (best == FIT_NAME_ONLY)
		return unfit(port, stack->handed[*index].fd, error);
	if (best == FIT_NOT && stack->sockets == LMN_SOCKETS_REQUIRED)
		return missing(port, error);
	return SGT_OK;
}
