/*
 * c-ares on a stack: its socket calls answered from datagram handles and connections of core/transport. c-ares sees
 * handles that are no descriptors (from DNS_HANDLE_FIRST on), all of them non-blocking.
 */
#ifndef SMTPGATE_DNS_SOCKETS_H
#define SMTPGATE_DNS_SOCKETS_H

#include "transport/stack.h"

#include <ares.h>

struct dns_sockets;

#define DNS_HANDLE_FIRST (1 << 20)

/* ready: something arrived or changed on this handle; the caller runs ares_process_fd. NULL: no memory. */
struct dns_sockets *dns_sockets_new(struct stack *s, void (*ready)(void *ctx, ares_socket_t handle),
				    void *ctx);
/* After ares_destroy: every handle is closed. */
void dns_sockets_destroy(struct dns_sockets **s);
/* Makes the channel use them. */
void dns_sockets_attach(struct dns_sockets *s, ares_channel channel);

#endif
